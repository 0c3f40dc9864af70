//! `pacs.028`, FI to FI payment status request: asks what became of a payment nobody answered.
//!
//! Not modelled, passed over when read: supplementary data.

use super::agents::Agent;
use super::elem::{elem, ruled, text};
use super::header::ReportHeader;
use super::leaf::DateTime;
use super::message::message;
use super::original::{OriginalGroup, OriginalTransaction, RequestedGroup};
use super::part::part;
use super::rule::Rule;

part! {
    /// `FIToFIPmtStsReq`
    pub struct Pacs028 {
        /// `GrpHdr`
        header: ReportHeader = elem("GrpHdr"),
        /// `OrgnlGrpInf`
        groups: Vec<RequestedGroup> = elem("OrgnlGrpInf"),
        /// `TxInf`
        transactions: Vec<StatusRequest> = elem("TxInf"),
    }
}

message!(Pacs028, "FIToFIPmtStsReq");

part! {
    /// `TxInf`: one payment asked for (`PaymentTransaction113`, `121`, `131`).
    pub struct StatusRequest {
        /// `StsReqId`
        request_id: Option<String> = text("StsReqId", 35),
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
        /// `AccptncDtTm`
        accepted: Option<DateTime> = elem("AccptncDtTm"),
        /// `ClrSysRef`
        clearing: Option<String> = text("ClrSysRef", 35),
        /// `InstgAgt`
        instructing_agent: Option<Box<Agent>> = elem("InstgAgt"),
        /// `InstdAgt`
        instructed_agent: Option<Box<Agent>> = elem("InstdAgt"),
        /// `OrgnlTxRef`
        original: Option<Box<OriginalTransaction>> = elem("OrgnlTxRef"),
    }
}
