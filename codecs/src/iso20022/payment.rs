//! What the families share beyond who: identifications of payments, their type, settlement, charges, dates.

use std::io::BufRead;

use super::XmlError;
use super::agents::{Account, Agent};
use super::choice::Choice;
use super::elem::{Elem, code, elem, ruled, since_2019, text};
use super::leaf::{Date, DateTime};
use super::money::Amount;
use super::part::{Content, part};
use super::read::{Children, Reading};
use super::rule::{Problem, Rule};
use super::specimen::Dice;
use super::status::SettlementMethod;
use super::version::{Family, Version};
use super::write::{BuildError, Writer};

part! {
    /// The references of a payment: `PaymentIdentification1`, `3`, `6`, `7`, `13`.
    pub struct PaymentId {
        /// `InstrId`: of the link between two parties, new on every link.
        instruction: Option<String> = text("InstrId", 35),
        /// `EndToEndId`: of the debtor, unchanged to the creditor.
        end_to_end: String = text("EndToEndId", 35),
        /// `TxId`: of the first institution, unchanged between institutions; pacs only, mandatory in `pacs.008.001.02`.
        transaction: Option<String> = text("TxId", 35).only(is_pacs).needed(|version| is_pacs(version) && !since_2019(version)),
        /// `UETR`: a UUID of version 4, made once per payment by who starts it; from 2019 on.
        uetr: Option<String> = ruled("UETR", Rule::Uuid).only(since_2019),
        /// `ClrSysRef`: of the clearing system; pacs only.
        clearing: Option<String> = text("ClrSysRef", 35).only(is_pacs),
    }
}

fn is_pacs(version: Version) -> bool {
    !is_pain(version)
}

fn is_pain(version: Version) -> bool {
    use Family::{Pain001, Pain008, Pain013, Pain014};
    matches!(version.family(), Pain001 | Pain008 | Pain013 | Pain014)
}

fn has_sequence(version: Version) -> bool {
    use Family::{Pacs008, Pacs009, Pain001, Pain013, Pain014};
    !matches!(version.family(), Pacs008 | Pacs009 | Pain001 | Pain013 | Pain014)
}

/// `SequenceType1Code`, `3`.
fn sequences(version: Version) -> &'static [&'static str] {
    const ALL: &[&str] = &["FRST", "RCUR", "FNAL", "OOFF", "RPRE"];
    if since_2019(version) { ALL } else { &ALL[..4] }
}

/// `SettlementMethod1Code`, `2`.
fn methods(version: Version) -> &'static [&'static str] {
    const ALL: &[&str] = &["INDA", "INGA", "CLRG", "COVE"];
    if version.family() == Family::Pacs003 { &ALL[..3] } else { ALL }
}

part! {
    /// `PaymentTypeInformation19` to `29`.
    pub struct PaymentType {
        /// `InstrPrty`: `HIGH` or `NORM`.
        priority: Option<String> = ruled("InstrPrty", Rule::Words(&["HIGH", "NORM"])),
        /// `ClrChanl`, not in the orders of customers.
        clearing_channel: Option<String> = ruled("ClrChanl", Rule::Words(&["RTGS", "RTNS", "MPNS", "BOOK"])).only(is_pacs),
        /// `SvcLvl`, such as `INST` or `SEPA`; at most one in 2009.
        service_levels: Vec<Choice> = code("SvcLvl", 4).times(|version| if since_2019(version) { usize::MAX } else { 1 }),
        /// `LclInstrm`, such as `INST`.
        local_instrument: Option<Choice> = code("LclInstrm", 35),
        /// `SeqTp`, of direct debits: `FRST`, `RCUR`, `FNAL`, `OOFF`, from 2019 on `RPRE`.
        sequence: Option<String> = ruled("SeqTp", Rule::WordsOf(sequences)).only(has_sequence),
        /// `CtgyPurp`, such as `GOVT` or `TAXS`.
        category_purpose: Option<Choice> = code("CtgyPurp", 4),
    }
}

part! {
    /// `SettlementInformation13`, `SettlementInstruction7` and on. Not modelled: the third reimbursement agent and the
    /// accounts of reimbursement agents.
    pub struct Settlement {
        /// `SttlmMtd`
        method: SettlementMethod = ruled("SttlmMtd", Rule::WordsOf(methods)),
        /// `SttlmAcct`
        account: Option<Box<Account>> = elem("SttlmAcct"),
        /// `ClrSys`: a code of three characters, or a proprietary name.
        clearing_system: Option<Choice> = code("ClrSys", 3),
        /// `InstgRmbrsmntAgt`, not in direct debits.
        instructing_reimbursement_agent: Option<Box<Agent>> = elem("InstgRmbrsmntAgt").only(|version| version.family() != Family::Pacs003),
        /// `InstdRmbrsmntAgt`, not in direct debits.
        instructed_reimbursement_agent: Option<Box<Agent>> = elem("InstdRmbrsmntAgt").only(|version| version.family() != Family::Pacs003),
    }
}

part! {
    /// Charges taken: `ChargesInformation5`, `Charges7`, `12`, `16`. Not modelled: `Tp`.
    pub struct Charge {
        /// `Amt`
        amount: Amount = elem("Amt"),
        /// `Agt`, in 2009 `Pty`.
        agent: Agent = elem("Agt").was("Pty"),
    }
}

/// `DateAndDateTime2Choice`: a day or a moment. In 2009 a day alone, not nested.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum When {
    /// `Dt`
    Date(Date),
    /// `DtTm`, from 2019 on.
    DateTime(DateTime),
}

impl Default for When {
    /// No day: building refuses it.
    fn default() -> Self {
        When::Date(Date::default())
    }
}

const WHEN: &[Elem] = &[elem("Dt"), elem("DtTm")];

impl Content for When {
    fn write(&self, elem: &'static Elem, to: &mut Writer) -> Result<(), BuildError> {
        match self {
            When::Date(date) if !since_2019(to.version) => return date.write(elem, to),
            When::DateTime(_) if !since_2019(to.version) => {
                return Err(to.error(elem, Problem::NotSaid(to.version)));
            }
            _ => to.open(elem.name(to.version)),
        }
        match self {
            When::Date(date) => date.write(&WHEN[0], to)?,
            When::DateTime(time) => time.write(&WHEN[1], to)?,
        }
        to.close();
        Ok(())
    }

    fn read<R: BufRead>(elem: &'static Elem, from: &mut Reading<R>) -> Result<Self, XmlError> {
        if !since_2019(from.version) {
            return Content::read(elem, from).map(When::Date);
        }
        let mut children = Children::new(WHEN);
        let when = if children.take(from)? {
            When::Date(Content::read(&WHEN[0], from)?)
        } else {
            children.next_row();
            if !children.take(from)? {
                return Err(from.error(Problem::Missing));
            }
            When::DateTime(Content::read(&WHEN[1], from)?)
        };
        children.finish(from)?;
        Ok(when)
    }

    fn specimen(elem: &'static Elem, version: Version, dice: &mut Dice<'_>) -> Self {
        match dice.below(2) {
            1 if since_2019(version) => When::DateTime(Content::specimen(elem, version, dice)),
            _ => When::Date(Content::specimen(elem, version, dice)),
        }
    }
}
