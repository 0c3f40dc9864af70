//! `pain.014`, creditor payment activation request status report: the answer to a request to pay.
//!
//! Not modelled, passed over when read: enclosed files, mandates, supplementary data.

use super::agents::{Account, Agent};
use super::elem::{code, elem, ruled, text};
use super::header::CustomerReportHeader;
use super::leaf::DateTime;
use super::message::message;
use super::money::{Amount, InstructedAmount};
use super::original::{GROUP_STATUS, GroupStatus, ReasonInformation, StatusCount, TRANSACTION_STATUS};
use super::pain013::Conditions;
use super::part::part;
use super::parties::Party;
use super::payment::{Charge, PaymentType, When};
use super::remittance::Remittance;
use super::rule::Rule;
use super::status::Status;
use super::version::Edition;
use crate::amount::Decimal;

part! {
    /// `CdtrPmtActvtnReqStsRpt`
    pub struct Pain014 {
        /// `GrpHdr`
        header: CustomerReportHeader = elem("GrpHdr"),
        /// `OrgnlGrpInfAndSts`
        group: GroupStatus = elem("OrgnlGrpInfAndSts"),
        /// `OrgnlPmtInfAndSts`
        batches: Vec<RequestBatchStatus> = elem("OrgnlPmtInfAndSts"),
    }
}

message!(Pain014, "CdtrPmtActvtnReqStsRpt");

part! {
    /// `OrgnlPmtInfAndSts`: what became of a batch of requests (`OriginalPaymentInstruction31`, `39`, `46`).
    pub struct RequestBatchStatus {
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
        transactions: Vec<RequestStatus> = elem("TxInfAndSts"),
    }
}

part! {
    /// `TxInfAndSts`: what became of one request (`PaymentTransaction104`, `128`, `145`).
    pub struct RequestStatus {
        /// `StsId`
        status_id: Option<String> = text("StsId", 35),
        /// `OrgnlInstrId`
        instruction: Option<String> = text("OrgnlInstrId", 35),
        /// `OrgnlEndToEndId`
        end_to_end: Option<String> = text("OrgnlEndToEndId", 35),
        /// `OrgnlUETR`
        uetr: Option<String> = ruled("OrgnlUETR", Rule::Uuid),
        /// `TxSts`
        status: Option<Status> = ruled("TxSts", TRANSACTION_STATUS),
        /// `StsRsnInf`
        reasons: Vec<ReasonInformation> = code("StsRsnInf", 4),
        /// `PmtCondSts`
        conditions: Option<ConditionsMet> = elem("PmtCondSts"),
        /// `ChrgsInf`
        charges: Vec<Charge> = elem("ChrgsInf"),
        /// `DbtrDcsnDtTm`: when the debtor decided.
        decided: Option<DateTime> = elem("DbtrDcsnDtTm"),
        /// `AccptncDtTm`
        accepted: Option<DateTime> = elem("AccptncDtTm"),
        /// `AcctSvcrRef`
        account_servicer_reference: Option<String> = text("AcctSvcrRef", 35),
        /// `ClrSysRef`
        clearing: Option<String> = text("ClrSysRef", 35),
        /// `OrgnlTxRef`
        original: Option<Box<OriginalRequest>> = elem("OrgnlTxRef"),
    }
}

part! {
    /// `PmtCondSts`: what the debtor accepted (`PaymentConditionStatus1`).
    pub struct ConditionsMet {
        /// `AccptdAmt`
        accepted_amount: Option<Amount> = elem("AccptdAmt"),
        /// `GrntedPmt`
        is_guaranteed: bool = elem("GrntedPmt"),
        /// `EarlyPmt`
        is_early: bool = elem("EarlyPmt"),
    }
}

part! {
    /// `OrgnlTxRef`: what the request said (`OriginalTransactionReference29`, `33`, `38`).
    pub struct OriginalRequest {
        /// `Amt`
        amount: Option<InstructedAmount> = elem("Amt"),
        /// `ReqdExctnDt`
        execution: Option<When> = elem("ReqdExctnDt"),
        /// `XpryDt`
        expiry: Option<When> = elem("XpryDt"),
        /// `PmtCond`
        conditions: Option<Conditions> = elem("PmtCond"),
        /// `PmtTpInf`
        payment_type: Option<Box<PaymentType>> = elem("PmtTpInf"),
        /// `PmtMtd`
        payment_method: Option<String> = ruled("PmtMtd", Rule::Words(&["CHK", "TRF", "DD", "TRA"])),
        /// `RmtInf`
        remittance: Option<Box<Remittance>> = elem("RmtInf"),
        /// `UltmtDbtr`
        ultimate_debtor: Option<Box<Party>> = elem("UltmtDbtr"),
        /// `Dbtr`
        debtor: Option<Box<Party>> = elem("Dbtr"),
        /// `DbtrAcct`
        debtor_account: Option<Box<Account>> = elem("DbtrAcct"),
        /// `DbtrAgt`
        debtor_agent: Option<Box<Agent>> = elem("DbtrAgt"),
        /// `DbtrAgtAcct`, from 2021 on.
        debtor_agent_account: Option<Box<Account>> = elem("DbtrAgtAcct").only(|version| version.edition() >= Edition::E2021),
        /// `CdtrAgt`
        creditor_agent: Agent = elem("CdtrAgt"),
        /// `CdtrAgtAcct`, from 2021 on.
        creditor_agent_account: Option<Box<Account>> = elem("CdtrAgtAcct").only(|version| version.edition() >= Edition::E2021),
        /// `Cdtr`
        creditor: Party = elem("Cdtr"),
        /// `CdtrAcct`
        creditor_account: Option<Box<Account>> = elem("CdtrAcct"),
        /// `UltmtCdtr`
        ultimate_creditor: Option<Box<Party>> = elem("UltmtCdtr"),
    }
}
