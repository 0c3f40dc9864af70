//! Group headers: who sends how many payments for how much.

use super::agents::Agent;
use super::elem::{elem, text};
use super::leaf::{Date, DateTime};
use super::money::Amount;
use super::part::part;
use super::parties::Party;
use super::payment::{PaymentType, Settlement};
use super::version::{Edition, Family, Version};
use crate::amount::Decimal;

part! {
    /// `GrpHdr` of transfers between institutions (`pacs.003`, `pacs.008`, `pacs.009`): `GroupHeader33`, `93` and on.
    /// Not modelled: `Authstn`.
    pub struct TransferHeader {
        /// `MsgId`
        message_id: String = text("MsgId", 35),
        /// `CreDtTm`
        created: DateTime = elem("CreDtTm"),
        /// `BtchBookg`
        batch_booking: Option<bool> = elem("BtchBookg"),
        /// `NbOfTxs`
        count: u64 = elem("NbOfTxs"),
        /// `CtrlSum`
        control_sum: Option<Decimal> = elem("CtrlSum"),
        /// `TtlIntrBkSttlmAmt`
        total: Option<Amount> = elem("TtlIntrBkSttlmAmt"),
        /// `IntrBkSttlmDt`
        settlement_date: Option<Date> = elem("IntrBkSttlmDt"),
        /// `SttlmInf`
        settlement: Settlement = elem("SttlmInf"),
        /// `PmtTpInf`
        payment_type: Option<PaymentType> = elem("PmtTpInf"),
        /// `InstgAgt`
        instructing_agent: Option<Agent> = elem("InstgAgt"),
        /// `InstdAgt`
        instructed_agent: Option<Agent> = elem("InstdAgt"),
    }
}

part! {
    /// `GrpHdr` of reports between institutions (`pacs.002`, `pacs.028`): `GroupHeader37`, `91`, `101`, `120`.
    /// Not modelled: `OrgnlBizQry`.
    pub struct ReportHeader {
        /// `MsgId`
        message_id: String = text("MsgId", 35),
        /// `CreDtTm`
        created: DateTime = elem("CreDtTm"),
        /// `InstgAgt`
        instructing_agent: Option<Agent> = elem("InstgAgt"),
        /// `InstdAgt`
        instructed_agent: Option<Agent> = elem("InstdAgt"),
    }
}

part! {
    /// `GrpHdr` of what customers order (`pain.001`, `pain.008`, `pain.013`). Not modelled: `Authstn`, `InitnSrc`.
    pub struct InitiationHeader {
        /// `MsgId`
        message_id: String = text("MsgId", 35),
        /// `CreDtTm`
        created: DateTime = elem("CreDtTm"),
        /// `NbOfTxs`
        count: u64 = elem("NbOfTxs"),
        /// `CtrlSum`
        control_sum: Option<Decimal> = elem("CtrlSum"),
        /// `InitgPty`
        initiating_party: Party = elem("InitgPty"),
        /// `FwdgAgt`; in requests to pay from 2021 on.
        forwarding_agent: Option<Agent> = elem("FwdgAgt").only(can_forward),
    }
}

/// Requests to pay and their answers name a forwarding agent from 2021 on only.
pub(super) fn can_forward(version: Version) -> bool {
    !matches!(version.family(), Family::Pain013 | Family::Pain014) || version.edition() >= Edition::E2021
}

part! {
    /// `GrpHdr` of reports to customers (`pain.002`, `pain.014`): `GroupHeader36`, `86`, `87`, `106`.
    pub struct CustomerReportHeader {
        /// `MsgId`
        message_id: String = text("MsgId", 35),
        /// `CreDtTm`
        created: DateTime = elem("CreDtTm"),
        /// `InitgPty`, mandatory in `pain.014`.
        initiating_party: Option<Party> = elem("InitgPty").needed(|version| version.family() == Family::Pain014),
        /// `FwdgAgt`; in answers to requests to pay from 2021 on.
        forwarding_agent: Option<Agent> = elem("FwdgAgt").only(can_forward),
        /// `DbtrAgt`
        debtor_agent: Option<Agent> = elem("DbtrAgt"),
        /// `CdtrAgt`
        creditor_agent: Option<Agent> = elem("CdtrAgt"),
    }
}
