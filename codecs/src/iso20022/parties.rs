//! Who: parties with their addresses and identifications, agents, accounts.

use super::choice::Choice;
use super::elem::{code, elem, ruled, since_2019, since_2024, text};
use super::leaf::Date;
use super::part::{choice, part};
use super::rule::Rule;

part! {
    /// A person or organisation: `PartyIdentification32`, `42`, `135`, `272`.
    ///
    /// Not modelled: `PstlAdr/AdrTp`, and of `CtctDtls` what is not in [`Contact`].
    pub struct Party {
        /// `Nm`
        name: Option<String> = text("Nm", 140),
        /// `PstlAdr`
        address: Option<Box<Address>> = elem("PstlAdr"),
        /// `Id`
        id: Option<PartyId> = elem("Id"),
        /// `CtryOfRes`
        country_of_residence: Option<String> = ruled("CtryOfRes", Rule::Country),
        /// `CtctDtls`
        contact: Option<Box<Contact>> = elem("CtctDtls"),
    }
}

impl Party {
    /// A party of which only the name is told.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self { name: Some(name.to_owned()), ..Self::default() }
    }

    /// The same party with a national identification number of a person (`PrvtId/Othr`, scheme `NIDN`).
    #[must_use]
    pub fn with_national_id(self, number: &str) -> Self {
        let scheme = Some(Choice::Code("NIDN".to_owned()));
        let number = GenericId { id: number.to_owned(), scheme, issuer: None };
        Self { id: Some(PartyId::Person(PersonId { birth: None, others: vec![number] })), ..self }
    }

    /// The national identification number of a person, if it is told.
    #[must_use]
    pub fn national_id(&self) -> Option<&str> {
        let Some(PartyId::Person(person)) = &self.id else { return None };
        let is_national =
            |other: &&GenericId| matches!(&other.scheme, Some(Choice::Code(code)) if code == "NIDN");
        person.others.iter().find(is_national).map(|other| other.id.as_str())
    }
}

part! {
    /// `PostalAddress6`, `24`, `27`. Places are longer from the edition of 2024 on.
    pub struct Address {
        /// `CareOf`, from 2024 on.
        care_of: Option<String> = text("CareOf", 140).only(since_2024),
        /// `Dept`
        department: Option<String> = text("Dept", 70),
        /// `SubDept`
        sub_department: Option<String> = text("SubDept", 70),
        /// `StrtNm`
        street: Option<String> = ruled("StrtNm", Rule::Text2024(70, 140)),
        /// `BldgNb`
        building_number: Option<String> = text("BldgNb", 16),
        /// `BldgNm`, from 2019 on.
        building_name: Option<String> = ruled("BldgNm", Rule::Text2024(35, 140)).only(since_2019),
        /// `Flr`, from 2019 on.
        floor: Option<String> = text("Flr", 70).only(since_2019),
        /// `UnitNb`, from 2024 on.
        unit: Option<String> = text("UnitNb", 16).only(since_2024),
        /// `PstBx`, from 2019 on.
        post_box: Option<String> = text("PstBx", 16).only(since_2019),
        /// `Room`, from 2019 on.
        room: Option<String> = text("Room", 70).only(since_2019),
        /// `PstCd`
        post_code: Option<String> = text("PstCd", 16),
        /// `TwnNm`
        town: Option<String> = ruled("TwnNm", Rule::Text2024(35, 140)),
        /// `TwnLctnNm`, from 2019 on.
        town_location: Option<String> = ruled("TwnLctnNm", Rule::Text2024(35, 140)).only(since_2019),
        /// `DstrctNm`, from 2019 on.
        district: Option<String> = ruled("DstrctNm", Rule::Text2024(35, 140)).only(since_2019),
        /// `CtrySubDvsn`
        country_part: Option<String> = text("CtrySubDvsn", 35),
        /// `Ctry`, two letters.
        country: Option<String> = ruled("Ctry", Rule::Country),
        /// `AdrLine`, at most seven.
        lines: Vec<String> = text("AdrLine", 70).times(|_| 7),
    }
}

choice! {
    /// `Party38Choice`: who a party is by number.
    pub enum PartyId {
        /// `OrgId`
        Organisation(OrganisationId) = elem("OrgId"),
        /// `PrvtId`
        Person(PersonId) = elem("PrvtId"),
    }
}

part! {
    /// `OrganisationIdentification4`, `7`, `29`, `39`.
    pub struct OrganisationId {
        /// `AnyBIC`, in 2009 `BICOrBEI`.
        bic: Option<String> = ruled("AnyBIC", Rule::Bic).was("BICOrBEI"),
        /// `LEI`, from 2019 on.
        lei: Option<String> = ruled("LEI", Rule::Lei).only(since_2019),
        /// `Othr`
        others: Vec<GenericId> = elem("Othr"),
    }
}

part! {
    /// `PersonIdentification5`, `13`, `18`.
    pub struct PersonId {
        /// `DtAndPlcOfBirth`
        birth: Option<Birth> = elem("DtAndPlcOfBirth"),
        /// `Othr`
        others: Vec<GenericId> = elem("Othr"),
    }
}

part! {
    /// `DateAndPlaceOfBirth`
    pub struct Birth {
        /// `BirthDt`
        date: Date = elem("BirthDt"),
        /// `PrvcOfBirth`
        province: Option<String> = text("PrvcOfBirth", 35),
        /// `CityOfBirth`
        city: String = text("CityOfBirth", 35),
        /// `CtryOfBirth`
        country: String = ruled("CtryOfBirth", Rule::Country),
    }
}

part! {
    /// A number under a scheme: `GenericOrganisationIdentification1`, `GenericPersonIdentification1` and their followers.
    pub struct GenericId {
        /// `Id`, 35 characters, from 2024 on 256.
        id: String = ruled("Id", Rule::Text2024(35, 256)),
        /// `SchmeNm`, such as `NIDN` for a national identification number.
        scheme: Option<Choice> = code("SchmeNm", 4),
        /// `Issr`
        issuer: Option<String> = text("Issr", 35),
    }
}

part! {
    /// `ContactDetails2`, `Contact4`, `Contact13`. Not modelled: name prefix, purpose of the e-mail address, job,
    /// department, other channels, preferred channel.
    pub struct Contact {
        /// `Nm`
        name: Option<String> = text("Nm", 140),
        /// `PhneNb`, as `+970-22000000`.
        phone: Option<String> = ruled("PhneNb", Rule::Phone),
        /// `MobNb`, as `+970-599000000`.
        mobile: Option<String> = ruled("MobNb", Rule::Phone),
        /// `FaxNb`
        fax: Option<String> = ruled("FaxNb", Rule::Phone),
        /// `URLAdr`, from 2024 on.
        url: Option<String> = text("URLAdr", 2048).only(since_2024),
        /// `EmailAdr`
        email: Option<String> = ruled("EmailAdr", Rule::Text2024(2048, 256)),
    }
}
