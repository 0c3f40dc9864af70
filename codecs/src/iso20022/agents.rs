//! Agents and accounts: who keeps the money, and where.

use std::io::BufRead;

use super::XmlError;
use super::choice::Choice;
use super::elem::{Elem, code, elem, ruled, since_2019, text};
use super::part::{Content, choice, part};
use super::parties::{Address, Party};
use super::read::{Children, Reading};
use super::rule::{Problem, Rule};
use super::specimen::Dice;
use super::version::{Edition, Version};
use super::write::{BuildError, Writer};

part! {
    /// A financial institution and possibly one of its branches: `BranchAndFinancialInstitutionIdentification4` and on.
    pub struct Agent {
        /// `FinInstnId`
        institution: Institution = elem("FinInstnId"),
        /// `BrnchId`
        branch: Option<Box<Branch>> = elem("BrnchId"),
    }
}

impl Agent {
    /// The institution with this BIC.
    #[must_use]
    pub fn bic(bic: &str) -> Self {
        let institution = Institution { bic: Some(bic.to_owned()), ..Institution::default() };
        Self { institution, branch: None }
    }

    /// The member of a clearing system with this number.
    #[must_use]
    pub fn clearing_member(system: Option<Choice>, member: &str) -> Self {
        let member = ClearingMember { system, member: member.to_owned() };
        let institution = Institution { clearing_member: Some(member), ..Institution::default() };
        Self { institution, branch: None }
    }
}

part! {
    /// `FinancialInstitutionIdentification7`, `8`, `18`, `23`.
    pub struct Institution {
        /// `BICFI`, in 2009 `BIC`.
        bic: Option<String> = ruled("BICFI", Rule::Bic).was("BIC"),
        /// `ClrSysMmbId`
        clearing_member: Option<ClearingMember> = elem("ClrSysMmbId"),
        /// `LEI`, from 2019 on.
        lei: Option<String> = ruled("LEI", Rule::Lei).only(since_2019),
        /// `Nm`
        name: Option<String> = text("Nm", 140),
        /// `PstlAdr`
        address: Option<Box<Address>> = elem("PstlAdr"),
        /// `Othr`
        other: Option<Box<OtherInstitution>> = elem("Othr"),
    }
}

part! {
    /// `ClearingSystemMemberIdentification2`
    pub struct ClearingMember {
        /// `ClrSysId`, a code of five characters.
        system: Option<Choice> = code("ClrSysId", 5),
        /// `MmbId`
        member: String = text("MmbId", 35),
    }
}

part! {
    /// `GenericFinancialIdentification1`
    pub struct OtherInstitution {
        /// `Id`
        id: String = text("Id", 35),
        /// `SchmeNm`
        scheme: Option<Choice> = code("SchmeNm", 4),
        /// `Issr`
        issuer: Option<String> = text("Issr", 35),
    }
}

part! {
    /// `BranchData2`, `3`, `5`.
    pub struct Branch {
        /// `Id`
        id: Option<String> = text("Id", 35),
        /// `LEI`, from 2019 on.
        lei: Option<String> = ruled("LEI", Rule::Lei).only(since_2019),
        /// `Nm`
        name: Option<String> = text("Nm", 140),
        /// `PstlAdr`
        address: Option<Box<Address>> = elem("PstlAdr"),
    }
}

/// `CashAccountType4Code`
const KINDS: &[&str] = &[
    "CASH", "CHAR", "COMM", "TAXE", "CISH", "TRAS", "SACC", "CACC", "SVGS", "ONDP", "MGLD", "NREX", "MOMA",
    "LOAN", "SLRY", "ODFT",
];

part! {
    /// `CashAccount16`, `38`, `40`.
    pub struct Account {
        /// `Id`; from 2021 on it may be absent when there is a proxy.
        id: Option<AccountId> = elem("Id").needed(|version| version.edition() < Edition::E2021),
        /// `Tp`: the kind of account, a closed list in 2009.
        kind: Option<Choice> = ruled("Tp", Rule::WordsUntil(Edition::E2010, KINDS)),
        /// `Ccy`
        currency: Option<String> = ruled("Ccy", Rule::Currency),
        /// `Nm`
        name: Option<String> = text("Nm", 70),
        /// `Prxy`: an alias such as a mobile number, from 2019 on.
        proxy: Option<Box<Proxy>> = elem("Prxy").only(since_2019),
    }
}

