//! ISO 8583: card messages as PoS terminals, banks and national switches exchange them.
//!
//! A [`Profile`] says how one dialect writes each field; [`decode`] reads a [`Message`] out of received bytes without
//! copying them; a [`Writer`] writes one, a [`Draft`] keeps one to be written. Dialects are data (`profiles/*.toml`, [`Profile::from_toml`]), so a new host
//! is a file. This module knows no flow, no session and no meaning of response codes: connectors do.
//! copying them; a [`Draft`] writes one. Dialects are data (`profiles/*.toml`, [`Profile::from_toml`]), so a new host
//! is a file. Composite fields come apart with [`subfields`]; fields with a meaning of their own have typed views
//! ([`OriginalElements`], [`Totals`], [`date`], [`rate`], [`emv`]); [`json`] is for programs, [`describe`] for people.
//! This module knows no flow and no session, and what a code means for money is for connectors to decide.

mod bitmap;
mod check;
pub mod codes;
mod compose;
pub mod date;
mod decode;
mod describe;
mod dictionary;
mod diff;
mod draft;
pub mod emv;
mod encode;
mod encoding;
mod field;
pub mod json;
pub mod key_change;
mod layout;
mod mac;
mod mask;
mod message;
pub mod money;
mod mti;
mod originals;
mod profile_file;
pub mod rate;
mod replacement;
mod seal;
mod spec;
mod subfields;
mod totals;
mod totals_2003;
mod view;
mod words;
mod writer;

pub use bitmap::{Bitmap, FieldNumbers};
pub use compose::build_subfields;
pub use decode::{DecodeError, Mode, decode};
pub use describe::{Description, describe};
pub use diff::{Change, Difference, diff};
pub use draft::{Draft, EncodeError};
pub use field::{Attr, FieldSpec, Length};
pub use mac::{Mac, MacKey, MacKeyError, Padding, Tag};
pub use mask::{mask_digit_runs, mask_pan};
pub use message::{Message, Warnings};
pub use mti::{Class, FoldKey, Function, Mti, MtiError, Version};
pub use originals::OriginalElements;
pub use replacement::{OriginalAmounts, ReplacementAmounts};
pub use seal::{SealError, VerifyError};
pub use spec::{Profile, ProfileError};
pub use subfields::{Subfield, SubfieldError, SubfieldFault, Subfields, subfields};
pub use totals::{Fees, OtherCounts, Reversals, SettlementCode, Total, Totals};
pub use view::ViewError;
pub use writer::Writer;

pub use crate::ErrorKind;
