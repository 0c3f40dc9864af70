//! `pacs.008`, FI to FI customer credit transfer: a customer's payment from bank to bank.
//!
//! Not modelled, passed over when read: settlement times, exchange of mandates, instructions to agents, regulatory
//! reporting, tax, supplementary data.

use super::agents::{Account, Agent};
use super::choice::Choice;
use super::elem::{code, elem, ruled, since_2019};
use super::header::TransferHeader;
use super::leaf::{Date, DateTime};
use super::message::message;
use super::money::Amount;
use super::part::part;
use super::parties::Party;
use super::payment::{Charge, PaymentId, PaymentType};
use super::remittance::{RelatedRemittance, Remittance};
use super::rule::Rule;
use super::status::ChargeBearer;

part! {
    /// `FIToFICstmrCdtTrf`
    pub struct Pacs008 {
        /// `GrpHdr`
        header: TransferHeader = elem("GrpHdr"),
        /// `CdtTrfTxInf`, at least one.
        transactions: Vec<CreditTransfer> = elem("CdtTrfTxInf").needed(|_| true),
    }
}

message!(Pacs008, "FIToFICstmrCdtTrf");

/// `ChargeBearerType1Code`
pub(super) const CHARGE_BEARERS: Rule = Rule::Words(&["DEBT", "CRED", "SHAR", "SLEV"]);
/// `Priority3Code`
pub(super) const PRIORITIES: Rule = Rule::Words(&["URGT", "HIGH", "NORM"]);

part! {
    /// `CdtTrfTxInf`: one payment (`CreditTransferTransactionInformation11`, `CreditTransferTransaction39`, `50`, `64`).
    pub struct CreditTransfer {
        /// `PmtId`
        id: PaymentId = elem("PmtId"),
        /// `PmtTpInf`
        payment_type: Option<Box<PaymentType>> = elem("PmtTpInf"),
        /// `IntrBkSttlmAmt`: what moves between the banks.
        settlement_amount: Amount = elem("IntrBkSttlmAmt"),
        /// `IntrBkSttlmDt`
        settlement_date: Option<Date> = elem("IntrBkSttlmDt"),
        /// `SttlmPrty`: `URGT`, `HIGH` or `NORM`.
        settlement_priority: Option<String> = ruled("SttlmPrty", PRIORITIES),
        /// `AccptncDtTm`: when the bank of the debtor took the order.
        accepted: Option<DateTime> = elem("AccptncDtTm"),
        /// `InstdAmt`: what the debtor ordered, before charges and exchange.
        instructed_amount: Option<Amount> = elem("InstdAmt"),
        /// `XchgRate`, as written.
        exchange_rate: Option<String> = ruled("XchgRate", Rule::Rate),
        /// `ChrgBr`
        charge_bearer: ChargeBearer = ruled("ChrgBr", CHARGE_BEARERS),
        /// `ChrgsInf`
        charges: Vec<Charge> = elem("ChrgsInf"),
        /// `PrvsInstgAgt1`, in 2009 `PrvsInstgAgt`.
        previous_agent: Option<Box<Agent>> = elem("PrvsInstgAgt1").was("PrvsInstgAgt"),
        /// `PrvsInstgAgt2`, from 2019 on.
        previous_agent_2: Option<Box<Agent>> = elem("PrvsInstgAgt2").only(since_2019),
        /// `PrvsInstgAgt3`, from 2019 on.
        previous_agent_3: Option<Box<Agent>> = elem("PrvsInstgAgt3").only(since_2019),
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
        /// `UltmtDbtr`
        ultimate_debtor: Option<Box<Party>> = elem("UltmtDbtr"),
        /// `InitgPty`
        initiating_party: Option<Box<Party>> = elem("InitgPty"),
        /// `Dbtr`
        debtor: Party = elem("Dbtr"),
        /// `DbtrAcct`
        debtor_account: Option<Account> = elem("DbtrAcct"),
        /// `DbtrAgt`
        debtor_agent: Agent = elem("DbtrAgt"),
        /// `DbtrAgtAcct`
        debtor_agent_account: Option<Box<Account>> = elem("DbtrAgtAcct"),
        /// `CdtrAgt`
        creditor_agent: Agent = elem("CdtrAgt"),
        /// `CdtrAgtAcct`
        creditor_agent_account: Option<Box<Account>> = elem("CdtrAgtAcct"),
        /// `Cdtr`
        creditor: Party = elem("Cdtr"),
        /// `CdtrAcct`
        creditor_account: Option<Account> = elem("CdtrAcct"),
        /// `UltmtCdtr`
        ultimate_creditor: Option<Box<Party>> = elem("UltmtCdtr"),
        /// `Purp`, such as `GOVT`.
        purpose: Option<Choice> = code("Purp", 4),
        /// `RltdRmtInf`, at most ten.
        related_remittance: Vec<RelatedRemittance> = elem("RltdRmtInf").times(|_| 10),
        /// `RmtInf`
        remittance: Option<Box<Remittance>> = elem("RmtInf"),
    }
}
