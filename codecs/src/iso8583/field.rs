//! What a field is in the dictionary, and the plan compiled from it for one profile.

use serde::Deserialize;

use crate::ebcdic::Page;

/// The attribute of a field: which characters it may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Attr {
    /// `n`: digits.
    #[serde(rename = "n")]
    N,
    /// `a`: letters and space.
    #[serde(rename = "a")]
    A,
    /// `an`: letters, digits and space when fixed; any printable character when variable, because track 1 (45) and
    /// the answers in 44 carry punctuation on every real link.
    #[serde(rename = "an")]
    An,
    /// `anp`: letters, digits and pad spaces.
    #[serde(rename = "anp")]
    Anp,
    /// `ans`: any printable character.
    #[serde(rename = "ans")]
    Ans,
    /// `ns`: digits and special characters; read as printable text.
    #[serde(rename = "ns")]
    Ns,
    /// `z`: track data, digits and a separator shown as `=`.
    #[serde(rename = "z")]
    Z,
    /// `b`: bytes, shown as capital hexadecimal text.
    #[serde(rename = "b")]
    B,
    /// `x+n`: a sign letter C or D, then digits.
    #[serde(rename = "x+n")]
    Xn,
    /// An amount of 2003: currency `n3`, exponent `n1`, digits.
    #[serde(rename = "amount2003")]
    Amount,
    /// A signed amount of 2003: currency `n3`, exponent `n1`, a sign letter C or D, digits.
    #[serde(rename = "x+amount2003")]
    SignedAmount,
}

impl Attr {
    /// True when a sign letter stands among the digits.
    pub(super) const fn is_signed(self) -> bool {
        matches!(self, Attr::Xn | Attr::SignedAmount)
    }

    /// True for numbers and amounts, which may be long and cannot hide a card number.
    pub(super) const fn is_number(self) -> bool {
        matches!(self, Attr::N | Attr::Xn | Attr::Amount | Attr::SignedAmount)
    }

    /// Characters without which the attribute says nothing.
    pub(super) const fn len_min(self) -> u16 {
        match self {
            Attr::Amount => 5,
            Attr::SignedAmount => 6,
            _ => 1,
        }
    }
}

/// How a field's length is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Length {
    /// Always the maximum.
    Fixed,
    /// A two-digit length (or one byte) before the body.
    Llvar,
    /// A three-digit length (or two bytes) before the body.
    Lllvar,
    /// A four-digit length (or two bytes) before the body.
    Llllvar,
}

/// One line of a dictionary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldSpec {
    /// Field number, 2 to 128.
    pub number: u8,
    /// The standard's name.
    pub name: &'static str,
    /// Which characters it may hold.
    pub attr: Attr,
    /// How its length is known.
    pub length: Length,
    /// Fixed length or maximum: in characters, for `b` in bytes, for `x+n` and amounts with all that stands before the digits.
    pub max: u16,
}

/// How a field's length prefix is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Prefix {
    None,
    Ascii2,
    Ascii3,
    Ascii4,
    Ebcdic2,
    Ebcdic3,
    Ebcdic4,
    Bcd1,
    Bcd2,
    Binary1,
    Binary2,
}

/// How a field's body is written and which characters it may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Body {
    AsciiDigits,
    AsciiPrintable,
    AsciiAlnum,
    AsciiTrack,
    AsciiAlpha,
    AsciiSigned,
    EbcdicDigits,
    /// Printable, of what the code pages share; then of each page. No variant has data: the hot loops compare bodies.
    EbcdicPrintable,
    Ebcdic037,
    Ebcdic500,
    Ebcdic1047,
    EbcdicAlnum,
    EbcdicAlpha,
    EbcdicTrack,
    EbcdicSigned,
    BcdLeft,
    BcdRight,
    BcdTrackLeft,
    BcdTrackRight,
    /// An ASCII sign, then packed digits, an odd count with a zero nibble on the left.
    BcdSigned,
    /// Four digits of currency and exponent, then a sign and digits: the signed amount of 2003.
    AsciiNet,
    EbcdicNet,
    /// Two packed bytes, an ASCII sign, then packed digits as in `BcdSigned`.
    BcdNet,
    Raw,
    /// Hexadecimal text whose length counts characters.
    Hex,
    /// Hexadecimal text whose length counts bytes.
    HexPairs,
    /// Not carried by the profile.
    Absent,
}

/// Everything the codec needs to read or write one field, in eight bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(align(8))]
pub(super) struct Plan {
    pub(super) prefix: Prefix,
    pub(super) body: Body,
    /// Fixed length or maximum, in the units the prefix counts.
    pub(super) units: u16,
    /// Bytes of a fixed field; 0 for a variable one.
    pub(super) fixed_len: u16,
}

impl Plan {
    pub(super) const ABSENT: Plan = Plan { prefix: Prefix::None, body: Body::Absent, units: 0, fixed_len: 0 };
}

impl Prefix {
    /// Bytes of the prefix.
    pub(super) const fn len(self) -> usize {
        match self {
            Prefix::None => 0,
            Prefix::Bcd1 | Prefix::Binary1 => 1,
            Prefix::Ascii2 | Prefix::Ebcdic2 | Prefix::Bcd2 | Prefix::Binary2 => 2,
            Prefix::Ascii3 | Prefix::Ebcdic3 => 3,
            Prefix::Ascii4 | Prefix::Ebcdic4 => 4,
        }
    }
}

impl Body {
    /// Printable text on a code page.
    pub(super) const fn printable_on(page: Page) -> Self {
        match page {
            Page::Common => Body::EbcdicPrintable,
            Page::Cp037 => Body::Ebcdic037,
            Page::Cp500 => Body::Ebcdic500,
            Page::Cp1047 => Body::Ebcdic1047,
        }
    }

    /// The code page of its characters, where it is EBCDIC.
    pub(super) const fn page(self) -> Page {
        match self {
            Body::Ebcdic037 => Page::Cp037,
            Body::Ebcdic500 => Page::Cp500,
            Body::Ebcdic1047 => Page::Cp1047,
            _ => Page::Common,
        }
    }

    /// Bytes on the wire for so many units of the length prefix.
    #[inline]
    pub(super) const fn wire_len(self, units: usize) -> usize {
        match self {
            Body::BcdLeft | Body::BcdRight | Body::BcdTrackLeft | Body::BcdTrackRight => units.div_ceil(2),
            Body::BcdSigned => 1 + units.saturating_sub(1).div_ceil(2),
            Body::BcdNet => 3 + units.saturating_sub(5).div_ceil(2),
            Body::HexPairs => units * 2,
            _ => units,
        }
    }
}
