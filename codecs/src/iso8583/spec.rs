//! Profiles: a dictionary, the encodings of one dialect and its own fields, compiled to one plan a field.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, LazyLock};

use super::bitmap::{Bitmap, bit};
use super::codes::OwnCodes;
use super::dictionary::{DICTIONARIES, Dictionary};
use super::encoding::Encoding;
pub(super) use super::encoding::{BitmapForm, Charset};
use super::field::{Attr, FieldSpec, Length, Plan};
use super::key_change::KeyChange;
use super::layout::{Layout, LayoutFile};
use super::profile_file::{FieldFile, ProfileFile};

/// How one dialect of ISO 8583 is written. Immutable, cheap to share.
pub struct Profile {
    name: String,
    dictionary: &'static Dictionary,
    encoding: Encoding,
    fields: [FieldSpec; 128],
    plans: [Plan; 128],
    supported: u128,
    /// What composite fields are made of, as written down, and compiled for this dialect.
    parts: BTreeMap<u8, LayoutFile>,
    layouts: BTreeMap<u8, Layout>,
    codes: OwnCodes,
    key_change: Option<KeyChange>,
}

/// A profile file that cannot be used. The text names the key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// Not TOML, a key that does not exist, or a value of another type.
    #[error("{0}")]
    Syntax(String),
    /// A key whose value makes no sense.
    #[error("{key}: {problem}")]
    Value {
        /// The key, such as `fields.48.max`.
        key: String,
        /// What is wrong with it.
        problem: String,
    },
}

/// The dialects that come with the crate, each a file like any site's own.
const BUILT_IN: [(&str, &str); 10] = [
    ("iso87-ascii", include_str!("profiles/iso87-ascii.toml")),
    ("iso87-abin", include_str!("profiles/iso87-abin.toml")),
    ("iso87-bcd", include_str!("profiles/iso87-bcd.toml")),
    ("iso87-bcd-rf", include_str!("profiles/iso87-bcd-rf.toml")),
    ("iso87-ebcdic", include_str!("profiles/iso87-ebcdic.toml")),
    ("iso93-ascii", include_str!("profiles/iso93-ascii.toml")),
    ("iso93-abin", include_str!("profiles/iso93-abin.toml")),
    ("iso03-ascii", include_str!("profiles/iso03-ascii.toml")),
    ("iso03-abin", include_str!("profiles/iso03-abin.toml")),
    ("bpc-hybrid", include_str!("profiles/bpc-hybrid.toml")),
];

static PROFILES: LazyLock<[Arc<Profile>; 10]> = LazyLock::new(|| {
    BUILT_IN.map(|(name, text)| {
        let mut profile = Profile::from_toml(text).expect("because a test reads every built-in profile");
        name.clone_into(&mut profile.name);
        Arc::new(profile)
    })
});

impl Profile {
    /// Names of the dialects that come with the crate.
    pub const NAMES: [&'static str; 10] = {
        let mut names = [""; 10];
        let mut index = 0;
        while index < 10 {
            names[index] = BUILT_IN[index].0;
            index += 1;
        }
        names
    };

    /// The built-in dialect of that name (see [`Profile::NAMES`]).
    #[must_use]
    pub fn by_name(name: &str) -> Option<Arc<Profile>> {
        PROFILES.iter().find(|profile| profile.name == name).cloned()
    }

