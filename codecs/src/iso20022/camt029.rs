//! `camt.029`, resolution of investigation: the answer to a recall.
//!
//! Not modelled, passed over when read: details by payment batch, modifications, claims of non-receipt, statement
//! entries, corrective transactions, resolution details, supplementary data.

use super::agents::PartyOrAgent;
use super::choice::Choice;
use super::elem::{code, elem, ruled, text};
use super::leaf::{Date, DateTime};
use super::message::message;
use super::money::Amount;
use super::original::{Assignment, Case, OriginalGroup, OriginalTransaction, ReasonInformation};
use super::part::{choice, part};
use super::rule::Rule;
use super::status::Resolution;
use crate::amount::Decimal;

part! {
    /// `RsltnOfInvstgtn`
    pub struct Camt029 {
        /// `Assgnmt`
        assignment: Assignment = elem("Assgnmt"),
        /// `RslvdCase`
        resolved_case: Option<Case> = elem("RslvdCase"),
        /// `Sts`
        outcome: Outcome = elem("Sts"),
        /// `CxlDtls`
        details: Vec<ResolutionDetails> = elem("CxlDtls"),
    }
}

message!(Camt029, "RsltnOfInvstgtn");

choice! {
    /// `InvestigationStatus5Choice`: what became of the case.
    pub enum Outcome {
        /// `Conf`, such as `CNCL` or `RJCR`.
        Confirmed(Resolution) = code("Conf", 4),
        /// `RjctdMod`: why a modification was rejected, at least one.
        ModificationRejected(Vec<Choice>) = code("RjctdMod", 4).needed(|_| true),
        /// `DplctOf`: the case is one already known.
        DuplicateOf(Case) = elem("DplctOf"),
        /// `AssgnmtCxlConf`: whether the assignment was cancelled.
        AssignmentCancelled(bool) = elem("AssgnmtCxlConf"),
    }
}

impl Default for Outcome {
    /// No outcome: building refuses it.
    fn default() -> Self {
        Outcome::Confirmed(Resolution::default())
    }
}

part! {
    /// `CxlDtls`: a group or payments of one (`UnderlyingTransaction22`, `29`).
    pub struct ResolutionDetails {
        /// `OrgnlGrpInfAndSts`
        group: Option<Box<GroupResolution>> = elem("OrgnlGrpInfAndSts"),
        /// `TxInfAndSts`
        transactions: Vec<RecallStatus> = elem("TxInfAndSts"),
    }
}

/// `GroupCancellationStatus1Code`
const GROUP: Rule = Rule::Words(&["PACR", "RJCR", "ACCR", "PDCR"]);
/// `CancellationIndividualStatus1Code`
const INDIVIDUAL: Rule = Rule::Words(&["RJCR", "ACCR", "PDCR"]);

part! {
    /// `OriginalGroupHeader14`. Not modelled: numbers per status.
    pub struct GroupResolution {
        /// `OrgnlGrpCxlId`
        recall_id: Option<String> = text("OrgnlGrpCxlId", 35),
        /// `RslvdCase`
        resolved_case: Option<Case> = elem("RslvdCase"),
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
        /// `GrpCxlSts`: `PACR`, `RJCR`, `ACCR` or `PDCR`.
        status: Option<Resolution> = ruled("GrpCxlSts", GROUP),
        /// `CxlStsRsnInf`
        reasons: Vec<ReasonInformation> = code("CxlStsRsnInf", 4),
    }
}

part! {
    /// `TxInfAndSts`: what became of one recall (`PaymentTransaction102`, `138`).
    pub struct RecallStatus {
        /// `CxlStsId`
        recall_id: Option<String> = text("CxlStsId", 35),
        /// `RslvdCase`
        resolved_case: Option<Box<Case>> = elem("RslvdCase"),
        /// `OrgnlGrpInf`
        group: Option<OriginalGroup> = elem("OrgnlGrpInf"),
        /// `OrgnlInstrId`
        instruction: Option<String> = text("OrgnlInstrId", 35),
        /// `OrgnlEndToEndId`
        end_to_end: Option<String> = text("OrgnlEndToEndId", 35),
        /// `OrgnlTxId`
        transaction: Option<String> = text("OrgnlTxId", 35),
        /// `OrgnlClrSysRef`
        clearing: Option<String> = text("OrgnlClrSysRef", 35),
        /// `OrgnlUETR`
        uetr: Option<String> = ruled("OrgnlUETR", Rule::Uuid),
        /// `TxCxlSts`: `RJCR`, `ACCR` or `PDCR`.
        status: Option<Resolution> = ruled("TxCxlSts", INDIVIDUAL),
        /// `CxlStsRsnInf`
        reasons: Vec<ReasonInformation> = code("CxlStsRsnInf", 4),
        /// `OrgnlIntrBkSttlmAmt`
        amount: Option<Amount> = elem("OrgnlIntrBkSttlmAmt"),
        /// `OrgnlIntrBkSttlmDt`
        settlement_date: Option<Date> = elem("OrgnlIntrBkSttlmDt"),
        /// `Assgnr`
        assigner: Option<Box<PartyOrAgent>> = elem("Assgnr"),
        /// `Assgne`
        assignee: Option<Box<PartyOrAgent>> = elem("Assgne"),
        /// `OrgnlTxRef`
        original: Option<Box<OriginalTransaction>> = elem("OrgnlTxRef"),
    }
}
