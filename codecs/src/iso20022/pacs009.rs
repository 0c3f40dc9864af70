//! `pacs.009`, financial institution credit transfer: banks pay each other, such as a net position.
//!
//! Not modelled, passed over when read: settlement times, instructions to agents, the underlying customer transfer of a
//! cover payment, supplementary data.

use super::agents::{Account, Agent};
use super::choice::Choice;
use super::elem::{code, elem, ruled};
use super::header::TransferHeader;
use super::leaf::Date;
use super::message::message;
use super::money::Amount;
use super::pacs008::PRIORITIES;
use super::part::part;
use super::payment::{PaymentId, PaymentType};
use super::remittance::Remittance;

part! {
    /// `FICdtTrf`
    pub struct Pacs009 {
        /// `GrpHdr`
        header: TransferHeader = elem("GrpHdr"),
        /// `CdtTrfTxInf`, at least one.
        transactions: Vec<InstitutionTransfer> = elem("CdtTrfTxInf").needed(|_| true),
    }
}

message!(Pacs009, "FICdtTrf");

part! {
    /// `CdtTrfTxInf`: one payment of an institution (`CreditTransferTransaction36`, `56`).
    pub struct InstitutionTransfer {
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
        /// `PrvsInstgAgt1`
        previous_agent: Option<Box<Agent>> = elem("PrvsInstgAgt1"),
        /// `PrvsInstgAgt2`
        previous_agent_2: Option<Box<Agent>> = elem("PrvsInstgAgt2"),
        /// `PrvsInstgAgt3`
        previous_agent_3: Option<Box<Agent>> = elem("PrvsInstgAgt3"),
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
        ultimate_debtor: Option<Box<Agent>> = elem("UltmtDbtr"),
        /// `Dbtr`
        debtor: Agent = elem("Dbtr"),
        /// `DbtrAcct`
        debtor_account: Option<Account> = elem("DbtrAcct"),
        /// `DbtrAgt`
        debtor_agent: Option<Box<Agent>> = elem("DbtrAgt"),
        /// `DbtrAgtAcct`
        debtor_agent_account: Option<Box<Account>> = elem("DbtrAgtAcct"),
        /// `CdtrAgt`
        creditor_agent: Option<Box<Agent>> = elem("CdtrAgt"),
        /// `CdtrAgtAcct`
        creditor_agent_account: Option<Box<Account>> = elem("CdtrAgtAcct"),
        /// `Cdtr`
        creditor: Agent = elem("Cdtr"),
        /// `CdtrAcct`
        creditor_account: Option<Account> = elem("CdtrAcct"),
        /// `UltmtCdtr`
        ultimate_creditor: Option<Box<Agent>> = elem("UltmtCdtr"),
        /// `Purp`
        purpose: Option<Choice> = code("Purp", 4),
        /// `RmtInf`, without structured parts.
        remittance: Option<Box<Remittance>> = elem("RmtInf"),
    }
}
