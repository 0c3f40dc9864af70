//! The bill payment messages of the MFEP family: eFAWATEERcom (Jordan), Fawateer-E (Iraq), E-SADAD (Palestine).
//!
//! One model ([`Message`]) for JSON and XML, bare or in a SOAP envelope, for the biller's side and for that of banks and
//! agents. Reading ([`decode`]) understands every form seen; writing ([`encode`]) follows a [`Profile`]. [`lookup`] knows
//! what the result codes mean, [`answer_to`] and [`check_answer`] what belongs to a pair.
//!
//! Source: the field tables and messages in public integrations of the three schemes; their own specifications are not
//! public. What was inferred from one implementation alone says so where it stands. Nothing here opens a connection,
//! keeps a book or asks a clock.

mod codes;
mod decode;
mod encode;
mod fault;
mod json;
mod kind;
mod model;
mod name;
mod pair;
mod payer;
mod profile;
mod record;
mod report;
mod require;
mod sign;
mod source;
mod stamp;
mod value;
mod xml;

pub use codes::{Class, Fold, Meaning, Retry, fold, lookup, meanings};
pub use decode::{BYTES_MAX, Decoded, Mode, decode};
pub use encode::encode;
pub use fault::{Fault, FaultKind};
pub use kind::{Kind, Shape};
pub use model::{
    AcctInfo, AdditionalInfo, Bill, Biller, BillerService, Bills, Body, Credentials, DateRange, Header,
    Inquiry, Message, PayerInfo, Payment, PmtConst, Sequence, ServiceTypeDetails, SubPmt, TokenConf,
    TrxStatus, Validation, Verdict,
};
pub use pair::{Keys, Mismatch, answer_bills, answer_each, answer_to, check_answer, refuse};
pub use profile::{
    AmountDecimals, Encoding, Format, Nesting, Over, Profile, ProfileError, Scalar, Signing, Single, Soap,
};
pub use report::{Line, Refusal, Report, ResultLine, describe};
pub use sign::verify;
pub use stamp::{Stamp, StampForm};
pub use value::{BillStatus, Code, PaymentType, PmtStatus, Secret, Severity};
