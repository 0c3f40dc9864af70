//! `pacs.002`, FI to FI payment status report: what became of payments, told by the receiving side.
//!
//! Not modelled, passed over when read: the business query answered, supplementary data.

use super::agents::Agent;
use super::elem::{code, elem, ruled, since_2019, since_2024, text};
use super::header::ReportHeader;
use super::leaf::DateTime;
use super::message::message;
use super::original::{
    GroupStatus, OriginalGroup, OriginalTransaction, ReasonInformation, TRANSACTION_STATUS,
};
use super::part::part;
use super::payment::{Charge, When};
use super::rule::Rule;
use super::status::Status;

part! {
    /// `FIToFIPmtStsRpt`
    pub struct Pacs002 {
        /// `GrpHdr`
        header: ReportHeader = elem("GrpHdr"),
        /// `OrgnlGrpInfAndSts`; in 2009 exactly one.
        groups: Vec<GroupStatus> = elem("OrgnlGrpInfAndSts")
            .needed(|version| !since_2019(version))
            .times(|version| if since_2019(version) { usize::MAX } else { 1 }),
        /// `TxInfAndSts`
        transactions: Vec<PaymentStatus> = elem("TxInfAndSts"),
    }
}

message!(Pacs002, "FIToFIPmtStsRpt");

part! {
    /// `TxInfAndSts`: what became of one payment (`PaymentTransactionInformation26`, `PaymentTransaction110`, `130`, `161`).
    pub struct PaymentStatus {
        /// `StsId`
        status_id: Option<String> = text("StsId", 35),
        /// `OrgnlGrpInf`, from 2019 on.
        group: Option<OriginalGroup> = elem("OrgnlGrpInf").only(since_2019),
        /// `OrgnlInstrId`
        instruction: Option<String> = text("OrgnlInstrId", 35),
        /// `OrgnlEndToEndId`
        end_to_end: Option<String> = text("OrgnlEndToEndId", 35),
        /// `OrgnlTxId`
        transaction: Option<String> = text("OrgnlTxId", 35),
        /// `OrgnlUETR`, from 2019 on.
        uetr: Option<String> = ruled("OrgnlUETR", Rule::Uuid).only(since_2019),
        /// `TxSts`
        status: Option<Status> = ruled("TxSts", TRANSACTION_STATUS),
        /// `StsRsnInf`
        reasons: Vec<ReasonInformation> = code("StsRsnInf", 4),
        /// `ChrgsInf`
        charges: Vec<Charge> = elem("ChrgsInf"),
        /// `AccptncDtTm`
        accepted: Option<DateTime> = elem("AccptncDtTm"),
        /// `PrcgDt`, from 2024 on.
        processed: Option<When> = elem("PrcgDt").only(since_2024),
        /// `FctvIntrBkSttlmDt`, from 2019 on.
        settled: Option<When> = elem("FctvIntrBkSttlmDt").only(since_2019),
        /// `AcctSvcrRef`
        account_servicer_reference: Option<String> = text("AcctSvcrRef", 35),
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
