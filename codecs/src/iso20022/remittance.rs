//! Remittance: what the payment is for, in words or by reference, here or sent elsewhere.

use std::io::BufRead;

use super::XmlError;
use super::choice::Choice;
use super::elem::{Elem, elem, ruled, since_2019, text};
use super::part::{Content, part};
use super::read::Reading;
use super::rule::{Problem, Rule};
use super::specimen::Dice;
use super::version::{Edition, Family, Version};
use super::write::{BuildError, Writer};

part! {
    /// What the payment is for: `RemittanceInformation5` and on. Of a structured part only the reference of the creditor
    /// and the additional words are modelled, not documents, amounts, taxes or garnishments.
    pub struct Remittance {
        /// `Ustrd`, 140 characters each.
        unstructured: Vec<String> = text("Ustrd", 140),
        /// `Strd`; `pacs.009` has none.
        structured: Vec<StructuredRemittance> = elem("Strd").only(|version| version.family() != Family::Pacs009),
    }
}

impl Remittance {
    /// One line of text.
    #[must_use]
    pub fn text(line: &str) -> Self {
        Self { unstructured: vec![line.to_owned()], structured: Vec::new() }
    }

    /// A reference of the creditor under ISO 11649 (`SCOR`).
    #[must_use]
    pub fn reference(reference: &str) -> Self {
        let kind = ReferenceKind { code: Choice::Code("SCOR".to_owned()), issuer: None };
        let reference = CreditorReference { kind: Some(kind), reference: Some(reference.to_owned()) };
        let structured = StructuredRemittance { reference: Some(reference), additional: Vec::new() };
        Self { unstructured: Vec::new(), structured: vec![structured] }
    }
}

part! {
    /// `StructuredRemittanceInformation7`, `16`, `17`, `18`.
    pub struct StructuredRemittance {
        /// `CdtrRefInf`
        reference: Option<CreditorReference> = elem("CdtrRefInf"),
        /// `AddtlRmtInf`, at most three.
        additional: Vec<String> = text("AddtlRmtInf", 140).times(|_| 3),
    }
}

part! {
    /// `CreditorReferenceInformation2`, `3`.
    pub struct CreditorReference {
        /// `Tp`
        kind: Option<ReferenceKind> = elem("Tp"),
        /// `Ref`
        reference: Option<String> = text("Ref", 35),
    }
}

part! {
    /// `CreditorReferenceType2`, `3`.
    pub struct ReferenceKind {
        /// `CdOrPrtry`, `SCOR` for ISO 11649; a closed list until 2021.
        code: Choice = ruled("CdOrPrtry", Rule::WordsUntil(Edition::E2021, &["RADM", "RPIN", "FXDR", "DISP", "PUOR", "SCOR"])),
        /// `Issr`
        issuer: Option<String> = text("Issr", 35),
    }
}

/// `RemittanceLocation2`, `7`, `8`: where more is told about what the payment is for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RelatedRemittance {
    /// `RmtId`
    pub id: Option<String>,
    /// `RmtLctnDtls`; in 2009 one at most, not nested.
    pub locations: Vec<RemittanceLocation>,
}

const METHODS: Rule = Rule::Words(&["FAXI", "EDIC", "URID", "EMAL", "POST", "SMSM"]);

part! {
    /// `RemittanceLocationData1`, `2`. Not modelled: the postal address.
    pub struct RemittanceLocation {
        /// `Mtd`, in 2009 `RmtLctnMtd`: `FAXI`, `EDIC`, `URID`, `EMAL`, `POST` or `SMSM`; mandatory from 2019 on.
        method: Option<String> = ruled("Mtd", METHODS).needed(since_2019),
        /// `ElctrncAdr`, in 2009 `RmtLctnElctrncAdr`.
        address: Option<String> = text("ElctrncAdr", 2048),
    }
}

part! {
    /// As it stands from 2019 on.
    pub(super) struct Nested {
        id: Option<String> = text("RmtId", 35),
        locations: Vec<RemittanceLocation> = elem("RmtLctnDtls"),
    }
}

part! {
    /// As it stood in 2009.
    pub(super) struct Flat {
        id: Option<String> = text("RmtId", 35),
        method: Option<String> = ruled("RmtLctnMtd", METHODS),
        address: Option<String> = text("RmtLctnElctrncAdr", 2048),
    }
}

impl Content for RelatedRemittance {
    fn write(&self, elem: &'static Elem, to: &mut Writer) -> Result<(), BuildError> {
        let Self { id, locations } = self.clone();
        if since_2019(to.version) {
            return Nested { id, locations }.write(elem, to);
        }
        let mut locations = locations.into_iter();
        let RemittanceLocation { method, address } = locations.next().unwrap_or_default();
        match locations.next() {
            None => Flat { id, method, address }.write(elem, to),
            Some(_) => Err(to.error(elem, Problem::NotSaid(to.version))),
        }
    }

    fn read<R: BufRead>(elem: &'static Elem, from: &mut Reading<R>) -> Result<Self, XmlError> {
        if since_2019(from.version) {
            let Nested { id, locations } = Content::read(elem, from)?;
            return Ok(Self { id, locations });
        }
        let Flat { id, method, address } = Content::read(elem, from)?;
        let is_told = method.is_some() || address.is_some();
        Ok(Self {
            id,
            locations: is_told.then_some(RemittanceLocation { method, address }).into_iter().collect(),
        })
    }

    fn specimen(elem: &'static Elem, version: Version, dice: &mut Dice<'_>) -> Self {
        let Nested { id, mut locations } = Content::specimen(elem, version, dice);
        if !since_2019(version) {
            locations.truncate(1);
            locations.retain(|location| *location != RemittanceLocation::default());
        }
        Self { id, locations }
    }
}
