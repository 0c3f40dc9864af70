//! `pain.013`, creditor payment activation request: a creditor asks a debtor to pay, until a time.
//!
//! Not modelled, passed over when read: advice wanted, mandates, cheques, instructions to agents, regulatory reporting,
//! tax, enclosed files, supplementary data.

use super::agents::{Account, Agent};
use super::choice::Choice;
use super::elem::{code, elem, ruled, text};
use super::header::InitiationHeader;
use super::message::message;
use super::money::InstructedAmount;
use super::pacs008::CHARGE_BEARERS;
use super::part::part;
use super::parties::Party;
use super::payment::{PaymentId, PaymentType, When};
use super::remittance::{RelatedRemittance, Remittance};
use super::rule::Rule;
use super::status::ChargeBearer;
use super::version::{Edition, Version};

part! {
    /// `CdtrPmtActvtnReq`
    pub struct Pain013 {
        /// `GrpHdr`
        header: InitiationHeader = elem("GrpHdr"),
        /// `PmtInf`, at least one.
        batches: Vec<RequestBatch> = elem("PmtInf").needed(|_| true),
    }
}

message!(Pain013, "CdtrPmtActvtnReq");

fn since_2021(version: Version) -> bool {
    version.edition() >= Edition::E2021
}

part! {
    /// `PmtInf`: requests to one debtor (`PaymentInstruction31`, `35`, `42`).
    pub struct RequestBatch {
        /// `PmtInfId`
        id: Option<String> = text("PmtInfId", 35),
        /// `PmtMtd`: `TRF` or `CHK`.
        method: String = ruled("PmtMtd", Rule::Words(&["TRF", "CHK"])),
        /// `PmtTpInf`
        payment_type: Option<Box<PaymentType>> = elem("PmtTpInf"),
        /// `ReqdExctnDt`; from 2021 on it may stand at the transaction instead.
        execution: Option<When> = elem("ReqdExctnDt").needed(|version| !since_2021(version)),
        /// `XpryDt`: until when the debtor may accept.
        expiry: Option<When> = elem("XpryDt"),
        /// `PmtCond`
        conditions: Option<Conditions> = elem("PmtCond"),
        /// `Dbtr`
        debtor: Party = elem("Dbtr"),
        /// `DbtrAcct`
        debtor_account: Option<Account> = elem("DbtrAcct"),
        /// `DbtrAgt`
        debtor_agent: Agent = elem("DbtrAgt"),
        /// `DbtrAgtAcct`, from 2021 on.
        debtor_agent_account: Option<Box<Account>> = elem("DbtrAgtAcct").only(since_2021),
        /// `UltmtDbtr`
        ultimate_debtor: Option<Box<Party>> = elem("UltmtDbtr"),
        /// `ChrgBr`
        charge_bearer: Option<ChargeBearer> = ruled("ChrgBr", CHARGE_BEARERS),
        /// `CdtTrfTx`, at least one.
        transactions: Vec<PaymentRequest> = elem("CdtTrfTx").needed(|_| true),
    }
}

part! {
    /// `PmtCond`: what the debtor may do (`PaymentCondition1`). Not modelled: penalty and rebate.
    pub struct Conditions {
        /// `AmtModAllwd`
        may_change_amount: bool = elem("AmtModAllwd"),
        /// `EarlyPmtAllwd`
        may_pay_early: bool = elem("EarlyPmtAllwd"),
        /// `GrntedPmtReqd`
        must_guarantee: bool = elem("GrntedPmtReqd"),
    }
}

part! {
    /// `CdtTrfTx`: one request (`CreditTransferTransaction35`, `42`, `57`).
    pub struct PaymentRequest {
        /// `PmtId`
        id: PaymentId = elem("PmtId"),
        /// `PmtTpInf`
        payment_type: Option<Box<PaymentType>> = elem("PmtTpInf"),
        /// `PmtCond`
        conditions: Option<Conditions> = elem("PmtCond"),
        /// `ReqdExctnDt`, from 2021 on.
        execution: Option<When> = elem("ReqdExctnDt").only(since_2021),
        /// `Amt`
        amount: InstructedAmount = elem("Amt"),
        /// `ChrgBr`
        charge_bearer: ChargeBearer = ruled("ChrgBr", CHARGE_BEARERS),
        /// `UltmtDbtr`
        ultimate_debtor: Option<Box<Party>> = elem("UltmtDbtr"),
        /// `IntrmyAgt1`
        intermediary_agent: Option<Box<Agent>> = elem("IntrmyAgt1"),
        /// `IntrmyAgt2`
        intermediary_agent_2: Option<Box<Agent>> = elem("IntrmyAgt2"),
        /// `IntrmyAgt3`
        intermediary_agent_3: Option<Box<Agent>> = elem("IntrmyAgt3"),
        /// `CdtrAgt`
        creditor_agent: Agent = elem("CdtrAgt"),
        /// `CdtrAgtAcct`, from 2021 on.
        creditor_agent_account: Option<Box<Account>> = elem("CdtrAgtAcct").only(since_2021),
        /// `Cdtr`
        creditor: Party = elem("Cdtr"),
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
