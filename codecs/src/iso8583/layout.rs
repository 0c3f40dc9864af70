//! What a composite field is made of: parts in a row, tagged values, EMV data objects or parts behind a bitmap, as a
//! profile says under `[fields.N.sub]`.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::encoding::{BinaryForm, BinaryUnit, Charset, Encoding, LengthForm};
use super::field::{Attr, Body, FieldSpec, Length, Plan};
use super::spec::{ProfileError, wrong};
use crate::bcd::OddPad;
use crate::ebcdic::Page;

/// How a field is made up, compiled for one dialect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// Parts in a row; `repeats` when the row begins again until the field ends.
    Positional { parts: Vec<Part>, repeats: bool },
    /// A tag, a length and a value, again and again.
    Tagged { tag: Plan, value: Plan, names: BTreeMap<String, String> },
    /// BER-TLV, as in field 55.
    Ber { names: BTreeMap<String, String> },
    /// Eight bytes of bitmap, then the parts whose bits are set; the number is the bit.
    Bitmap { parts: Vec<(u8, Part)>, is_hex: bool },
}

/// One part and where it ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) name: String,
    pub(super) plan: Plan,
    pub(super) end: End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Fixed, or after the length in front of it.
    Plan,
    /// At the end of the field.
    Rest,
    /// Before this character, which stands between it and the next part.
    Until(u8),
}

/// The `[fields.N.sub]` table.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "form", rename_all = "lowercase", deny_unknown_fields)]
pub(super) enum LayoutFile {
    Positional {
        parts: Vec<PartFile>,
    },
    Repeating {
        parts: Vec<PartFile>,
    },
    Tlv(TaggedFile),
    Ber {
        #[serde(default)]
        names: BTreeMap<String, String>,
    },
    Bitmap {
        parts: Vec<PartFile>,
    },
    /// The dialect does not take the field apart.
    None,
}

/// One part of a positional or bitmap layout.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PartFile {
    name: String,
    #[serde(default = "printable")]
    attr: Attr,
    #[serde(default)]
    len: PartLength,
    max: u16,
    until: Option<char>,
    bit: Option<u8>,
    charset: Option<Charset>,
    length: Option<LengthForm>,
}

/// Tag and length of a tagged layout.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TaggedFile {
    /// Characters of a tag, 1 to 6.
    tag: u16,
    #[serde(default = "printable")]
    tag_attr: Attr,
    /// How long a value may be said to be.
    len: Length,
    #[serde(default = "printable")]
    attr: Attr,
    max: Option<u16>,
    length: Option<LengthForm>,
    #[serde(default)]
    names: BTreeMap<String, String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum PartLength {
    #[default]
    Fixed,
    Llvar,
    Lllvar,
    Llllvar,
    Rest,
}

const fn printable() -> Attr {
    Attr::Ans
}

/// Inside a text field everything is text that was already read.
const INSIDE_TEXT: Encoding = Encoding {
    mti: Charset::Ascii,
    bitmap: super::encoding::BitmapForm::HexAscii,
    length: LengthForm::Ascii,
    n: Charset::Ascii,
    z: Charset::Ascii,
    text: Charset::Ascii,
    xn: Charset::Ascii,
    b: BinaryForm::HexAscii,
    b_length_unit: BinaryUnit::HexCharacters,
    odd_pad: OddPad::LeftZero,
    page: Page::Common,
};

impl LayoutFile {
    /// The layout of `field` in a dialect that writes as `encoding`; `None` for a field that is not taken apart.
    ///
    /// # Errors
    /// Names the part that makes no sense.
    pub(super) fn compile(
        &self,
        field: &FieldSpec,
        encoding: &Encoding,
    ) -> Result<Option<Layout>, ProfileError> {
        // The bytes of a `b` field are bytes, however the dialect writes those of a whole field.
        let is_binary = field.attr == Attr::B;
        let inside = if is_binary { Encoding { b: BinaryForm::Raw, ..*encoding } } else { INSIDE_TEXT };
        let context = Context { field, inside, is_binary };
        Ok(Some(match self {
            LayoutFile::Positional { parts } => {
                let parts = context.parts(parts)?;
                context.fills_the_field(&parts)?;
                Layout::Positional { parts, repeats: false }
            }
            LayoutFile::Repeating { parts } => {
                if let Some(at) = parts.iter().position(|part| part.len == PartLength::Rest) {
                    return Err(context.wrong(format!("parts.{at}.len"), "rest cannot repeat"));
                }
                Layout::Positional { parts: context.parts(parts)?, repeats: true }
            }
            LayoutFile::Tlv(tagged) => context.tagged(tagged)?,
            LayoutFile::Ber { .. } if !is_binary => {
                return Err(context.wrong("form", "ber needs a field of attr b"));
            }
            LayoutFile::Ber { names } => Layout::Ber { names: names.clone() },
            LayoutFile::Bitmap { parts } => context.bitmap(parts)?,
            LayoutFile::None => return Ok(None),
        }))
    }
}

/// The field a layout is of, and how its inside is written.
struct Context<'f> {
    field: &'f FieldSpec,
    inside: Encoding,
    is_binary: bool,
}

