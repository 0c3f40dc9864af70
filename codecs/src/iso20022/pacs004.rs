//! `pacs.004`, payment return: money that was settled goes back, all of it or less.
//!
//! Not modelled, passed over when read: authorisations, the payment type of `pacs.004.001.11`, settlement times,
//! compensation, other agents of the chain and accounts of agents, the underlying transfer, supplementary data.

use super::agents::{Account, Agent, PartyOrAgent};
use super::elem::{code, elem, ruled, text};
use super::leaf::{Date, DateTime};
use super::message::message;
use super::money::Amount;
use super::original::{OriginalGroup, OriginalTransaction, ReasonInformation};
use super::pacs008::{CHARGE_BEARERS, PRIORITIES};
use super::part::part;
use super::payment::{Charge, Settlement};
use super::rule::Rule;
use super::status::ChargeBearer;
use crate::amount::Decimal;

part! {
    /// `PmtRtr`
    pub struct Pacs004 {
        /// `GrpHdr`
        header: ReturnHeader = elem("GrpHdr"),
        /// `OrgnlGrpInf`
        group: Option<ReturnedGroup> = elem("OrgnlGrpInf"),
        /// `TxInf`
        transactions: Vec<PaymentReturn> = elem("TxInf"),
    }
}

message!(Pacs004, "PmtRtr");

part! {
    /// `GrpHdr` of a return: `GroupHeader90`, `99`.
    pub struct ReturnHeader {
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
        /// `GrpRtr`: the whole group goes back.
        is_whole_group: Option<bool> = elem("GrpRtr"),
        /// `TtlRtrdIntrBkSttlmAmt`
        total: Option<Amount> = elem("TtlRtrdIntrBkSttlmAmt"),
        /// `IntrBkSttlmDt`
        settlement_date: Option<Date> = elem("IntrBkSttlmDt"),
        /// `SttlmInf`
        settlement: Settlement = elem("SttlmInf"),
        /// `InstgAgt`
        instructing_agent: Option<Agent> = elem("InstgAgt"),
        /// `InstdAgt`
        instructed_agent: Option<Agent> = elem("InstdAgt"),
    }
}

part! {
    /// `OriginalGroupHeader18`: the group that goes back and why.
    pub struct ReturnedGroup {
        /// `OrgnlMsgId`
        message_id: String = text("OrgnlMsgId", 35),
        /// `OrgnlMsgNmId`
        message_name: String = text("OrgnlMsgNmId", 35),
        /// `OrgnlCreDtTm`
        created: Option<DateTime> = elem("OrgnlCreDtTm"),
        /// `RtrRsnInf`
        reasons: Vec<ReasonInformation> = code("RtrRsnInf", 4),
    }
}

part! {
    /// `TxInf`: one return (`PaymentTransaction112`, `118`, `133`).
    pub struct PaymentReturn {
        /// `RtrId`
        return_id: Option<String> = text("RtrId", 35),
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
        original_clearing: Option<String> = text("OrgnlClrSysRef", 35),
        /// `OrgnlIntrBkSttlmAmt`: what was paid.
        original_amount: Option<Amount> = elem("OrgnlIntrBkSttlmAmt"),
        /// `OrgnlIntrBkSttlmDt`
        original_settlement_date: Option<Date> = elem("OrgnlIntrBkSttlmDt"),
        /// `RtrdIntrBkSttlmAmt`: what goes back.
        returned_amount: Amount = elem("RtrdIntrBkSttlmAmt"),
        /// `IntrBkSttlmDt`
        settlement_date: Option<Date> = elem("IntrBkSttlmDt"),
        /// `SttlmPrty`
        settlement_priority: Option<String> = ruled("SttlmPrty", PRIORITIES),
        /// `RtrdInstdAmt`
        returned_instructed_amount: Option<Amount> = elem("RtrdInstdAmt"),
        /// `XchgRate`, as written.
        exchange_rate: Option<String> = ruled("XchgRate", Rule::Rate),
        /// `ChrgBr`
        charge_bearer: Option<ChargeBearer> = ruled("ChrgBr", CHARGE_BEARERS),
        /// `ChrgsInf`
        charges: Vec<Charge> = elem("ChrgsInf"),
        /// `ClrSysRef`
        clearing: Option<String> = text("ClrSysRef", 35),
        /// `InstgAgt`
        instructing_agent: Option<Box<Agent>> = elem("InstgAgt"),
        /// `InstdAgt`
        instructed_agent: Option<Box<Agent>> = elem("InstdAgt"),
        /// `RtrChain`
        chain: Option<Box<ReturnChain>> = elem("RtrChain"),
        /// `RtrRsnInf`
        reasons: Vec<ReasonInformation> = code("RtrRsnInf", 4),
        /// `OrgnlTxRef`
        original: Option<Box<OriginalTransaction>> = elem("OrgnlTxRef"),
    }
}

part! {
    /// `RtrChain`: who gives back to whom (`TransactionParties7`, `8`, `10`).
    pub struct ReturnChain {
        /// `UltmtDbtr`
        ultimate_debtor: Option<PartyOrAgent> = elem("UltmtDbtr"),
        /// `Dbtr`: who gives back.
        debtor: PartyOrAgent = elem("Dbtr"),
        /// `DbtrAcct`, from `pacs.004.001.10` on.
        debtor_account: Option<Box<Account>> = elem("DbtrAcct").only(|version| version.number() >= 10),
        /// `InitgPty`
        initiating_party: Option<PartyOrAgent> = elem("InitgPty"),
        /// `DbtrAgt`
        debtor_agent: Option<Agent> = elem("DbtrAgt"),
        /// `CdtrAgt`
        creditor_agent: Option<Agent> = elem("CdtrAgt"),
        /// `Cdtr`: who gets it back.
        creditor: PartyOrAgent = elem("Cdtr"),
        /// `CdtrAcct`, from `pacs.004.001.10` on.
        creditor_account: Option<Box<Account>> = elem("CdtrAcct").only(|version| version.number() >= 10),
        /// `UltmtCdtr`
        ultimate_creditor: Option<PartyOrAgent> = elem("UltmtCdtr"),
    }
}
