//! `pacs.003`, FI to FI customer direct debit: the bank of the creditor collects from the bank of the debtor.
//!
//! Not modelled, passed over when read: authorisations, settlement times, regulatory reporting, supplementary data.

use super::agents::{Account, Agent};
use super::choice::Choice;
use super::elem::{code, elem, ruled};
use super::header::TransferHeader;
use super::leaf::Date;
use super::mandate::DirectDebitTerms;
use super::message::message;
use super::money::Amount;
use super::pacs008::{CHARGE_BEARERS, PRIORITIES};
use super::part::part;
use super::parties::Party;
use super::payment::{Charge, PaymentId, PaymentType};
use super::remittance::{RelatedRemittance, Remittance};
use super::rule::Rule;
use super::status::ChargeBearer;

part! {
    /// `FIToFICstmrDrctDbt`
    pub struct Pacs003 {
        /// `GrpHdr`; its settlement method is not `COVE`.
        header: TransferHeader = elem("GrpHdr"),
        /// `DrctDbtTxInf`, at least one.
        transactions: Vec<Collection> = elem("DrctDbtTxInf").needed(|_| true),
    }
}

message!(Pacs003, "FIToFICstmrDrctDbt");

part! {
    /// `DrctDbtTxInf`: one collection (`DirectDebitTransactionInformation24`, `29`).
    pub struct Collection {
        /// `PmtId`
        id: PaymentId = elem("PmtId"),
        /// `PmtTpInf`
        payment_type: Option<Box<PaymentType>> = elem("PmtTpInf"),
        /// `IntrBkSttlmAmt`
        settlement_amount: Amount = elem("IntrBkSttlmAmt"),
        /// `IntrBkSttlmDt`
        settlement_date: Option<Date> = elem("IntrBkSttlmDt"),
        /// `SttlmPrty`
        settlement_priority: Option<String> = ruled("SttlmPrty", PRIORITIES),
        /// `InstdAmt`
        instructed_amount: Option<Amount> = elem("InstdAmt"),
        /// `XchgRate`, as written.
        exchange_rate: Option<String> = ruled("XchgRate", Rule::Rate),
        /// `ChrgBr`
        charge_bearer: ChargeBearer = ruled("ChrgBr", CHARGE_BEARERS),
        /// `ChrgsInf`
        charges: Vec<Charge> = elem("ChrgsInf"),
        /// `ReqdColltnDt`
        collection_date: Option<Date> = elem("ReqdColltnDt"),
        /// `DrctDbtTx`
        terms: Option<Box<DirectDebitTerms>> = elem("DrctDbtTx"),
        /// `Cdtr`
        creditor: Party = elem("Cdtr"),
        /// `CdtrAcct`
        creditor_account: Option<Account> = elem("CdtrAcct"),
        /// `CdtrAgt`
        creditor_agent: Agent = elem("CdtrAgt"),
        /// `CdtrAgtAcct`
        creditor_agent_account: Option<Box<Account>> = elem("CdtrAgtAcct"),
        /// `UltmtCdtr`
        ultimate_creditor: Option<Box<Party>> = elem("UltmtCdtr"),
        /// `InitgPty`
        initiating_party: Option<Box<Party>> = elem("InitgPty"),
        /// `InstgAgt`
        instructing_agent: Option<Box<Agent>> = elem("InstgAgt"),
        /// `InstdAgt`
        instructed_agent: Option<Box<Agent>> = elem("InstdAgt"),
        /// `IntrmyAgt1`
        intermediary_agent: Option<Box<Agent>> = elem("IntrmyAgt1"),
        /// `IntrmyAgt2`
        intermediary_agent_2: Option<Box<Agent>> = elem("IntrmyAgt2"),
        /// `IntrmyAgt3`
        intermediary_agent_3: Option<Box<Agent>> = elem("IntrmyAgt3"),
        /// `Dbtr`
        debtor: Party = elem("Dbtr"),
        /// `DbtrAcct`
        debtor_account: Account = elem("DbtrAcct"),
        /// `DbtrAgt`
        debtor_agent: Agent = elem("DbtrAgt"),
        /// `DbtrAgtAcct`
        debtor_agent_account: Option<Box<Account>> = elem("DbtrAgtAcct"),
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
