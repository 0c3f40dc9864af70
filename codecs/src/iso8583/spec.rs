//! Profiles: a dictionary, the encodings of one dialect and its own fields, compiled to one plan a field.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, LazyLock};

use serde::Deserialize;

use super::bitmap::{Bitmap, bit};
use super::dictionary::{DICTIONARIES, Dictionary};
use super::field::{Attr, Body, FieldSpec, Length, Plan, Prefix};
use super::key_change::{KeyChange, KeyChangeFile};
use crate::bcd::OddPad;

/// How one dialect of ISO 8583 is written. Immutable, cheap to share.
pub struct Profile {
    name: String,
    dictionary: &'static Dictionary,
    encoding: Encoding,
    fields: [FieldSpec; 128],
    plans: [Plan; 128],
    supported: u128,
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

/// How digits, text and track data are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Charset {
    Ascii,
    Ebcdic,
    Bcd,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum BitmapForm {
    Binary,
    HexAscii,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum LengthForm {
    Ascii,
    Bcd,
    Ebcdic,
    Binary,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum BinaryForm {
    Raw,
    HexAscii,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum BinaryUnit {
    Bytes,
    #[default]
    HexCharacters,
}

/// The encodings of a whole dialect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Encoding {
    mti: Charset,
    bitmap: BitmapForm,
    length: LengthForm,
    n: Charset,
    z: Charset,
    text: Charset,
    xn: Charset,
    b: BinaryForm,
    b_length_unit: BinaryUnit,
    odd_pad: OddPad,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProfileFile {
    name: Option<String>,
    base: Option<String>,
    dictionary: Option<String>,
    #[serde(default)]
    encoding: EncodingFile,
    #[serde(default)]
    fields: BTreeMap<String, FieldFile>,
    key_change: Option<KeyChangeFile>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct EncodingFile {
    mti: Option<Charset>,
    bitmap: Option<BitmapForm>,
    length: Option<LengthForm>,
    n: Option<Charset>,
    z: Option<Charset>,
    text: Option<Charset>,
    xn: Option<Charset>,
    b: Option<BinaryForm>,
    b_length_unit: Option<BinaryUnit>,
    odd_pad: Option<OddPad>,
}

/// One `[fields.N]` table: what differs from the base.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct FieldFile {
    attr: Option<Attr>,
    len: Option<Length>,
    max: Option<u16>,
    /// Of digits, text, track or `x+n`, by the attribute.
    charset: Option<Charset>,
    length: Option<LengthForm>,
    b: Option<BinaryForm>,
    b_length_unit: Option<BinaryUnit>,
    odd_pad: Option<OddPad>,
    /// `false`: the dialect does not carry the field.
    carried: Option<bool>,
}

/// The dialects that come with the crate, each a file like any site's own.
const BUILT_IN: [(&str, &str); 8] = [
    ("iso87-ascii", include_str!("profiles/iso87-ascii.toml")),
    ("iso87-abin", include_str!("profiles/iso87-abin.toml")),
    ("iso87-bcd", include_str!("profiles/iso87-bcd.toml")),
    ("iso87-bcd-rf", include_str!("profiles/iso87-bcd-rf.toml")),
    ("iso87-ebcdic", include_str!("profiles/iso87-ebcdic.toml")),
    ("iso93-ascii", include_str!("profiles/iso93-ascii.toml")),
    ("iso93-abin", include_str!("profiles/iso93-abin.toml")),
    ("bpc-hybrid", include_str!("profiles/bpc-hybrid.toml")),
];

static PROFILES: LazyLock<[Arc<Profile>; 8]> = LazyLock::new(|| {
    BUILT_IN.map(|(name, text)| {
        let mut profile = Profile::from_toml(text).expect("because a test reads every built-in profile");
        name.clone_into(&mut profile.name);
        Arc::new(profile)
    })
});

impl Profile {
    /// Names of the dialects that come with the crate.
    pub const NAMES: [&'static str; 8] = {
        let mut names = [""; 8];
        let mut index = 0;
        while index < 8 {
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
    /// `carried`), `[key_change]` says how keys are changed. Without `base`, `dictionary` and a complete `[encoding]` are needed.
    ///
    /// # Errors
    /// Names the key that is missing, unknown or makes no sense.
    pub fn from_toml(text: &str) -> Result<Profile, ProfileError> {
        let file: ProfileFile =
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
            profile.key_change.clone_from(&base.key_change);
        }
        if let Some(name) = file.name {
            profile.name = name;
        }
        for (key, field) in &file.fields {
            profile.change(key, field)?;
        }
        if let Some(file) = file.key_change {
            let read = KeyChange::from_file(file, profile.mti_version(), |n| profile.field(n).copied());
            profile.key_change =
                Some(read.map_err(|(key, problem)| wrong(format!("key_change.{key}"), problem))?);
        }
        Ok(profile)
    }

    /// The name of the dialect.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The dictionary it is built on: `1987`, `1993` or `bpc-hybrid`.
    #[must_use]
    pub fn dictionary(&self) -> &'static str {
        self.dictionary.name
    }

    /// First digit of its message types, 0 for 1987 and 1 for 1993.
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

    /// The standard's name of field `n`, empty when there is no such field.
    pub(super) fn field_name(&self, n: u8) -> &'static str {
        match n {
            0 => "Message type",
            1 => "Bitmap",
            2..=128 => self.fields[slot(n)].name,
            _ => "",
        }
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
                Attr::N => encoding.n = charset,
                Attr::Z => encoding.z = charset,
                Attr::Xn => encoding.xn = charset,
                _ if charset == Charset::Bcd => return wrong_at("charset", "text cannot be bcd"),
                _ => encoding.text = charset,
            }
        }
        let plan = encoding.plan(&spec);
        match (spec.length, spec.max) {
            (_, 0) => return wrong_at("max", "must be at least 1"),
            (Length::Llvar, max) if max > plan.prefix.units_max() => {
                return wrong_at("max", "is above what an llvar length can say");
            }
            (_, 1000..) => return wrong_at("max", "is above 999"),
            _ if spec.attr == Attr::Xn && spec.length != Length::Fixed => {
                return wrong_at("len", "must be fixed for attr x+n");
            }
            _ => {}
        }
        let carried = file.carried.unwrap_or(true);
        self.plans[slot(number)] = if carried { plan } else { Plan::ABSENT };
        self.supported = if carried { self.supported | bit(number) } else { self.supported & !bit(number) };
        Ok(())
    }
}

impl EncodingFile {
    fn over(&self, base: Option<Encoding>) -> Result<Encoding, ProfileError> {
        fn pick<T>(key: &str, own: Option<T>, base: Option<T>) -> Result<T, ProfileError> {
            own.or(base).ok_or_else(|| wrong(format!("encoding.{key}"), "is missing"))
        }
        Ok(Encoding {
            mti: pick("mti", self.mti, base.map(|base| base.mti))?,
            bitmap: pick("bitmap", self.bitmap, base.map(|base| base.bitmap))?,
            length: pick("length", self.length, base.map(|base| base.length))?,
            n: pick("n", self.n, base.map(|base| base.n))?,
            z: pick("z", self.z, base.map(|base| base.z))?,
            text: pick("text", self.text, base.map(|base| base.text))?,
            xn: pick("xn", self.xn, base.map(|base| base.xn))?,
            b: pick("b", self.b, base.map(|base| base.b))?,
            b_length_unit: self.b_length_unit.or(base.map(|base| base.b_length_unit)).unwrap_or_default(),
            odd_pad: self.odd_pad.or(base.map(|base| base.odd_pad)).unwrap_or_default(),
        })
    }
}

impl Encoding {
    fn plan(&self, spec: &FieldSpec) -> Plan {
        let prefix = self.prefix(spec.length);
        let body = self.body(spec);
        let max = if body == Body::Hex { spec.max.saturating_mul(2) } else { spec.max };
        let units = max.min(prefix.units_max());
        let fixed_len = if spec.length == Length::Fixed { body.wire_len(units.into()) as u16 } else { 0 };
        Plan { prefix, body, units, fixed_len }
    }

