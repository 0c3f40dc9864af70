//! `pain.002`, customer payment status report: the bank tells the customer what became of its orders.
//!
//! Not modelled, passed over when read: tracker data, supplementary data.

use super::elem::{code, elem, ruled, since_2019, text};
use super::header::CustomerReportHeader;
use super::leaf::DateTime;
use super::message::message;
use super::original::{
    GROUP_STATUS, GroupStatus, OriginalTransaction, ReasonInformation, StatusCount, TRANSACTION_STATUS,
};
use super::part::part;
use super::payment::Charge;
use super::rule::Rule;
use super::status::Status;
use crate::amount::Decimal;

part! {
    /// `CstmrPmtStsRpt`
    pub struct Pain002 {
        /// `GrpHdr`
        header: CustomerReportHeader = elem("GrpHdr"),
        /// `OrgnlGrpInfAndSts`
        group: GroupStatus = elem("OrgnlGrpInfAndSts"),
        /// `OrgnlPmtInfAndSts`
        batches: Vec<BatchStatus> = elem("OrgnlPmtInfAndSts"),
    }
}

message!(Pain002, "CstmrPmtStsRpt");

part! {
    /// `OrgnlPmtInfAndSts`: what became of a batch (`OriginalPaymentInformation1`, `OriginalPaymentInstruction32` and on).
    pub struct BatchStatus {
        /// `OrgnlPmtInfId`
        batch_id: String = text("OrgnlPmtInfId", 35),
        /// `OrgnlNbOfTxs`
        count: Option<u64> = elem("OrgnlNbOfTxs"),
        /// `OrgnlCtrlSum`
        control_sum: Option<Decimal> = elem("OrgnlCtrlSum"),
        /// `PmtInfSts`
        status: Option<Status> = ruled("PmtInfSts", GROUP_STATUS),
        /// `StsRsnInf`
        reasons: Vec<ReasonInformation> = code("StsRsnInf", 4),
        /// `NbOfTxsPerSts`
        counts: Vec<StatusCount> = elem("NbOfTxsPerSts"),
        /// `TxInfAndSts`
        transactions: Vec<OrderStatus> = elem("TxInfAndSts"),
    }
}

part! {
    /// `TxInfAndSts`: what became of one order (`PaymentTransactionInformation25`, `PaymentTransaction105` and on).
    pub struct OrderStatus {
        /// `StsId`
        status_id: Option<String> = text("StsId", 35),
        /// `OrgnlInstrId`
        instruction: Option<String> = text("OrgnlInstrId", 35),
        /// `OrgnlEndToEndId`
        end_to_end: Option<String> = text("OrgnlEndToEndId", 35),
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
        /// `AcctSvcrRef`
        account_servicer_reference: Option<String> = text("AcctSvcrRef", 35),
        /// `ClrSysRef`
        clearing: Option<String> = text("ClrSysRef", 35),
        /// `OrgnlTxRef`
        original: Option<Box<OriginalTransaction>> = elem("OrgnlTxRef"),
    }
}
