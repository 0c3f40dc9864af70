//! `head.001`, business application header: who sends which message to whom, around the message itself.
//!
//! Not modelled, passed over when read: character set, market practice, signature, related headers.

use super::agents::Agent;
use super::elem::{Elem, elem, ruled, since_2019, text};
use super::leaf::DateTime;
use super::message::Root;
use super::part::{choice, part};
use super::parties::Party;
use super::rule::Rule;
use super::{Family, Message};

part! {
    /// `AppHdr`: `BusinessApplicationHeaderV01`, `V02`, `V03`.
    pub struct Head001 {
        /// `Fr`
        from: HeaderParty = elem("Fr"),
        /// `To`
        to: HeaderParty = elem("To"),
        /// `BizMsgIdr`: usually the `MsgId` of the message.
        business_message: String = text("BizMsgIdr", 35),
        /// `MsgDefIdr`, such as `pacs.008.001.08`.
        message_name: String = text("MsgDefIdr", 35),
        /// `BizSvc`: the service agreed on.
        business_service: Option<String> = text("BizSvc", 35),
        /// `CreDt`; in the first version it ends with `Z`.
        created: DateTime = ruled("CreDt", Rule::Normalised),
        /// `BizPrcgDt`, from 2019 on.
        processing: Option<DateTime> = elem("BizPrcgDt").only(since_2019),
        /// `CpyDplct`: `COPY`, `CODU` or `DUPL`.
        copy: Option<String> = ruled("CpyDplct", Rule::Words(&["CODU", "COPY", "DUPL"])),
        /// `PssblDplct`: it may have been sent before.
        is_possible_duplicate: Option<bool> = elem("PssblDplct"),
        /// `Prty`: an open code.
        priority: Option<String> = text("Prty", u16::MAX),
    }
}

impl Message for Head001 {
    const FAMILY: Family = Family::Head001;
}

impl Root for Head001 {
    const ELEMENT: &'static [Elem] = &[elem("AppHdr")];
    const IN_DOCUMENT: bool = false;
}

choice! {
    /// `Party9Choice`, `Party44Choice`: a party or an institution.
    pub enum HeaderParty {
        /// `OrgId`
        Party(Party) = elem("OrgId"),
        /// `FIId`
        Agent(Agent) = elem("FIId"),
    }
}

impl Default for HeaderParty {
    fn default() -> Self {
        HeaderParty::Agent(Agent::default())
    }
}

impl HeaderParty {
    /// The institution with this BIC.
    #[must_use]
    pub fn bic(bic: &str) -> Self {
        HeaderParty::Agent(Agent::bic(bic))
    }
}
