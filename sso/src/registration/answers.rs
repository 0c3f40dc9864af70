//! What people write about themselves, and what each field must be. A refusal is the key of a sentence.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use look::Form;
use serde::{Deserialize, Serialize};
use switch_core::clock::Timestamp;

use crate::person::{Identity, IdentityKind, Name, Person};
use crate::phone::{self, NotAPhone};
use crate::visit::{Fields, Visit};

/// The youngest who may have an account of their own, in years.
const AGE_MIN: i16 = 16;
const AGE_MAX: i16 = 130;
/// In characters, a part of a name.
const NAME_MAX: usize = 60;
/// RFC 5321 section 4.5.3.1.
const EMAIL_MAX: usize = 254;
const LOCAL_MAX: usize = 64;

/// What was answered so far, checked. It travels sealed in a cookie of the browser that answers: nothing is
/// kept here of who does not finish.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Answers {
    pub(crate) about: Option<About>,
    pub(crate) contact: Option<Contact>,
    /// The cookie is worth nothing after this, ms.
    pub(crate) until: i64,
}

/// Who somebody is.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct About {
    pub(crate) kind: String,
    pub(crate) number: String,
    pub(crate) name: Name,
    pub(crate) born: Date,
}

/// How somebody is reached, and where they will come.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Contact {
    pub(crate) mobile: String,
    pub(crate) email: Option<String>,
    pub(crate) office: String,
}

impl Answers {
    /// The person, when both parts are answered.
    pub(crate) fn person(&self) -> Option<(Person, &Contact)> {
        let (about, contact) = (self.about.as_ref()?, self.contact.as_ref()?);
        let person = Person {
            identity_kind: about.kind.clone(),
            identity_number: about.number.clone(),
            name: about.name.clone(),
            name_latin: None,
            born: about.born,
            mobile: contact.mobile.clone(),
            email: contact.email.clone(),
        };
        Some((person, contact))
    }
}

/// The fields of the first page.
pub(crate) const ABOUT: [&str; 9] =
    ["kind", "number", "given", "father", "grandfather", "family", "born-day", "born-month", "born-year"];
/// The fields of the second page.
pub(crate) const CONTACT: [&str; 3] = ["mobile", "email", "office"];

/// What was typed, to be shown again.
pub(crate) fn typed(fields: &Fields, names: &[&str]) -> Form {
    names.iter().fold(Form::new(), |form, name| form.with(name, &fields.get(name)))
}

/// The form of the first page as it was answered.
pub(crate) fn filled_about(about: &About) -> Form {
    let Name { given, father, grandfather, family } = &about.name;
    let born = about.born;
    Form::new()
        .with("kind", &about.kind)
        .with("number", &about.number)
        .with("given", given)
        .with("father", father)
        .with("grandfather", grandfather)
        .with("family", family)
        .with("born-day", &born.day().to_string())
        .with("born-month", &born.month().to_string())
        .with("born-year", &born.year().to_string())
}

/// The form of the second page as it was answered.
pub(crate) fn filled_contact(contact: &Contact) -> Form {
    Form::new()
        .with("mobile", &contact.mobile)
        .with("email", contact.email.as_deref().unwrap_or(""))
        .with("office", &contact.office)
}

/// Reads the first page, or says in the form what is wrong with each field.
pub(crate) fn about(visit: &Visit, fields: &Fields) -> Result<About, Form> {
    let mut form = typed(fields, &ABOUT);
    let mut refuse = |field: &str, key: &str| form.refuse(field, visit.words.say(key));
    let passports = visit.sso.settings.passports;
    let kind = kind(&fields.get("kind"), passports).map_err(|key| refuse("kind", key)).ok();
    let number = kind.and_then(|kind| number(kind, fields).map_err(|key| refuse("number", key)).ok());
    let mut part = |field: &str, is_needed: bool| {
        name_part(&fields.get(field), kind, is_needed).map_err(|end| {
            refuse(field, &format!("registration-{field}-{end}"));
        })
    };
    let is_local = kind != Some(IdentityKind::Passport);
    let given = part("given", true);
    let father = part("father", is_local);
    let grandfather = part("grandfather", is_local);
    let family = part("family", true);
    let born = born(fields, visit.sso.now()).map_err(|key| refuse("born", key));
    match (kind, number, given, father, grandfather, family, born) {
        (Some(kind), Some(number), Ok(given), Ok(father), Ok(grandfather), Ok(family), Ok(born)) => {
            Ok(About {
                kind: kind.as_str().to_owned(),
                number,
                name: Name { given, father, grandfather, family },
                born,
            })
        }
        _ => Err(form),
    }
}

