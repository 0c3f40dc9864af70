//! What may come to the codecs from outside, one function a kind of input, and what must hold of it.
//!
//! Each takes bytes of any kind, panics when a promise is broken, and says whether the bytes were accepted. The
//! libFuzzer targets and the tests of `codecs` (`tests/fuzz.rs`) call the same functions, so what one finds the other
//! replays. They use the public interface only, and they do not know how the codecs work inside.

mod clearing;
mod draft;
mod emv_qr;
mod frame;
mod input;
mod iso20022;
mod iso20022_messages;
mod json;
mod key_change;
mod mac;
mod message;
mod mfep;
mod packed;
mod profile;
mod small;
mod subfields;
mod tlv;

pub use clearing::{acquirer_csv, camt, ipm, mt940, settlement};
pub use draft::draft;
pub use emv_qr::emv_qr;
pub use frame::frame;
pub use iso20022::iso20022;
pub use iso20022_messages::iso20022_messages;
pub use json::json;
pub use key_change::key_change;
pub use mac::mac;
pub use message::{message, read_everything};
pub use mfep::mfep;
pub use packed::packed;
pub use profile::profile;
pub use small::small;
pub use subfields::subfields_of;
pub use tlv::tlv;

/// What is called with bytes of any kind, and says whether they were accepted.
pub type Target = fn(&[u8]) -> bool;

/// Every target by the name of its folder.
pub const TARGETS: &[(&str, Target)] = &[
    ("bpc_hybrid", |bytes| message("bpc-hybrid", bytes)),
    ("iso03_abin", |bytes| message("iso03-abin", bytes)),
    ("iso03_ascii", |bytes| message("iso03-ascii", bytes)),
    ("iso87_abin", |bytes| message("iso87-abin", bytes)),
    ("iso87_ascii", |bytes| message("iso87-ascii", bytes)),
    ("iso87_bcd", |bytes| message("iso87-bcd", bytes)),
    ("iso87_bcd_rf", |bytes| message("iso87-bcd-rf", bytes)),
    ("iso87_ebcdic", |bytes| message("iso87-ebcdic", bytes)),
    ("iso93_abin", |bytes| message("iso93-abin", bytes)),
    ("iso93_ascii", |bytes| message("iso93-ascii", bytes)),
    ("draft", draft),
    ("emv_qr", emv_qr),
    ("frame", frame),
    ("json", json),
    ("iso20022", iso20022),
    ("iso20022_messages", iso20022_messages),
    ("key_change", key_change),
    ("mac", mac),
    ("mfep_json", mfep),
    ("mfep_xml", mfep),
    ("packed", packed),
    ("profile", profile),
    ("small", small),
    ("subfields", subfields_of),
    ("tlv", tlv),
    ("acquirer_csv", acquirer_csv),
    ("camt", camt),
    ("ipm", ipm),
    ("mt940", mt940),
    ("settlement", settlement),
];
