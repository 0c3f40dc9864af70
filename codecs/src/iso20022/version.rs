//! Which message in which version: the families and versions whose schemas are known, and what changed between them.
//!
//! A version is a parameter of building and reading, agreed with each counterparty; the structs know none. The default
//! of every family is the edition of 2019, which the instant and high-value schemes agreed on.

use std::fmt;

/// A message family: business area and number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Family {
    /// `head.001` business application header.
    Head001,
    /// `pacs.002` status of payments between institutions.
    Pacs002,
    /// `pacs.003` direct debit between institutions.
    Pacs003,
    /// `pacs.004` return of a payment.
    Pacs004,
    /// `pacs.008` credit transfer of customers between institutions.
    Pacs008,
    /// `pacs.009` credit transfer of institutions.
    Pacs009,
    /// `pacs.028` request for the status of a payment.
    Pacs028,
    /// `pain.001` credit transfer as the customer orders it.
    Pain001,
    /// `pain.002` status of what a customer ordered.
    Pain002,
    /// `pain.008` direct debit as the customer orders it.
    Pain008,
    /// `pain.013` request to pay.
    Pain013,
    /// `pain.014` answer to a request to pay.
    Pain014,
    /// `camt.029` answer to a recall.
    Camt029,
    /// `camt.056` recall of a payment.
    Camt056,
}

/// The edition of the shared building blocks (parties, agents, accounts, remittance) a version is made of.
///
/// Versions of one edition write those alike whatever the family; what else differs is by version number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Edition {
    /// `PartyIdentification32`: `BIC`, `BICOrBEI`, `Pty` for who charges; no LEI, UETR or proxy of an account.
    E2009,
    /// `PartyIdentification42`, only in `head.001.001.01`: as 2009 with the names `BICFI` and `AnyBIC`.
    E2010,
    /// `PartyIdentification135` and `CashAccount38`: the baseline.
    E2019,
    /// `CashAccount40`: an account may have a proxy (an alias) instead of an identification.
    E2021,
    /// `PartyIdentification272`: longer names of places, `CareOf`, `UnitNb`, identifications of 256 characters.
    E2024,
}

/// One version of a message, such as `pacs.008.001.08`. Only versions whose schema is known exist.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Version(u8);

struct Row {
    family: Family,
    number: u8,
    edition: Edition,
    namespace: &'static str,
}

const NAMESPACE: &str = "urn:iso:std:iso:20022:tech:xsd:";

impl Version {
    /// By its name, such as `pacs.008.001.08`.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::all().find(|version| version.name() == name)
    }

    /// By the namespace of its documents.
    #[must_use]
    pub fn by_namespace(namespace: &str) -> Option<Self> {
        Self::by_name(namespace.strip_prefix(NAMESPACE)?)
    }

    /// By family and the number of the version.
    #[must_use]
    pub fn of(family: Family, number: u8) -> Option<Self> {
        Self::all().find(|version| version.family() == family && version.number() == number)
    }

    /// Every known version, families in the order of [`Family`], older versions first.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..TABLE.len() as u8).map(Self)
    }

    /// Its name, such as `pacs.008.001.08`.
    #[must_use]
    pub fn name(self) -> &'static str {
        &self.namespace()[NAMESPACE.len()..]
    }

    /// The namespace of its documents.
    #[must_use]
    pub fn namespace(self) -> &'static str {
        self.row().namespace
    }

    /// Its family.
    #[must_use]
    pub fn family(self) -> Family {
        self.row().family
    }

    /// The last part of its name: 8 of `pacs.008.001.08`.
    #[must_use]
    pub fn number(self) -> u8 {
        self.row().number
    }

    /// The edition of its building blocks.
    #[must_use]
    pub fn edition(self) -> Edition {
        self.row().edition
    }

    fn row(self) -> &'static Row {
        &TABLE[usize::from(self.0)]
    }
}

