//! A dialect as it is written down: the keys of a profile's TOML file.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::codes::OwnResponse;
use super::encoding::{BinaryForm, BinaryUnit, BitmapForm, Charset, Encoding, LengthForm};
use super::field::{Attr, Length};
use super::key_change::KeyChangeFile;
use super::layout::LayoutFile;
use super::spec::{ProfileError, wrong};
use crate::bcd::OddPad;
use crate::ebcdic::Page;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProfileFile {
    pub(super) name: Option<String>,
    pub(super) base: Option<String>,
    pub(super) dictionary: Option<String>,
    #[serde(default)]
    pub(super) encoding: EncodingFile,
    #[serde(default)]
    pub(super) fields: BTreeMap<String, FieldFile>,
    /// Response codes (39) the dialect adds or reads otherwise.
    #[serde(default)]
    pub(super) codes: BTreeMap<String, OwnResponse>,
    /// Network management codes (70 or 24), likewise.
    #[serde(default)]
    pub(super) network_codes: BTreeMap<String, String>,
    pub(super) key_change: Option<KeyChangeFile>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EncodingFile {
    pub(super) mti: Option<Charset>,
    pub(super) bitmap: Option<BitmapForm>,
    pub(super) length: Option<LengthForm>,
    pub(super) n: Option<Charset>,
    pub(super) z: Option<Charset>,
    pub(super) text: Option<Charset>,
    pub(super) xn: Option<Charset>,
    pub(super) b: Option<BinaryForm>,
    pub(super) b_length_unit: Option<BinaryUnit>,
    pub(super) odd_pad: Option<OddPad>,
    /// The code page of text.
    pub(super) ebcdic: Option<Page>,
}

/// One `[fields.N]` table: what differs from the base.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FieldFile {
    pub(super) attr: Option<Attr>,
    pub(super) len: Option<Length>,
    pub(super) max: Option<u16>,
    /// Of digits, text, track or `x+n`, by the attribute.
    pub(super) charset: Option<Charset>,
    pub(super) length: Option<LengthForm>,
    pub(super) b: Option<BinaryForm>,
    pub(super) b_length_unit: Option<BinaryUnit>,
    pub(super) odd_pad: Option<OddPad>,
    /// `false`: the dialect does not carry the field.
    pub(super) carried: Option<bool>,
    /// What the field is made of.
    pub(super) sub: Option<LayoutFile>,
}

impl EncodingFile {
    /// What the file says, and the base where it is silent.
    pub(super) fn over(&self, base: Option<Encoding>) -> Result<Encoding, ProfileError> {
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
            page: self.ebcdic.or(base.map(|base| base.page)).unwrap_or_default(),
        })
    }
}