/// Reads the second page; `offices` are the codes of those that are open.
pub(crate) fn contact(visit: &Visit, fields: &Fields, offices: &[&str]) -> Result<Contact, Form> {
    let mut form = typed(fields, &CONTACT);
    let mut refuse = |field: &str, key: &str| form.refuse(field, visit.words.say(key));
    let mobile = mobile(&fields.get("mobile")).map_err(|key| refuse("mobile", key));
    let email = email(&fields.get("email")).map_err(|key| refuse("email", key));
    let office = fields.get("office");
    let has_office = offices.contains(&office.as_str());
    if !has_office {
        refuse("office", "registration-office-missing");
    }
    let agreed = fields.get("terms") == "yes";
    if !agreed {
        refuse("terms", "registration-terms-missing");
    }
    match (mobile, email, has_office && agreed) {
        (Ok(mobile), Ok(email), true) => Ok(Contact { mobile, email, office }),
        _ => Err(form),
    }
}

fn kind(word: &str, passports: bool) -> Result<IdentityKind, &'static str> {
    match IdentityKind::parse(word) {
        Some(IdentityKind::NationalId) => Ok(IdentityKind::NationalId),
        Some(IdentityKind::Passport) if passports => Ok(IdentityKind::Passport),
        // One kind only: it is not asked for.
        None if word.is_empty() && !passports => Ok(IdentityKind::NationalId),
        Some(IdentityKind::Passport | IdentityKind::Company) | None => Err("registration-kind-missing"),
    }
}

fn number(kind: IdentityKind, fields: &Fields) -> Result<String, &'static str> {
    let number = fields.digits("number").to_ascii_uppercase();
    if number.is_empty() {
        return Err("registration-number-missing");
    }
    if Identity::new(kind, &number).is_ok() {
        return Ok(number);
    }
    Err(match kind {
        IdentityKind::Passport | IdentityKind::Company => "registration-passport-wrong",
        IdentityKind::NationalId if number.len() != 9 || !number.bytes().all(|b| b.is_ascii_digit()) => {
            "registration-number-length"
        }
        IdentityKind::NationalId => "registration-number-wrong",
    })
}

/// One part of a name; the error is the end of the key.
fn name_part(typed: &str, kind: Option<IdentityKind>, is_needed: bool) -> Result<String, &'static str> {
    let name = typed.split_whitespace().collect::<Vec<_>>().join(" ");
    if name.is_empty() {
        return if is_needed { Err("missing") } else { Ok(name) };
    }
    if name.chars().count() > NAME_MAX {
        return Err("long");
    }
    let arabic = |c: char| matches!(c, '\u{0620}'..='\u{065F}' | '\u{0670}'..='\u{06D3}');
    let between = |c: char| matches!(c, ' ' | '-' | '\'' | '\u{2019}');
    let fits = |c: char| match kind {
        Some(IdentityKind::Passport) => c.is_alphabetic() || arabic(c) || between(c),
        _ => arabic(c) && !c.is_numeric() || between(c),
    };
    let begins = name.chars().next().is_some_and(char::is_alphabetic);
    if begins && name.chars().all(fits) { Ok(name) } else { Err("letters") }
}

/// Today in Palestine.
pub(crate) fn today(now: Timestamp) -> Date {
    let zone = TimeZone::get("Asia/Hebron").unwrap_or(TimeZone::UTC);
    jiff::Timestamp::from_millisecond(now.0).unwrap_or_default().to_zoned(zone).date()
}

/// Whole years lived.
pub(crate) fn age(born: Date, today: Date) -> i16 {
    let had_birthday = (today.month(), today.day()) >= (born.month(), born.day());
    today.year() - born.year() - i16::from(!had_birthday)
}

/// The three fields of a day of birth, as a date that exists.
pub(crate) fn born_typed(fields: &Fields) -> Result<Date, &'static str> {
    let [day, month, year] = ["born-day", "born-month", "born-year"].map(|part| fields.digits(part));
    if day.is_empty() && month.is_empty() && year.is_empty() {
        return Err("registration-born-missing");
    }
    if day.is_empty() || month.is_empty() || year.is_empty() {
        return Err("registration-born-part");
    }
    if year.len() != 4 {
        return Err("registration-born-year");
    }
    let date = || Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok();
    date().ok_or("registration-born-wrong")
}

