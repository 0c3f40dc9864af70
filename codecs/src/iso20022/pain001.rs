//! `pain.001`, customer credit transfer initiation: a customer orders its bank to pay, many payments at once.
//!
//! Not modelled, passed over when read: authorisations, source of the initiation, advice wanted, exchange rates, mandates,
//! cheques, instructions to agents, accounts of intermediaries, regulatory reporting, tax, supplementary data.

use super::agents::{Account, Agent};
use super::choice::Choice;
use super::elem::{code, elem, ruled, text};
use super::header::InitiationHeader;
use super::leaf::Date;
use super::message::message;
use super::money::InstructedAmount;
use super::pacs008::CHARGE_BEARERS;
use super::part::part;
use super::parties::Party;
use super::payment::{PaymentId, PaymentType, When};
use super::remittance::{RelatedRemittance, Remittance};
use super::rule::Rule;
use super::status::ChargeBearer;
use crate::amount::Decimal;

part! {
    /// `CstmrCdtTrfInitn`
    pub struct Pain001 {
        /// `GrpHdr`
        header: InitiationHeader = elem("GrpHdr"),
        /// `PmtInf`, at least one.
        batches: Vec<PaymentBatch> = elem("PmtInf").needed(|_| true),
    }
}

message!(Pain001, "CstmrCdtTrfInitn");

part! {
    /// `PmtInf`: payments from one account on one day (`PaymentInstructionInformation3`, `PaymentInstruction30` and on).
    pub struct PaymentBatch {
        /// `PmtInfId`
        id: String = text("PmtInfId", 35),
        /// `PmtMtd`: `TRF`, `TRA` or `CHK`.
        method: String = ruled("PmtMtd", Rule::Words(&["TRF", "TRA", "CHK"])),
        /// `BtchBookg`
        batch_booking: Option<bool> = elem("BtchBookg"),
        /// `NbOfTxs`
        count: Option<u64> = elem("NbOfTxs"),
        /// `CtrlSum`
        control_sum: Option<Decimal> = elem("CtrlSum"),
        /// `PmtTpInf`
        payment_type: Option<Box<PaymentType>> = elem("PmtTpInf"),
        /// `ReqdExctnDt`: a day; from 2019 on a moment too.
        execution: When = elem("ReqdExctnDt"),
        /// `PoolgAdjstmntDt`
        pooling_date: Option<Date> = elem("PoolgAdjstmntDt"),
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
        /// `ChrgBr`
        charge_bearer: Option<ChargeBearer> = ruled("ChrgBr", CHARGE_BEARERS),
        /// `ChrgsAcct`
        charges_account: Option<Box<Account>> = elem("ChrgsAcct"),
        /// `ChrgsAcctAgt`
        charges_agent: Option<Box<Agent>> = elem("ChrgsAcctAgt"),
        /// `CdtTrfTxInf`, at least one.
        transactions: Vec<TransferOrder> = elem("CdtTrfTxInf").needed(|_| true),
    }
}

part! {
    /// `CdtTrfTxInf`: one payment ordered (`CreditTransferTransactionInformation10`, `CreditTransferTransaction34` and on).
    pub struct TransferOrder {
        /// `PmtId`
        id: PaymentId = elem("PmtId"),
        /// `PmtTpInf`
        payment_type: Option<Box<PaymentType>> = elem("PmtTpInf"),
        /// `Amt`
        amount: InstructedAmount = elem("Amt"),
        /// `ChrgBr`
        charge_bearer: Option<ChargeBearer> = ruled("ChrgBr", CHARGE_BEARERS),
        /// `UltmtDbtr`
        ultimate_debtor: Option<Box<Party>> = elem("UltmtDbtr"),
        /// `IntrmyAgt1`
        intermediary_agent: Option<Box<Agent>> = elem("IntrmyAgt1"),
        /// `IntrmyAgt2`
        intermediary_agent_2: Option<Box<Agent>> = elem("IntrmyAgt2"),
        /// `IntrmyAgt3`
        intermediary_agent_3: Option<Box<Agent>> = elem("IntrmyAgt3"),
        /// `CdtrAgt`
        creditor_agent: Option<Agent> = elem("CdtrAgt"),
        /// `CdtrAgtAcct`
        creditor_agent_account: Option<Box<Account>> = elem("CdtrAgtAcct"),
        /// `Cdtr`
        creditor: Option<Party> = elem("Cdtr"),
        /// `CdtrAcct`
        creditor_account: Option<Account> = elem("CdtrAcct"),
        /// `UltmtCdtr`
        ultimate_creditor: Option<Box<Party>> = elem("UltmtCdtr"),
        /// `Purp`
        purpose: Option<Choice> = code("Purp", 4),
        /// `RltdRmtInf`, at most ten.
        related_remittance: Vec<RelatedRemittance> = elem("RltdRmtInf").times(|_| 10),
        /// `RmtInf`
        remittance: Option<Box<Remittance>> = elem("RmtInf"),
    }
}
