//! `pain.008`, customer direct debit initiation: a creditor orders its bank to collect, many times at once.
//!
//! Not modelled, passed over when read: authorisations, advice wanted, instructions to agents, regulatory reporting, tax,
//! supplementary data.

use super::agents::{Account, Agent};
use super::choice::Choice;
use super::elem::{code, elem, ruled, text};
use super::header::InitiationHeader;
use super::leaf::Date;
use super::mandate::DirectDebitTerms;
use super::message::message;
use super::money::Amount;
use super::pacs008::CHARGE_BEARERS;
use super::part::part;
use super::parties::Party;
use super::payment::{PaymentId, PaymentType};
use super::remittance::{RelatedRemittance, Remittance};
use super::rule::Rule;
use super::status::ChargeBearer;
use crate::amount::Decimal;

part! {
    /// `CstmrDrctDbtInitn`
    pub struct Pain008 {
        /// `GrpHdr`
        header: InitiationHeader = elem("GrpHdr"),
        /// `PmtInf`, at least one.
        batches: Vec<CollectionBatch> = elem("PmtInf").needed(|_| true),
    }
}

message!(Pain008, "CstmrDrctDbtInitn");

part! {
    /// `PmtInf`: collections to one account on one day (`PaymentInstructionInformation4`, `PaymentInstruction29`, `37`).
    pub struct CollectionBatch {
        /// `PmtInfId`
        id: String = text("PmtInfId", 35),
        /// `PmtMtd`: `DD`.
        method: String = ruled("PmtMtd", Rule::Words(&["DD"])),
        /// `BtchBookg`
        batch_booking: Option<bool> = elem("BtchBookg"),
        /// `NbOfTxs`
        count: Option<u64> = elem("NbOfTxs"),
        /// `CtrlSum`
        control_sum: Option<Decimal> = elem("CtrlSum"),
        /// `PmtTpInf`
        payment_type: Option<Box<PaymentType>> = elem("PmtTpInf"),
        /// `ReqdColltnDt`
        collection_date: Date = elem("ReqdColltnDt"),
        /// `Cdtr`
        creditor: Party = elem("Cdtr"),
        /// `CdtrAcct`
        creditor_account: Account = elem("CdtrAcct"),
        /// `CdtrAgt`
        creditor_agent: Agent = elem("CdtrAgt"),
        /// `CdtrAgtAcct`
        creditor_agent_account: Option<Box<Account>> = elem("CdtrAgtAcct"),
        /// `UltmtCdtr`
        ultimate_creditor: Option<Box<Party>> = elem("UltmtCdtr"),
        /// `ChrgBr`
        charge_bearer: Option<ChargeBearer> = ruled("ChrgBr", CHARGE_BEARERS),
        /// `ChrgsAcct`
        charges_account: Option<Box<Account>> = elem("ChrgsAcct"),
        /// `ChrgsAcctAgt`
        charges_agent: Option<Box<Agent>> = elem("ChrgsAcctAgt"),
        /// `CdtrSchmeId`
        creditor_scheme: Option<Box<Party>> = elem("CdtrSchmeId"),
        /// `DrctDbtTxInf`, at least one.
        transactions: Vec<CollectionOrder> = elem("DrctDbtTxInf").needed(|_| true),
    }
}

part! {
    /// `DrctDbtTxInf`: one collection ordered (`DirectDebitTransactionInformation9`, `23`).
    pub struct CollectionOrder {
        /// `PmtId`
        id: PaymentId = elem("PmtId"),
        /// `PmtTpInf`
        payment_type: Option<Box<PaymentType>> = elem("PmtTpInf"),
        /// `InstdAmt`
        amount: Amount = elem("InstdAmt"),
        /// `ChrgBr`
        charge_bearer: Option<ChargeBearer> = ruled("ChrgBr", CHARGE_BEARERS),
        /// `DrctDbtTx`
        terms: Option<Box<DirectDebitTerms>> = elem("DrctDbtTx"),
        /// `UltmtCdtr`
        ultimate_creditor: Option<Box<Party>> = elem("UltmtCdtr"),
        /// `DbtrAgt`
        debtor_agent: Agent = elem("DbtrAgt"),
        /// `DbtrAgtAcct`
        debtor_agent_account: Option<Box<Account>> = elem("DbtrAgtAcct"),
        /// `Dbtr`
        debtor: Party = elem("Dbtr"),
        /// `DbtrAcct`
        debtor_account: Account = elem("DbtrAcct"),
        /// `UltmtDbtr`
        ultimate_debtor: Option<Box<Party>> = elem("UltmtDbtr"),
        /// `Purp`
        purpose: Option<Choice> = code("Purp", 4),
        /// `RltdRmtInf`, at most ten.
        related_remittance: Vec<RelatedRemittance> = elem("RltdRmtInf").times(|_| 10),
        /// `RmtInf`
        remittance: Option<Box<Remittance>> = elem("RmtInf"),
    }
}
