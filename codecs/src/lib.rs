//! Turns bytes into messages and back.
#![doc = include_str!("../README.md")]

pub mod amount;
pub mod bcd;
pub mod clearing_file;
pub mod date;
pub mod digits;
pub mod ebcdic;
pub mod emv_qr;
pub mod error;
pub mod frame;
pub mod hex;
pub mod iban;
pub mod iso20022;
pub mod iso4217;
pub mod iso8583;
pub mod keys;
pub mod mfep;
pub mod national_id;
pub mod phone;
pub mod signature;
pub mod tlv;

pub use error::ErrorKind;
pub use frame::{Frame, FrameError, Framing};
