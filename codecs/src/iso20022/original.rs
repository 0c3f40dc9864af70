//! References to what came before: the original group and transaction an answer speaks of.

use super::agents::{Account, Agent, PartyOrAgent};
use super::choice::Choice;
use super::elem::{code, elem, ruled, since_2019, text};
use super::leaf::{Date, DateTime};
use super::money::{Amount, InstructedAmount};
use super::part::part;
use super::parties::Party;
use super::payment::{PaymentType, Settlement, When};
use super::remittance::Remittance;
use super::rule::Rule;
use super::status::{Reason, Status};
use super::version::Edition;
use crate::amount::Decimal;

/// Statuses of the closed lists of 2009; an external list afterwards.
pub(super) const TRANSACTION_STATUS: Rule =
    Rule::WordsUntil(Edition::E2010, &["ACTC", "RJCT", "PDNG", "ACCP", "ACSP", "ACSC", "ACWC"]);
pub(super) const GROUP_STATUS: Rule = Rule::WordsUntil(
    Edition::E2010,
    &["ACTC", "RCVD", "PART", "RJCT", "PDNG", "ACCP", "ACSP", "ACSC", "ACWC"],
);

part! {
    /// `OriginalGroupInformation29`: the message a payment came in.
    pub struct OriginalGroup {
        /// `OrgnlMsgId`
        message_id: String = text("OrgnlMsgId", 35),
        /// `OrgnlMsgNmId`, such as `pacs.008.001.08`.
        message_name: String = text("OrgnlMsgNmId", 35),
        /// `OrgnlCreDtTm`
        created: Option<DateTime> = elem("OrgnlCreDtTm"),
    }
}

part! {
    /// `OriginalGroupInformation27`: the same with number and sum, as a status request names it.
    pub struct RequestedGroup {
        /// `OrgnlMsgId`
        message_id: String = text("OrgnlMsgId", 35),
        /// `OrgnlMsgNmId`
        message_name: String = text("OrgnlMsgNmId", 35),
        /// `OrgnlCreDtTm`
        created: Option<DateTime> = elem("OrgnlCreDtTm"),
        /// `OrgnlNbOfTxs`
        count: Option<u64> = elem("OrgnlNbOfTxs"),
        /// `OrgnlCtrlSum`
        control_sum: Option<Decimal> = elem("OrgnlCtrlSum"),
    }
}

part! {
    /// `OrgnlGrpInfAndSts`: what became of a group (`OriginalGroupInformation20`, `30`, `OriginalGroupHeader17`, `22`).
    pub struct GroupStatus {
        /// `OrgnlMsgId`
        message_id: String = text("OrgnlMsgId", 35),
        /// `OrgnlMsgNmId`
        message_name: String = text("OrgnlMsgNmId", 35),
        /// `OrgnlCreDtTm`
        created: Option<DateTime> = elem("OrgnlCreDtTm"),
        /// `OrgnlNbOfTxs`
        count: Option<u64> = elem("OrgnlNbOfTxs"),
        /// `OrgnlCtrlSum`
        control_sum: Option<Decimal> = elem("OrgnlCtrlSum"),
        /// `GrpSts`
        status: Option<Status> = ruled("GrpSts", GROUP_STATUS),
        /// `StsRsnInf`
        reasons: Vec<ReasonInformation> = code("StsRsnInf", 4),
        /// `NbOfTxsPerSts`
        counts: Vec<StatusCount> = elem("NbOfTxsPerSts"),
    }
}

part! {
    /// `NumberOfTransactionsPerStatus3`, `5`.
    pub struct StatusCount {
        /// `DtldNbOfTxs`
        count: u64 = elem("DtldNbOfTxs"),
        /// `DtldSts`
        status: Status = ruled("DtldSts", TRANSACTION_STATUS),
        /// `DtldCtrlSum`
        control_sum: Option<Decimal> = elem("DtldCtrlSum"),
    }
}

