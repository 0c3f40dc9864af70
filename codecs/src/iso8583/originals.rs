//! Which message a reversal or an advice is about: field 90 in 1987, field 56 in 1993 and 2003.

use super::date::{Date, DateTime};
use super::draft::Draft;
use super::field::Length;
use super::message::Message;
use super::money::padded;
use super::mti::Mti;
use super::spec::Profile;
use super::view::{ViewError, digits, number};

/// The references of an original message. What is not known is sent as zeros and read as `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OriginalElements {
    /// Its message type.
    pub mti: Option<Mti>,
    /// Its systems trace audit number (11).
    pub stan: Option<u64>,
    /// In 1987 when it was sent (7: MMDDhhmmss), else its local time (12: YYMMDDhhmmss, in 2003 with the century).
    pub time: Option<String>,
    /// Its acquiring institution (32), without leading zeros in 1987, where the field fills up with them.
    pub acquirer: Option<String>,
    /// Its forwarding institution (33); 1987 only.
    pub forwarder: Option<String>,
}

/// How an edition writes them.
struct Form {
    field: u8,
    stan_len: usize,
    time_len: usize,
    acquirer: Acquirer,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Acquirer {
    /// Eleven digits, and eleven of the forwarder after them.
    Fixed,
    /// Two digits of length, then at most eleven.
    Counted,
    /// What is left, at most eleven.
    Rest,
}

impl Form {
    fn of(profile: &Profile) -> Form {
        match profile.mti_version() {
            0 => Form { field: 90, stan_len: 6, time_len: 10, acquirer: Acquirer::Fixed },
            1 => Form { field: 56, stan_len: 6, time_len: 12, acquirer: Acquirer::Counted },
            _ => Form { field: 56, stan_len: 12, time_len: 14, acquirer: Acquirer::Rest },
        }
    }

    /// The field that tells the time of the original.
    const fn time_field(&self) -> u8 {
        if self.field == 90 { 7 } else { 12 }
    }
}

const INSTITUTION: usize = 11;

impl OriginalElements {
    /// What a later message says of `request`: its own references, because the answer may never have come.
    ///
    /// # Errors
    /// References a lenient link let in that are no digits.
    pub fn of_request(request: &Message<'_>) -> Result<Self, ViewError> {
        let form = Form::of(request.profile());
        let own = |n| digits(request, n).map(|text| text.map(String::from));
        Ok(OriginalElements {
            mti: Some(request.mti()),
            stan: own(11)?.as_deref().and_then(number),
            time: own(form.time_field())?,
            acquirer: own(32)?,
            forwarder: own(33)?.filter(|_| form.field == 90),
        })
    }

    /// What `message` says of its original; `None` when it says nothing.
    ///
    /// # Errors
    /// Names the part that cannot be.
    pub fn read(message: &Message<'_>) -> Result<Option<Self>, ViewError> {
        let profile = message.profile();
        let form = Form::of(profile);
        if profile.field(form.field).is_none() {
            return Ok(None);
        }
        let Some(text) = digits(message, form.field)? else { return Ok(None) };
        let mut rest = text.as_ref();
        let take = |rest: &mut &str, len: usize, part: &'static str| {
            let short = || ViewError::new(profile, form.field, part, "is cut");
            let (taken, after) = rest.split_at_checked(len).ok_or_else(short)?;
            let known = known(taken);
            *rest = after;
            Ok(known)
        };
        let mti = take(&mut rest, 4, "message type")?.and_then(|digits| digits.parse().ok());
        let stan = take(&mut rest, form.stan_len, "trace number")?.as_deref().and_then(number);
        let time = take(&mut rest, form.time_len, "date and time")?;
        let bare = |id: Option<String>| id.map(|id| id.trim_start_matches('0').to_owned());
        let (acquirer, forwarder) = match form.acquirer {
            Acquirer::Fixed => {
                let acquirer = take(&mut rest, INSTITUTION, "acquiring institution")?;
                (bare(acquirer), bare(take(&mut rest, INSTITUTION, "forwarding institution")?))
            }
            Acquirer::Counted if rest.is_empty() => (None, None),
            Acquirer::Counted => {
                let len =
                    take(&mut rest, 2, "acquiring institution")?.as_deref().and_then(number).unwrap_or(0);
                (take(&mut rest, len as usize, "acquiring institution")?, None)
            }
            Acquirer::Rest => {
                let len = rest.len();
                (take(&mut rest, len, "acquiring institution")?, None)
            }
        };
        if !rest.is_empty() {
            return Err(ViewError::new(profile, form.field, "", "is longer than its parts"));
        }
        Ok(Some(OriginalElements { mti, stan, time, acquirer, forwarder }))
    }

    /// Sets field 90 or 56 of `draft`.
    ///
    /// # Errors
    /// Names the part the edition has no room for.
    pub fn write(&self, profile: &Profile, draft: &mut Draft<'_>) -> Result<(), ViewError> {
        let form = Form::of(profile);
        let wrong = |part, problem| ViewError::new(profile, form.field, part, problem);
        let mut text = self.mti.map_or_else(|| "0000".to_owned(), |mti| mti.to_string());
        let stan = padded(self.stan.unwrap_or(0), form.stan_len);
        text.push_str(&stan.ok_or_else(|| wrong("trace number", "has too many digits"))?);
        let time = filled(self.time.as_deref(), form.time_len).filter(|_| self.time_fits(form.time_len));
        text.push_str(&time.ok_or_else(|| wrong("date and time", "is of another edition"))?);
        let institution = |id: &Option<String>, part| {
            let id = filled(id.as_deref(), INSTITUTION);
            id.ok_or_else(|| wrong(part, "is not at most eleven digits"))
        };
        let acquirer = institution(&self.acquirer, "acquiring institution")?;
        let given = self.acquirer.as_deref().unwrap_or_default();
        match form.acquirer {
            Acquirer::Fixed => {
                text.push_str(&acquirer);
                text.push_str(&institution(&self.forwarder, "forwarding institution")?);
            }
            Acquirer::Counted => text.push_str(&format!("{:02}{given}", given.len())),
            Acquirer::Rest => text.push_str(given),
        }
        if profile.field(form.field).is_none_or(|field| (field.length == Length::Fixed) != (form.field == 90))
        {
            return Err(wrong("", "is made up otherwise in this dialect"));
        }
        draft.set(form.field, text);
        Ok(())
    }

    /// When the original was sent (1987), or its local time, near `reference`.
    #[must_use]
    pub fn time_near(&self, reference: Date) -> Option<DateTime> {
        DateTime::parse(self.time.as_deref()?, reference)
    }

    fn time_fits(&self, len: usize) -> bool {
        self.time.as_ref().is_none_or(|time| time.len() == len)
    }
}

/// Digits that are not all zeros.
fn known(digits: &str) -> Option<String> {
    digits.bytes().any(|digit| digit != b'0').then(|| digits.to_owned())
}

/// Digits with zeros on the left; nothing but zeros for what is not known.
fn filled(digits: Option<&str>, len: usize) -> Option<String> {
    let digits = digits.unwrap_or_default();
    let fits = digits.len() <= len && digits.bytes().all(|c| c.is_ascii_digit());
    fits.then(|| format!("{digits:0>len$}"))
}
