//! Mandates: what a debtor signed so that a creditor may collect.

use super::elem::{elem, text};
use super::leaf::Date;
use super::part::part;
use super::parties::Party;

part! {
    /// `DrctDbtTx`: `DirectDebitTransaction6`, `10`, `11`.
    pub struct DirectDebitTerms {
        /// `MndtRltdInf`
        mandate: Option<Mandate> = elem("MndtRltdInf"),
        /// `CdtrSchmeId`
        creditor_scheme: Option<Box<Party>> = elem("CdtrSchmeId"),
        /// `PreNtfctnId`
        notification: Option<String> = text("PreNtfctnId", 35),
        /// `PreNtfctnDt`
        notified: Option<Date> = elem("PreNtfctnDt"),
    }
}

part! {
    /// `MandateRelatedInformation6`, `14`, `15`. Not modelled: amendment details, frequency, reason, tracking days.
    pub struct Mandate {
        /// `MndtId`
        id: Option<String> = text("MndtId", 35),
        /// `DtOfSgntr`
        signed: Option<Date> = elem("DtOfSgntr"),
        /// `AmdmntInd`
        is_amended: Option<bool> = elem("AmdmntInd"),
        /// `ElctrncSgntr`
        signature: Option<String> = text("ElctrncSgntr", 1025),
        /// `FrstColltnDt`
        first_collection: Option<Date> = elem("FrstColltnDt"),
        /// `FnlColltnDt`
        final_collection: Option<Date> = elem("FnlColltnDt"),
    }
}