part! {
    /// Why: `StatusReasonInformation8` to `14`, `PaymentReturnReason6`, `PaymentCancellationReason5`,
    /// `CancellationStatusReason4` are alike.
    pub struct ReasonInformation {
        /// `Orgtr`: who says so.
        originator: Option<Box<Party>> = elem("Orgtr"),
        /// `Rsn`
        reason: Option<Choice<Reason>> = code("Rsn", 4),
        /// `AddtlInf`
        additional: Vec<String> = text("AddtlInf", 105),
    }
}

impl From<Reason> for ReasonInformation {
    fn from(reason: Reason) -> Self {
        Self { reason: Some(Choice::Code(reason)), ..Self::default() }
    }
}

part! {
    /// `OrgnlTxRef`: what the original transaction said (`OriginalTransactionReference13` to `42`). Not modelled: the
    /// mandate and the underlying customer transfer.
    pub struct OriginalTransaction {
        /// `IntrBkSttlmAmt`
        settlement_amount: Option<Amount> = elem("IntrBkSttlmAmt"),
        /// `Amt`
        amount: Option<InstructedAmount> = elem("Amt"),
        /// `IntrBkSttlmDt`
        settlement_date: Option<Date> = elem("IntrBkSttlmDt"),
        /// `ReqdColltnDt`
        collection_date: Option<Date> = elem("ReqdColltnDt"),
        /// `ReqdExctnDt`
        execution: Option<When> = elem("ReqdExctnDt"),
        /// `CdtrSchmeId`
        creditor_scheme: Option<Box<Party>> = elem("CdtrSchmeId"),
        /// `SttlmInf`
        settlement: Option<Box<Settlement>> = elem("SttlmInf"),
        /// `PmtTpInf`
        payment_type: Option<Box<PaymentType>> = elem("PmtTpInf"),
        /// `PmtMtd`: `CHK`, `TRF`, `DD` or `TRA`.
        payment_method: Option<String> = ruled("PmtMtd", Rule::Words(&["CHK", "TRF", "DD", "TRA"])),
        /// `RmtInf`
        remittance: Option<Box<Remittance>> = elem("RmtInf"),
        /// `UltmtDbtr`
        ultimate_debtor: Option<Box<PartyOrAgent>> = elem("UltmtDbtr"),
        /// `Dbtr`
        debtor: Option<Box<PartyOrAgent>> = elem("Dbtr"),
        /// `DbtrAcct`
        debtor_account: Option<Box<Account>> = elem("DbtrAcct"),
        /// `DbtrAgt`
        debtor_agent: Option<Box<Agent>> = elem("DbtrAgt"),
        /// `DbtrAgtAcct`
        debtor_agent_account: Option<Box<Account>> = elem("DbtrAgtAcct"),
        /// `CdtrAgt`
        creditor_agent: Option<Box<Agent>> = elem("CdtrAgt"),
        /// `CdtrAgtAcct`
        creditor_agent_account: Option<Box<Account>> = elem("CdtrAgtAcct"),
        /// `Cdtr`
        creditor: Option<Box<PartyOrAgent>> = elem("Cdtr"),
        /// `CdtrAcct`
        creditor_account: Option<Box<Account>> = elem("CdtrAcct"),
        /// `UltmtCdtr`
        ultimate_creditor: Option<Box<PartyOrAgent>> = elem("UltmtCdtr"),
        /// `Purp`, from 2019 on.
        purpose: Option<Choice> = code("Purp", 4).only(since_2019),
    }
}

part! {
    /// `CaseAssignment5`: who hands a case to whom.
    pub struct Assignment {
        /// `Id`
        id: String = text("Id", 35),
        /// `Assgnr`
        assigner: PartyOrAgent = elem("Assgnr"),
        /// `Assgne`
        assignee: PartyOrAgent = elem("Assgne"),
        /// `CreDtTm`
        created: DateTime = elem("CreDtTm"),
    }
}

part! {
    /// `Case5`
    pub struct Case {
        /// `Id`
        id: String = text("Id", 35),
        /// `Cretr`
        creator: PartyOrAgent = elem("Cretr"),
        /// `ReopCaseIndctn`
        reopened: Option<bool> = elem("ReopCaseIndctn"),
    }
}