fn born(fields: &Fields, now: Timestamp) -> Result<Date, &'static str> {
    let born = born_typed(fields)?;
    match age(born, today(now)) {
        i16::MIN..0 => Err("registration-born-future"),
        0..AGE_MIN => Err("registration-born-young"),
        AGE_MIN..AGE_MAX => Ok(born),
        AGE_MAX.. => Err("registration-born-year"),
    }
}

fn mobile(typed: &str) -> Result<String, &'static str> {
    phone::mobile(typed).map_err(|error| match error {
        NotAPhone::Empty => "registration-mobile-missing",
        NotAPhone::Character => "registration-mobile-digits",
        NotAPhone::Length => "registration-mobile-length",
        NotAPhone::Operator => "registration-mobile-operator",
    })
}

/// The form of an address that mail can be sent to today: a local part of plain characters, and a host with
/// a dot (a part of RFC 5321 section 4.1.2). Whether it exists is seen when mail is sent.
fn email(typed: &str) -> Result<Option<String>, &'static str> {
    if typed.is_empty() {
        return Ok(None);
    }
    let (local, host) = typed.rsplit_once('@').ok_or("registration-email-wrong")?;
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~-".contains(&b);
    let word = |part: &str| !part.is_empty() && part.bytes().all(plain);
    let label = |part: &str| {
        let fits = (1..=63).contains(&part.len()) && !part.starts_with('-') && !part.ends_with('-');
        fits && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    let local_fits = local.len() <= LOCAL_MAX && local.split('.').all(word);
    let host_fits = host.contains('.') && host.split('.').all(label);
    if typed.len() <= EMAIL_MAX && local_fits && host_fits {
        Ok(Some(typed.to_owned()))
    } else {
        Err("registration-email-wrong")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_that_mail_can_be_sent_to() {
        for good in ["a@b.ps", "salma.najjar+gov@mail.example.ps", "s_1-x@xn--mgb.example"] {
            assert_eq!(email(good), Ok(Some(good.to_owned())));
        }
        assert_eq!(email(""), Ok(None));
        for bad in [
            "salma",
            "@b.ps",
            "a@",
            "a@b",
            "a b@c.ps",
            "a@b..ps",
            ".a@b.ps",
            "a.@b.ps",
            "a..b@c.ps",
            "a@-b.ps",
            "a@b.ps-",
            "a@b@c.ps",
            "سلمى@b.ps",
            "a@b.ps\nBcc: x@y.ps",
            "<a@b.ps>",
            "\"a\"@b.ps",
        ] {
            assert_eq!(email(bad), Err("registration-email-wrong"), "{bad:?}");
        }
        assert!(email(&format!("{}@b.ps", "a".repeat(65))).is_err());
        assert!(email(&format!("a@{}ps", "bcd.".repeat(63))).is_err());
    }

    #[test]
    fn a_name_is_letters_of_its_document() {
        let local = Some(IdentityKind::NationalId);
        assert_eq!(name_part("  عبد   الرحمن ", local, true), Ok("عبد الرحمن".into()));
        for bad in ["Salma", "سلمى2", "سلمى٢", "<b>", "-سلمى", "سلمى@"] {
            assert_eq!(name_part(bad, local, true), Err("letters"), "{bad}");
        }
        assert_eq!(name_part("O'Neil-Šárka", Some(IdentityKind::Passport), true), Ok("O'Neil-Šárka".into()));
        assert_eq!(name_part("", local, true), Err("missing"));
        assert_eq!(name_part("", local, false), Ok(String::new()));
        assert_eq!(name_part(&"س".repeat(61), local, true), Err("long"));
    }

    #[test]
    fn a_birthday_makes_older_on_the_day() {
        let born = jiff::civil::date(2010, 11, 23);
        for (today, years) in
            [((2026, 11, 22), 15), ((2026, 11, 23), 16), ((2026, 12, 1), 16), ((2010, 11, 22), -1)]
        {
            assert_eq!(age(born, jiff::civil::date(today.0, today.1, today.2)), years);
        }
        assert_eq!(age(jiff::civil::date(2008, 2, 29), jiff::civil::date(2024, 2, 28)), 15);
    }
}