    const fn prefix(&self, length: Length) -> Prefix {
        match (length, self.length) {
            (Length::Fixed, _) => Prefix::None,
            (Length::Llvar, LengthForm::Ascii) => Prefix::Ascii2,
            (Length::Llvar, LengthForm::Ebcdic) => Prefix::Ebcdic2,
            (Length::Llvar, LengthForm::Bcd) => Prefix::Bcd1,
            (Length::Llvar, LengthForm::Binary) => Prefix::Binary1,
            (Length::Lllvar, LengthForm::Ascii) => Prefix::Ascii3,
            (Length::Lllvar, LengthForm::Ebcdic) => Prefix::Ebcdic3,
            (Length::Lllvar, LengthForm::Bcd) => Prefix::Bcd2,
            (Length::Lllvar, LengthForm::Binary) => Prefix::Binary2,
        }
    }

    fn body(&self, spec: &FieldSpec) -> Body {
        let fixed = spec.length == Length::Fixed;
        let right = self.odd_pad == OddPad::RightF && !fixed;
        match (spec.attr, self.text) {
            (Attr::N, _) => match self.n {
                Charset::Ascii => Body::AsciiDigits,
                Charset::Ebcdic => Body::EbcdicDigits,
                Charset::Bcd if right => Body::BcdRight,
                Charset::Bcd => Body::BcdLeft,
            },
            (Attr::Z, _) => match self.z {
                Charset::Ascii => Body::AsciiTrack,
                Charset::Ebcdic => Body::EbcdicTrack,
                Charset::Bcd if right => Body::BcdTrackRight,
                Charset::Bcd => Body::BcdTrackLeft,
            },
            (Attr::Xn, _) => match self.xn {
                Charset::Ascii => Body::AsciiSigned,
                Charset::Ebcdic => Body::EbcdicSigned,
                Charset::Bcd => Body::BcdSigned,
            },
            (Attr::B, _) => match (self.b, self.b_length_unit) {
                (BinaryForm::Raw, _) => Body::Raw,
                (BinaryForm::HexAscii, BinaryUnit::HexCharacters) => Body::Hex,
                (BinaryForm::HexAscii, BinaryUnit::Bytes) => Body::HexPairs,
            },
            (Attr::A, Charset::Ebcdic) => Body::EbcdicAlpha,
            (Attr::An | Attr::Anp, Charset::Ebcdic) if fixed => Body::EbcdicAlnum,
            (_, Charset::Ebcdic) => Body::EbcdicPrintable,
            (Attr::A, _) => Body::AsciiAlpha,
            (Attr::An | Attr::Anp, _) if fixed => Body::AsciiAlnum,
            _ => Body::AsciiPrintable,
        }
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

fn wrong(key: impl Into<String>, problem: impl Into<String>) -> ProfileError {
    ProfileError::Value { key: key.into(), problem: problem.into() }
}

impl fmt::Debug for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Profile").field("name", &self.name).finish_non_exhaustive()
    }
}
