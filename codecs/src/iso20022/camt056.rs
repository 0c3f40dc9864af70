//! `camt.056`, FI to FI payment cancellation request: a payment that was sent is recalled.
//!
//! Not modelled, passed over when read: supplementary data.

use super::agents::Agent;
use super::elem::{code, elem, ruled, text};
use super::leaf::{Date, DateTime};
use super::message::message;
use super::money::Amount;
use super::original::{Assignment, Case, OriginalGroup, OriginalTransaction, ReasonInformation};
use super::part::part;
use super::rule::Rule;
use crate::amount::Decimal;

part! {
    /// `FIToFIPmtCxlReq`
    pub struct Camt056 {
        /// `Assgnmt`
        assignment: Assignment = elem("Assgnmt"),
        /// `Case`
        case: Option<Case> = elem("Case"),
        /// `CtrlData`
        control: Option<Control> = elem("CtrlData"),
        /// `Undrlyg`, at least one.
        underlying: Vec<Recalled> = elem("Undrlyg").needed(|_| true),
    }
}

message!(Camt056, "FIToFIPmtCxlReq");

part! {
    /// `CtrlData`: how many payments are recalled (`ControlData1`).
    pub struct Control {
        /// `NbOfTxs`
        count: u64 = elem("NbOfTxs"),
        /// `CtrlSum`
        control_sum: Option<Decimal> = elem("CtrlSum"),
    }
}

part! {
    /// `Undrlyg`: a group or payments of one (`UnderlyingTransaction23`, `28`).
    pub struct Recalled {
        /// `OrgnlGrpInfAndCxl`
        group: Option<Box<RecalledGroup>> = elem("OrgnlGrpInfAndCxl"),
        /// `TxInf`
        transactions: Vec<Recall> = elem("TxInf"),
    }
}

part! {
    /// `OriginalGroupHeader15`
    pub struct RecalledGroup {
        /// `GrpCxlId`
        recall_id: Option<String> = text("GrpCxlId", 35),
        /// `Case`
        case: Option<Case> = elem("Case"),
        /// `OrgnlMsgId`
        message_id: String = text("OrgnlMsgId", 35),
        /// `OrgnlMsgNmId`
        message_name: String = text("OrgnlMsgNmId", 35),
        /// `OrgnlCreDtTm`
        created: Option<DateTime> = elem("OrgnlCreDtTm"),
        /// `NbOfTxs`
        count: Option<u64> = elem("NbOfTxs"),
        /// `CtrlSum`
        control_sum: Option<Decimal> = elem("CtrlSum"),
        /// `GrpCxl`: the whole group is recalled.
        is_whole_group: Option<bool> = elem("GrpCxl"),
        /// `CxlRsnInf`
        reasons: Vec<ReasonInformation> = code("CxlRsnInf", 4),
    }
}

part! {
    /// `TxInf`: one recall (`PaymentTransaction106`, `137`).
    pub struct Recall {
        /// `CxlId`
        recall_id: Option<String> = text("CxlId", 35),
        /// `Case`
        case: Option<Box<Case>> = elem("Case"),
        /// `OrgnlGrpInf`
        group: Option<OriginalGroup> = elem("OrgnlGrpInf"),
        /// `OrgnlInstrId`
        instruction: Option<String> = text("OrgnlInstrId", 35),
        /// `OrgnlEndToEndId`
        end_to_end: Option<String> = text("OrgnlEndToEndId", 35),
        /// `OrgnlTxId`
        transaction: Option<String> = text("OrgnlTxId", 35),
        /// `OrgnlUETR`
        uetr: Option<String> = ruled("OrgnlUETR", Rule::Uuid),
        /// `OrgnlClrSysRef`
        clearing: Option<String> = text("OrgnlClrSysRef", 35),
        /// `OrgnlIntrBkSttlmAmt`
        amount: Option<Amount> = elem("OrgnlIntrBkSttlmAmt"),
        /// `OrgnlIntrBkSttlmDt`
        settlement_date: Option<Date> = elem("OrgnlIntrBkSttlmDt"),
        /// `Assgnr`
        assigner: Option<Box<Agent>> = elem("Assgnr"),
        /// `Assgne`
        assignee: Option<Box<Agent>> = elem("Assgne"),
        /// `CxlRsnInf`
        reasons: Vec<ReasonInformation> = code("CxlRsnInf", 4),
        /// `OrgnlTxRef`
        original: Option<Box<OriginalTransaction>> = elem("OrgnlTxRef"),
    }
}