impl Family {
    /// The version used unless a counterparty agreed on another: the edition of 2019.
    #[must_use]
    pub fn default_version(self) -> Version {
        let place = TABLE.iter().position(|row| row.family == self && row.edition == Edition::E2019);
        Version(place.and_then(|place| u8::try_from(place).ok()).unwrap_or_default())
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl fmt::Debug for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

macro_rules! table {
    ($($family:ident $name:literal: $($number:literal $edition:ident),+;)*) => {
        static TABLE: &[Row] = &[$($(Row {
            family: Family::$family,
            number: number($number),
            edition: Edition::$edition,
            namespace: concat!("urn:iso:std:iso:20022:tech:xsd:", $name, ".001.", $number),
        },)+)*];
    };
}

/// `"08"` as 8.
const fn number(text: &str) -> u8 {
    let digits = text.as_bytes();
    (digits[0] - b'0') * 10 + digits[1] - b'0'
}

table! {
    Head001 "head.001": "01" E2010, "02" E2019, "03" E2019;
    Pacs002 "pacs.002": "03" E2009, "10" E2019, "12" E2021, "14" E2024;
    Pacs003 "pacs.003": "08" E2019, "09" E2021;
    Pacs004 "pacs.004": "09" E2019, "10" E2019, "11" E2021;
    Pacs008 "pacs.008": "02" E2009, "08" E2019, "10" E2021, "12" E2024;
    Pacs009 "pacs.009": "08" E2019, "10" E2021;
    Pacs028 "pacs.028": "03" E2019, "04" E2019, "05" E2021;
    Pain001 "pain.001": "03" E2009, "09" E2019, "10" E2019, "11" E2021;
    Pain002 "pain.002": "03" E2009, "10" E2019, "11" E2019, "12" E2021;
    Pain008 "pain.008": "02" E2009, "08" E2019, "09" E2019;
    Pain013 "pain.013": "07" E2019, "08" E2019, "10" E2021;
    Pain014 "pain.014": "07" E2019, "08" E2019, "10" E2021;
    Camt029 "camt.029": "09" E2019, "11" E2021;
    Camt056 "camt.056": "08" E2019, "10" E2021;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_family_has_its_baseline() {
        #[rustfmt::skip]
        let table = [
            (Family::Head001, "head.001.001.02"), (Family::Pacs002, "pacs.002.001.10"), (Family::Pacs003, "pacs.003.001.08"),
            (Family::Pacs004, "pacs.004.001.09"), (Family::Pacs008, "pacs.008.001.08"), (Family::Pacs009, "pacs.009.001.08"),
            (Family::Pacs028, "pacs.028.001.03"), (Family::Pain001, "pain.001.001.09"), (Family::Pain002, "pain.002.001.10"),
            (Family::Pain008, "pain.008.001.08"), (Family::Pain013, "pain.013.001.07"), (Family::Pain014, "pain.014.001.07"),
            (Family::Camt029, "camt.029.001.09"), (Family::Camt056, "camt.056.001.08"),
        ];
        for (family, name) in table {
            assert_eq!(family.default_version().name(), name);
            assert!(
                Version::all()
                    .filter(|v| v.family() == family)
                    .is_sorted_by_key(|v| (v.number(), v.edition()))
            );
        }
        assert!(
            Version::all().all(|v| table.iter().any(|(family, _)| *family == v.family())),
            "all are told"
        );
    }

    #[test]
    fn a_version_is_found_by_its_name_and_namespace() {
        for version in Version::all() {
            assert_eq!(Version::by_name(version.name()), Some(version));
            assert_eq!(Version::by_namespace(version.namespace()), Some(version));
            assert_eq!(Version::of(version.family(), version.number()), Some(version));
        }
        for wrong in ["", "pacs.008", "pacs.008.001.09", "PACS.008.001.08", "urn:iso:std:iso:20022:tech:xsd:"]
        {
            assert_eq!((Version::by_name(wrong), Version::by_namespace(wrong)), (None, None), "{wrong}");
        }
    }
}