    /// Reads a dialect from a file: `base` names a built-in dialect, `[encoding]` changes how everything is written,
    /// `[fields.N]` changes one field (`attr`, `len`, `max`, `charset`, `length`, `b`, `b_length_unit`, `odd_pad`,
    /// `carried`, and `sub`: what it is made of), `[codes]` and `[network_codes]` say what codes mean, `[key_change]`
    /// how keys are changed. Without `base`, `dictionary` and a complete `[encoding]` are needed.
    ///
    /// # Errors
    /// Names the key that is missing, unknown or makes no sense.
    pub fn from_toml(text: &str) -> Result<Profile, ProfileError> {
        let mut file: ProfileFile =
            toml::from_str(text).map_err(|error| ProfileError::Syntax(error.to_string()))?;
        let (dictionary, base) = match (&file.base, &file.dictionary) {
            (Some(_), Some(_)) => return Err(wrong("dictionary", "is given by base")),
            (None, None) => return Err(wrong("base", "is missing")),
            (None, Some(name)) => (dictionary(name)?, None),
            (Some(name), None) => {
                let unknown =
                    || format!("there is no profile {name:?}; known are {}", Profile::NAMES.join(", "));
                let base = Profile::by_name(name).ok_or_else(|| wrong("base", unknown()))?;
                (base.dictionary, Some(base))
            }
        };
        let encoding = file.encoding.over(base.as_ref().map(|base| base.encoding))?;
        let mut profile = Profile::compile(dictionary, encoding)?;
        if let Some(base) = base {
            profile.name.clone_from(&base.name);
            profile.parts.clone_from(&base.parts);
            profile.codes.clone_from(&base.codes);
            profile.key_change.clone_from(&base.key_change);
        }
        if let Some(name) = &file.name {
            profile.name.clone_from(name);
        }
        for (key, field) in &file.fields {
            profile.change(key, field)?;
        }
        if let Some(file) = file.key_change.take() {
            let read = KeyChange::from_file(file, profile.mti_version(), |n| profile.field(n).copied());
            profile.key_change =
                Some(read.map_err(|(key, problem)| wrong(format!("key_change.{key}"), problem))?);
        }
        profile.lay_out(&file)?;
        profile.codes.responses.extend(file.codes);
        profile.codes.network.extend(file.network_codes);
        Ok(profile)
    }

