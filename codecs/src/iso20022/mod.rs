//! ISO 20022: XML messages read safely, validated against their schemas, checked by the rules no schema can say.
//!
//! [`Reader`] turns bytes into elements and refuses what a payment message never needs and an attacker does: document
//! types, entities, other encodings, sizes beyond [`Limits`]. Everything here works in one pass over the input.
//!
//! The messages a payment switch speaks are structs, one a family ([`Pacs008`] and on), the same for every [`Version`]:
//! [`build`] and [`parse`] take one part's table of elements both ways. Statements (camt.052 to 054) are not among them.

mod agents;
mod answers;
mod bulk;
mod business;
mod camt029;
mod camt056;
mod check;
mod choice;
pub mod codes;
mod elem;
mod envelope;
mod error;
mod head001;
mod header;
mod leaf;
mod limits;
mod mandate;
mod message;
mod money;
mod names;
mod open;
mod original;
mod pacs002;
mod pacs003;
mod pacs004;
mod pacs008;
mod pacs009;
mod pacs028;
mod pain001;
mod pain002;
mod pain008;
mod pain013;
mod pain014;
mod part;
mod parties;
mod payment;
mod read;
mod remittance;
mod rule;
mod schema;
mod source;
mod specimen;
mod status;
mod tag;
mod tree;
mod version;
mod write;
mod xml;

pub use agents::{
    Account, AccountId, Agent, Branch, ClearingMember, Institution, OtherAccount, OtherInstitution,
    PartyOrAgent, Proxy,
};
pub use answers::{ReturnError, Stamp, Transfer, Verdict};
pub use bulk::{BulkError, OrderEvent, OrderReader, OrderWriter, TransferReader, TransferWriter};
pub use business::{Report, Turnover, Warning};
pub use camt029::{Camt029, GroupResolution, Outcome, RecallStatus, ResolutionDetails};
pub use camt056::{Camt056, Control, Recall, Recalled, RecalledGroup};
pub use check::{check, json};
pub use choice::Choice;
pub use envelope::{Envelope, Opened, open};
pub use error::{Layer, XmlError};
pub use head001::{Head001, HeaderParty};
pub use header::{CustomerReportHeader, InitiationHeader, ReportHeader, TransferHeader};
pub use leaf::{Date, DateError, DateTime};
pub use limits::Limits;
pub use mandate::{DirectDebitTerms, Mandate};
pub use message::{AnyMessage, Message, Parsed, build, parse, parse_any, specimen};
pub use money::{Amount, CurrencyCode, EquivalentAmount, InstructedAmount};
pub use original::{
    Assignment, Case, GroupStatus, OriginalGroup, OriginalTransaction, ReasonInformation, RequestedGroup,
    StatusCount,
};
pub use pacs002::{Pacs002, PaymentStatus};
pub use pacs003::{Collection, Pacs003};
pub use pacs004::{Pacs004, PaymentReturn, ReturnChain, ReturnHeader, ReturnedGroup};
pub use pacs008::{CreditTransfer, Pacs008};
pub use pacs009::{InstitutionTransfer, Pacs009};
pub use pacs028::{Pacs028, StatusRequest};
pub use pain001::{Pain001, PaymentBatch, TransferOrder};
pub use pain002::{BatchStatus, OrderStatus, Pain002};
pub use pain008::{CollectionBatch, CollectionOrder, Pain008};
pub use pain013::{Conditions, Pain013, PaymentRequest, RequestBatch};
pub use pain014::{ConditionsMet, OriginalRequest, Pain014, RequestBatchStatus, RequestStatus};
pub use parties::{Address, Birth, Contact, GenericId, OrganisationId, Party, PartyId, PersonId};
pub use payment::{Charge, PaymentId, PaymentType, Settlement, When};
pub use read::PassedOver;
pub use remittance::{
    CreditorReference, ReferenceKind, RelatedRemittance, Remittance, RemittanceLocation, StructuredRemittance,
};
pub use rule::Problem;
pub use specimen::{Chance, Filling};
pub use status::{ChargeBearer, Reason, Resolution, SettlementMethod, Status};
pub use tag::Attributes;
pub use tree::Element;
pub use version::{Edition, Family, Version};
pub use write::BuildError;
pub use xml::{Event, Reader};

/// The names of all messages whose schemas are known, such as `pacs.008.001.08`, in order.
pub fn messages() -> impl Iterator<Item = &'static str> {
    schema::table().messages().map(|message| message.name)
}

/// What every namespace of a message starts with; the message's name follows.
pub const NAMESPACE: &str = "urn:iso:std:iso:20022:tech:xsd:";
