//! ISO 8583: card messages as PoS terminals, banks and national switches exchange them.
//!
//! A [`Profile`] says how one dialect writes each field; [`decode`] reads a [`Message`] out of received bytes without
//! copying them; a [`Writer`] writes one, a [`Draft`] keeps one to be written. Dialects are data (`profiles/*.toml`, [`Profile::from_toml`]), so a new host
//! is a file. This module knows no flow, no session and no meaning of response codes: connectors do.

mod bitmap;
mod check;
mod decode;
mod describe;
mod dictionary;
mod draft;
mod encode;
mod field;
mod mac;
mod mask;
mod message;
mod mti;
mod spec;
mod words;
mod writer;

pub use bitmap::{Bitmap, FieldNumbers};
pub use decode::{DecodeError, Mode, decode};
pub use describe::{Description, describe};
pub use draft::{Draft, EncodeError};
pub use field::{Attr, FieldSpec, Length};
pub use mac::{Mac, MacKey, MacKeyError, Padding, Tag};
pub use mask::{mask_digit_runs, mask_pan};
pub use message::{Message, Warnings};
pub use mti::{Class, FoldKey, Function, Mti, MtiError, Version};
pub use spec::{Profile, ProfileError};
pub use writer::Writer;

pub use crate::ErrorKind;