    /// The name of the dialect.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The dictionary it is built on: `1987`, `1993`, `2003` or `bpc-hybrid`.
    #[must_use]
    pub fn dictionary(&self) -> &'static str {
        self.dictionary.name
    }

    /// First digit of its message types, 0 for 1987, 1 for 1993, 2 for 2003.
    #[must_use]
    pub fn mti_version(&self) -> u8 {
        self.dictionary.mti_version
    }

    /// How keys are changed in this dialect; `None` when the file does not say.
    #[must_use]
    pub fn key_change(&self) -> Option<&KeyChange> {
        self.key_change.as_ref()
    }

    /// What field `n` is in this dialect; `None` when it does not carry it.
    #[must_use]
    pub fn field(&self, n: u8) -> Option<&FieldSpec> {
        (self.supported & bit(n) != 0).then(|| &self.fields[slot(n)])
    }

    pub(super) const fn own_codes(&self) -> &OwnCodes {
        &self.codes
    }

    /// True when the dialect says what field `n` is made of, so that [`subfields`](super::subfields) takes it apart.
    #[must_use]
    pub fn is_composite(&self, n: u8) -> bool {
        self.layout(n).is_some()
    }

    pub(super) fn layout(&self, n: u8) -> Option<&Layout> {
        self.field(n).and(self.layouts.get(&n))
    }

    /// The standard's name of field `n`, empty when there is no such field.
    pub(super) fn field_name(&self, n: u8) -> &'static str {
        match n {
            0 => "Message type",
            1 => "Bitmap",
            2..=128 => self.fields[slot(n)].name,
            _ => "",
        }
    }

    /// Bytes of a MAC in field `n`: eight, four in 2003.
    pub(super) fn mac_len(&self, n: u8) -> usize {
        self.fields[slot(n)].max.into()
    }

    #[inline]
    pub(super) fn plan(&self, n: u8) -> Plan {
        self.plans[slot(n)]
    }

    /// The first field of `bitmap` the dialect does not carry, bit 1 aside.
    #[inline]
    pub(super) fn first_unsupported(&self, bitmap: Bitmap) -> Option<u8> {
        Bitmap::from_bits(bitmap.bits() & !(self.supported | bit(1))).numbers().next()
    }

    pub(super) const fn mti_charset(&self) -> Charset {
        self.encoding.mti
    }

    pub(super) const fn bitmap_form(&self) -> BitmapForm {
        self.encoding.bitmap
    }

    fn compile(dictionary: &'static Dictionary, encoding: Encoding) -> Result<Profile, ProfileError> {
        let mut profile = Profile {
            name: dictionary.name.to_owned(),
            dictionary,
            encoding,
            fields: [dictionary.fields[0]; 128],
            plans: [Plan::ABSENT; 128],
            supported: 0,
            parts: toml::from_str(dictionary.parts)
                .map_err(|error| ProfileError::Syntax(error.to_string()))?,
            layouts: BTreeMap::new(),
            codes: OwnCodes::default(),
            key_change: None,
        };
        for spec in &dictionary.fields {
            profile.fields[slot(spec.number)] = *spec;
            // Bit 65 announces a third bitmap; no dialect here has fields above 128.
            if spec.number != 65 {
                profile.plans[slot(spec.number)] = encoding.plan(spec);
                profile.supported |= bit(spec.number);
            }
        }
        if encoding.text == Charset::Bcd {
            return Err(wrong("encoding.text", "cannot be bcd"));
        }
        Ok(profile)
    }

    /// Compiles what fields are made of. What a site says must fit its fields; what it inherits may fall away with a
    /// field it has changed.
    fn lay_out(&mut self, file: &ProfileFile) -> Result<(), ProfileError> {
        for (key, field) in &file.fields {
            if let (Ok(n), Some(layout)) = (key.parse(), &field.sub) {
                self.parts.insert(n, layout.clone());
            }
        }
        for (n, layout) in &self.parts {
            let is_own = file.fields.get(&n.to_string()).is_some_and(|field| field.sub.is_some());
            match layout.compile(&self.fields[slot(*n)], &self.encoding) {
                Ok(Some(layout)) => drop(self.layouts.insert(*n, layout)),
                Err(error) if is_own => return Err(error),
                Ok(None) | Err(_) => {}
            }
        }
        Ok(())
    }

    fn change(&mut self, key: &str, file: &FieldFile) -> Result<(), ProfileError> {
        let number = key.parse::<u8>().ok().filter(|n| (2..=128).contains(n) && *n != 65);
        let Some(number) = number else {
            return Err(wrong(format!("fields.{key}"), "is not a field number from 2 to 128 other than 65"));
        };
        let spec = &mut self.fields[slot(number)];
        spec.attr = file.attr.unwrap_or(spec.attr);
        spec.length = file.len.unwrap_or(spec.length);
        spec.max = file.max.unwrap_or(spec.max);
        let spec = *spec;
        let wrong_at = |name: &str, problem: &str| Err(wrong(format!("fields.{key}.{name}"), problem));

        let mut encoding = self.encoding;
        encoding.length = file.length.unwrap_or(encoding.length);
        encoding.b = file.b.unwrap_or(encoding.b);
        encoding.b_length_unit = file.b_length_unit.unwrap_or(encoding.b_length_unit);
        encoding.odd_pad = file.odd_pad.unwrap_or(encoding.odd_pad);
        if let Some(charset) = file.charset {
            match spec.attr {
                Attr::B => return wrong_at("charset", "has no meaning for attr b; use b"),
                Attr::N | Attr::Amount => encoding.n = charset,
                Attr::Z => encoding.z = charset,
                Attr::Xn | Attr::SignedAmount => encoding.xn = charset,
                _ if charset == Charset::Bcd => return wrong_at("charset", "text cannot be bcd"),
                _ => encoding.text = charset,
            }
        }
        let plan = encoding.plan(&spec);
        match (spec.length, spec.max) {
            (_, 0) => return wrong_at("max", "must be at least 1"),
            (Length::Llvar, max) if max > encoding.units_max(Length::Llvar) => {
                return wrong_at("max", "is above what an llvar length can say");
            }
            (Length::Llllvar, 10_000..) => return wrong_at("max", "is above 9999"),
            (Length::Fixed | Length::Lllvar, 1000..) => return wrong_at("max", "is above 999"),
            _ if spec.attr.is_signed() && spec.length != Length::Fixed => {
                return wrong_at("len", "must be fixed for attr x+n");
            }
            _ if spec.max < spec.attr.len_min() => {
                return wrong_at("max", "is too short for the attribute");
            }
            _ => {}
        }
        let carried = file.carried.unwrap_or(true);
        self.plans[slot(number)] = if carried { plan } else { Plan::ABSENT };
        self.supported = if carried { self.supported | bit(number) } else { self.supported & !bit(number) };
        Ok(())
    }
}

/// Where field `n` stands in an array of 128: field 128 takes the place no field has.
#[inline]
pub(super) const fn slot(n: u8) -> usize {
    (n & 127) as usize
}

fn dictionary(name: &str) -> Result<&'static Dictionary, ProfileError> {
    let known = DICTIONARIES.iter().find(|dictionary| dictionary.name == name);
    known.ok_or_else(|| wrong("dictionary", format!("there is no dictionary {name:?}")))
}

pub(super) fn wrong(key: impl Into<String>, problem: impl Into<String>) -> ProfileError {
    ProfileError::Value { key: key.into(), problem: problem.into() }
}

impl fmt::Debug for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Profile").field("name", &self.name).finish_non_exhaustive()
    }
}