impl Context<'_> {
    fn wrong(&self, key: impl AsRef<str>, problem: &str) -> ProfileError {
        wrong(format!("fields.{}.sub.{}", self.field.number, key.as_ref()), problem)
    }

    fn parts(&self, files: &[PartFile]) -> Result<Vec<Part>, ProfileError> {
        if files.is_empty() {
            return Err(self.wrong("parts", "is empty"));
        }
        let mut parts: Vec<Part> = Vec::with_capacity(files.len());
        for (at, file) in files.iter().enumerate() {
            if parts.iter().any(|part| part.name == file.name) {
                return Err(self.wrong(format!("parts.{at}.name"), "is given twice"));
            }
            if file.len == PartLength::Rest && at + 1 < files.len() {
                return Err(self.wrong(format!("parts.{at}.len"), "only the last part can be the rest"));
            }
            parts.push(self.part(at, file)?);
        }
        Ok(parts)
    }

    fn part(&self, at: usize, file: &PartFile) -> Result<Part, ProfileError> {
        let wrong_at = |key: &str, problem: &str| Err(self.wrong(format!("parts.{at}.{key}"), problem));
        let end = match (file.len, file.until) {
            (PartLength::Rest, None) => End::Rest,
            (PartLength::Fixed, Some(c)) if c.is_ascii_graphic() => End::Until(c as u8),
            (_, Some(_)) => return wrong_at("until", "is one printable character of a part without len"),
            (_, None) => End::Plan,
        };
        let length = match file.len {
            PartLength::Fixed | PartLength::Rest => Length::Fixed,
            PartLength::Llvar => Length::Llvar,
            PartLength::Lllvar => Length::Lllvar,
            PartLength::Llllvar => Length::Llllvar,
        };
        let mut encoding = self.inside;
        encoding.length = file.length.unwrap_or(encoding.length);
        if let Some(charset) = file.charset {
            match file.attr {
                Attr::N | Attr::Amount => encoding.n = charset,
                Attr::Z => encoding.z = charset,
                Attr::Xn | Attr::SignedAmount => encoding.xn = charset,
                _ if charset == Charset::Bcd => return wrong_at("charset", "text cannot be bcd"),
                _ => encoding.text = charset,
            }
        }
        if !self.is_binary && (file.charset.is_some() || file.length.is_some()) {
            return wrong_at("charset", "has no meaning inside a text field");
        }
        let spec = FieldSpec { attr: file.attr, length, max: file.max, ..*self.field };
        if file.max < file.attr.len_min() || file.max > encoding.units_max(length).min(9999) {
            return wrong_at("max", "does not fit the attribute and the length");
        }
        if length == Length::Fixed && file.max > 999 {
            return wrong_at("max", "is above 999");
        }
        if file.attr.is_signed() && (length != Length::Fixed || end != End::Plan) {
            return wrong_at("len", "must be fixed for attr x+n");
        }
        let plan = encoding.plan(&spec);
        if end != End::Plan && plan.body.is_packed() {
            return wrong_at("len", "cannot end where packed digits do");
        }
        Ok(Part { name: file.name.clone(), plan, end })
    }

    /// Parts of fixed length in a field of fixed length are as long together.
    fn fills_the_field(&self, parts: &[Part]) -> Result<(), ProfileError> {
        let is_fixed = |part: &Part| part.end == End::Plan && part.plan.fixed_len > 0;
        if self.field.length != Length::Fixed || !parts.iter().all(is_fixed) {
            return Ok(());
        }
        let len: u32 = parts.iter().map(|part| u32::from(part.plan.fixed_len)).sum();
        if len == u32::from(self.field.max) {
            return Ok(());
        }
        Err(self.wrong("parts", "together are not as long as the field"))
    }

    fn tagged(&self, file: &TaggedFile) -> Result<Layout, ProfileError> {
        if !(1..=6).contains(&file.tag) || !matches!(file.tag_attr, Attr::N | Attr::A | Attr::An | Attr::Ans)
        {
            return Err(self.wrong("tag", "is 1 to 6 characters of attr n, a, an or ans"));
        }
        if file.len == Length::Fixed || file.attr.is_signed() {
            return Err(self.wrong("len", "must be llvar, lllvar or llllvar, of an attr without sign"));
        }
        if !self.is_binary && file.length.is_some() {
            return Err(self.wrong("length", "has no meaning inside a text field"));
        }
        let encoding = Encoding { length: file.length.unwrap_or(self.inside.length), ..self.inside };
        let most = encoding.units_max(file.len).min(9999);
        let max = file.max.unwrap_or(most);
        if max == 0 || max > most {
            return Err(self.wrong("max", "does not fit the length"));
        }
        let tag = FieldSpec { attr: file.tag_attr, length: Length::Fixed, max: file.tag, ..*self.field };
        let value = FieldSpec { attr: file.attr, length: file.len, max, ..*self.field };
        Ok(Layout::Tagged {
            tag: encoding.plan(&tag),
            value: encoding.plan(&value),
            names: file.names.clone(),
        })
    }

    fn bitmap(&self, files: &[PartFile]) -> Result<Layout, ProfileError> {
        let mut parts: Vec<(u8, Part)> = Vec::with_capacity(files.len());
        for (at, (file, part)) in files.iter().zip(self.parts(files)?).enumerate() {
            let after = parts.last().map_or(0, |(bit, _)| *bit);
            match file.bit {
                Some(bit @ 1..=64) if bit > after => parts.push((bit, part)),
                _ => return Err(self.wrong(format!("parts.{at}.bit"), "is from 1 to 64, ascending")),
            }
        }
        Ok(Layout::Bitmap { parts, is_hex: !self.is_binary })
    }
}

impl Body {
    /// True when two digits share a byte, so that bytes do not say how many digits there are.
    const fn is_packed(self) -> bool {
        matches!(
            self,
            Body::BcdLeft
                | Body::BcdRight
                | Body::BcdTrackLeft
                | Body::BcdTrackRight
                | Body::BcdSigned
                | Body::BcdNet
        )
    }
}
