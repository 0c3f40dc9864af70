//! How a whole dialect writes digits, text, bytes, lengths and bitmaps, and the plan of a field that follows from it.

use serde::Deserialize;

use super::field::{Attr, Body, FieldSpec, Length, Plan, Prefix};
use crate::bcd::OddPad;
use crate::ebcdic::Page;

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
pub(super) enum LengthForm {
    Ascii,
    Bcd,
    Ebcdic,
    Binary,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum BinaryForm {
    Raw,
    HexAscii,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum BinaryUnit {
    Bytes,
    #[default]
    HexCharacters,
}

/// The encodings of a whole dialect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Encoding {
    pub(super) mti: Charset,
    pub(super) bitmap: BitmapForm,
    pub(super) length: LengthForm,
    pub(super) n: Charset,
    pub(super) z: Charset,
    pub(super) text: Charset,
    pub(super) xn: Charset,
    pub(super) b: BinaryForm,
    pub(super) b_length_unit: BinaryUnit,
    pub(super) odd_pad: OddPad,
    /// Of text written in EBCDIC.
    pub(super) page: Page,
}

impl Encoding {
    pub(super) fn plan(&self, spec: &FieldSpec) -> Plan {
        let prefix = self.prefix(spec.length);
        let body = self.body(spec);
        let max = if body == Body::Hex { spec.max.saturating_mul(2) } else { spec.max };
        let units = max.min(self.units_max(spec.length));
        let fixed_len = if spec.length == Length::Fixed { body.wire_len(units.into()) as u16 } else { 0 };
        Plan { prefix, body, units, fixed_len }
    }

    /// The largest length that can be said.
    pub(super) const fn units_max(&self, length: Length) -> u16 {
        match (length, self.length) {
            (Length::Fixed, _) => u16::MAX,
            (Length::Llvar, LengthForm::Binary) => 255,
            (Length::Llvar, _) => 99,
            (Length::Lllvar | Length::Llllvar, LengthForm::Binary) => u16::MAX,
            (Length::Lllvar, _) => 999,
            (Length::Llllvar, _) => 9999,
        }
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
            (Length::Llllvar, LengthForm::Ascii) => Prefix::Ascii4,
            (Length::Llllvar, LengthForm::Ebcdic) => Prefix::Ebcdic4,
            (Length::Lllvar | Length::Llllvar, LengthForm::Bcd) => Prefix::Bcd2,
            (Length::Lllvar | Length::Llllvar, LengthForm::Binary) => Prefix::Binary2,
        }
    }

    fn body(&self, spec: &FieldSpec) -> Body {
        let fixed = spec.length == Length::Fixed;
        let right = self.odd_pad == OddPad::RightF && !fixed;
        match (spec.attr, self.text) {
            (Attr::N | Attr::Amount, _) => match self.n {
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
            (Attr::SignedAmount, _) => match self.xn {
                Charset::Ascii => Body::AsciiNet,
                Charset::Ebcdic => Body::EbcdicNet,
                Charset::Bcd => Body::BcdNet,
            },
            (Attr::B, _) => match (self.b, self.b_length_unit) {
                (BinaryForm::Raw, _) => Body::Raw,
                (BinaryForm::HexAscii, BinaryUnit::HexCharacters) => Body::Hex,
                (BinaryForm::HexAscii, BinaryUnit::Bytes) => Body::HexPairs,
            },
            (Attr::A, Charset::Ebcdic) => Body::EbcdicAlpha,
            (Attr::An | Attr::Anp, Charset::Ebcdic) if fixed => Body::EbcdicAlnum,
            (_, Charset::Ebcdic) => Body::printable_on(self.page),
            (Attr::A, _) => Body::AsciiAlpha,
            (Attr::An | Attr::Anp, _) if fixed => Body::AsciiAlnum,
            _ => Body::AsciiPrintable,
        }
    }
}