impl Account {
    /// The account with this IBAN.
    #[must_use]
    pub fn iban(iban: &str) -> Self {
        Self { id: Some(AccountId::Iban(iban.to_owned())), ..Self::default() }
    }

    /// The account with this number, which is no IBAN.
    #[must_use]
    pub fn other(number: &str) -> Self {
        let other = OtherAccount { id: number.to_owned(), ..OtherAccount::default() };
        Self { id: Some(AccountId::Other(other)), ..Self::default() }
    }
}

choice! {
    /// `AccountIdentification4Choice`
    pub enum AccountId {
        /// `IBAN`: its form is checked here, its check digits by the business rules.
        Iban(String) = ruled("IBAN", Rule::Iban),
        /// `Othr`
        Other(OtherAccount) = elem("Othr"),
    }
}

part! {
    /// `GenericAccountIdentification1`
    pub struct OtherAccount {
        /// `Id`
        id: String = text("Id", 34),
        /// `SchmeNm`, such as `BBAN`.
        scheme: Option<Choice> = code("SchmeNm", 4),
        /// `Issr`
        issuer: Option<String> = text("Issr", 35),
    }
}

part! {
    /// `ProxyAccountIdentification1`
    pub struct Proxy {
        /// `Tp`, such as `TELE` or `EMAL`.
        kind: Option<Choice> = code("Tp", 4),
        /// `Id`
        id: String = text("Id", 2048),
    }
}

/// A party or an agent (`Party40Choice`). The edition of 2009 knows parties alone where later ones know both, and writes
/// them without `Pty`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PartyOrAgent {
    /// `Pty`
    Party(Party),
    /// `Agt`, from 2019 on.
    Agent(Agent),
}

impl Default for PartyOrAgent {
    fn default() -> Self {
        PartyOrAgent::Party(Party::default())
    }
}

impl From<Party> for PartyOrAgent {
    fn from(party: Party) -> Self {
        PartyOrAgent::Party(party)
    }
}

impl From<Agent> for PartyOrAgent {
    fn from(agent: Agent) -> Self {
        PartyOrAgent::Agent(agent)
    }
}

const ROWS: &[Elem] = &[elem("Pty"), elem("Agt")];

impl Content for PartyOrAgent {
    fn write(&self, elem: &'static Elem, to: &mut Writer) -> Result<(), BuildError> {
        match self {
            PartyOrAgent::Party(party) if !since_2019(to.version) => return party.write(elem, to),
            PartyOrAgent::Agent(_) if !since_2019(to.version) => {
                return Err(to.error(elem, Problem::NotSaid(to.version)));
            }
            _ => to.open(elem.name(to.version)),
        }
        match self {
            PartyOrAgent::Party(party) => party.write(&ROWS[0], to)?,
            PartyOrAgent::Agent(agent) => agent.write(&ROWS[1], to)?,
        }
        to.close();
        Ok(())
    }

    fn read<R: BufRead>(elem: &'static Elem, from: &mut Reading<R>) -> Result<Self, XmlError> {
        if !since_2019(from.version) {
            return Content::read(elem, from).map(PartyOrAgent::Party);
        }
        let mut children = Children::new(ROWS);
        let chosen = if children.take(from)? {
            PartyOrAgent::Party(Content::read(&ROWS[0], from)?)
        } else {
            children.next_row();
            if !children.take(from)? {
                return Err(from.error(Problem::Missing));
            }
            PartyOrAgent::Agent(Content::read(&ROWS[1], from)?)
        };
        children.finish(from)?;
        Ok(chosen)
    }

    fn specimen(elem: &'static Elem, version: Version, dice: &mut Dice<'_>) -> Self {
        match dice.below(2) {
            1 if since_2019(version) => PartyOrAgent::Agent(Content::specimen(elem, version, dice)),
            _ => PartyOrAgent::Party(Content::specimen(elem, version, dice)),
        }
    }
}
