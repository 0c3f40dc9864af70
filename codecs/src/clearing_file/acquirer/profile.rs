//! How one acquirer writes its clearing file, as an operator describes it in TOML.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::day::DayFormat;
use crate::clearing_file::settlement::Kind;
use crate::iso4217::Currency;

/// Why a profile is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// Not TOML, an unknown key, or a value of another type.
    #[error("the profile cannot be read: {0}")]
    Toml(String),
    /// A key whose value makes no sense.
    #[error("{key}: {reason}")]
    Value {
        /// Where it stands.
        key: &'static str,
        /// What is wrong.
        reason: &'static str,
    },
}

/// A checked profile. See the module for the keys.
#[derive(Debug, Clone)]
pub struct Profile {
    pub(super) written: Written,
    pub(super) day: DayFormat,
    pub(super) currency: Option<Currency>,
    pub(super) kinds: BTreeMap<String, Kind>,
    pub(super) kind: Option<Kind>,
}

/// A column by its name in the heading, or by its place counted from one.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub(super) enum Column {
    Place(usize),
    Name(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Heading {
    /// The first line names the columns.
    #[default]
    Names,
    /// There is none.
    None,
    /// There is one, and it means nothing.
    Skip,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Encoding {
    #[default]
    Utf8,
    Latin1,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum AmountForm {
    /// With a separator before the decimals.
    #[default]
    Decimal,
    /// Minor units.
    Minor,
}

/// The keys as they are written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Written {
    pub(super) name: String,
    #[serde(default = "comma")]
    pub(super) delimiter: char,
    #[serde(default = "quotation_mark")]
    pub(super) quote: char,
    #[serde(default)]
    pub(super) encoding: Encoding,
    #[serde(default)]
    pub(super) skip_lines: u64,
    #[serde(default)]
    pub(super) heading: Heading,
    currency: Option<String>,
    kind: Option<String>,
    pub(super) columns: Columns,
    #[serde(default)]
    pub(super) amount: Amount,
    date: String,
    #[serde(default)]
    kinds: BTreeMap<String, String>,
    pub(super) trailer: Option<Trailer>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Columns {
    pub(super) reference: Option<Column>,
    pub(super) rrn: Option<Column>,
    pub(super) auth_code: Option<Column>,
    pub(super) card: Option<Column>,
    pub(super) amount: Option<Column>,
    pub(super) currency: Option<Column>,
    pub(super) fee: Option<Column>,
    pub(super) net: Option<Column>,
    pub(super) date: Option<Column>,
    pub(super) kind: Option<Column>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Amount {
    #[serde(default)]
    pub(super) form: AmountForm,
    #[serde(default = "point")]
    pub(super) decimal: char,
    pub(super) grouping: Option<char>,
    /// Net must be amount less fee.
    #[serde(default)]
    pub(super) check_net: bool,
}

impl Default for Amount {
    fn default() -> Self {
        Self { form: AmountForm::default(), decimal: '.', grouping: None, check_net: false }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Trailer {
    /// What its first cell says.
    pub(super) first_cell: String,
    /// Place of the number of lines, counted from one.
    pub(super) count: Option<usize>,
    /// Place of the sum of the amounts, what was given back taken off.
    pub(super) amount: Option<usize>,
}

fn comma() -> char {
    ','
}

fn quotation_mark() -> char {
    '"'
}

fn point() -> char {
    '.'
}

impl Profile {
    /// Reads and checks a profile.
    ///
    /// # Errors
    /// The first key that is unknown or makes no sense, by its name.
    pub fn from_toml(text: &str) -> Result<Self, ProfileError> {
        let written: Written =
            toml::from_str(text).map_err(|error| ProfileError::Toml(error.message().to_owned()))?;
        let wrong = |key, reason| Err(ProfileError::Value { key, reason });
        let is_mark =
            |c: char| c.is_ascii() && !c.is_ascii_alphanumeric() && (c == '\t' || !c.is_ascii_control());
        if written.name.is_empty() {
            return wrong("name", "it is empty");
        }
        if !is_mark(written.delimiter) {
            return wrong("delimiter", "it is not a punctuation mark or a tab");
        }
        if !is_mark(written.quote) || written.quote == written.delimiter {
            return wrong("quote", "it is not a punctuation mark, or it is the delimiter");
        }
        check_columns(&written)?;
        check_amount(&written.amount)?;
        let currency = match &written.currency {
            None => None,
            Some(code) => match Currency::by_code(code).filter(|currency| currency.decimals().is_some()) {
                Some(currency) => Some(currency),
                None => return wrong("currency", "it is not a currency with a minor unit"),
            },
        };
        if currency.is_some() == written.columns.currency.is_some() {
            return wrong("currency", "either a constant or a column says it");
        }
        let Some(day) = DayFormat::parse(&written.date) else {
            return wrong(
                "date",
                "it has not a day, a month and a year each once (YYYY or YY, MM, DD, hh, mm, ss)",
            );
        };
        let kind_of = |name: &String| {
            Kind::by_name(name).ok_or(ProfileError::Value {
                key: "kinds",
                reason: "it is none of payment, reversal, refund, commission",
            })
        };
        let kinds = written
            .kinds
            .iter()
            .map(|(word, name)| Ok((word.clone(), kind_of(name)?)))
            .collect::<Result<_, _>>()?;
        let kind = written.kind.as_ref().map(kind_of).transpose()?;
        if written.columns.kind.is_some() == written.kinds.is_empty() {
            return wrong("kinds", "a column of kinds and their words belong together");
        }
        Ok(Self { day, currency, kinds, kind, written })
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.written.name
    }
}

fn check_columns(written: &Written) -> Result<(), ProfileError> {
    let wrong = |key, reason| Err(ProfileError::Value { key, reason });
    let columns = &written.columns;
    if columns.amount.is_none() {
        return wrong("columns.amount", "no column says the amount");
    }
    if columns.date.is_none() {
        return wrong("columns.date", "no column says the date");
    }
    if columns.reference.is_none() && columns.rrn.is_none() {
        return wrong("columns.reference", "neither a reference nor a retrieval reference number is there");
    }
    if written.amount.check_net && (columns.fee.is_none() || columns.net.is_none()) {
        return wrong("amount.check_net", "it needs the columns fee and net");
    }
    for (_, column) in columns.all() {
        match column {
            Some(Column::Place(0)) => return wrong("columns", "places are counted from one"),
            Some(Column::Place(place)) if *place > super::COLUMNS_MAX => {
                return wrong("columns", "a place is above 256");
            }
            Some(Column::Name(_)) if written.heading != Heading::Names => {
                return wrong("columns", "names need a heading of names");
            }
            _ => {}
        }
    }
    match &written.trailer {
        Some(trailer) if trailer.first_cell.is_empty() => wrong("trailer.first_cell", "it is empty"),
        Some(trailer) if trailer.count == Some(0) || trailer.amount == Some(0) => {
            wrong("trailer", "places are counted from one")
        }
        Some(trailer) if trailer.amount.is_some() && written.currency.is_none() => {
            wrong("trailer.amount", "a sum needs one currency for all lines")
        }
        _ => Ok(()),
    }
}

fn check_amount(amount: &Amount) -> Result<(), ProfileError> {
    let is_mark = |c: char| !c.is_alphanumeric() && !matches!(c, '-' | '(' | ')');
    let is_grouping = amount.grouping.is_none_or(|grouping| is_mark(grouping) && grouping != amount.decimal);
    if !is_mark(amount.decimal) || !is_grouping {
        return Err(ProfileError::Value {
            key: "amount",
            reason: "the separators are letters, digits or signs, or the same",
        });
    }
    Ok(())
}

impl Columns {
    /// Every column there may be, by its key.
    pub(super) fn all(&self) -> [(&'static str, &Option<Column>); 10] {
        [
            ("reference", &self.reference),
            ("rrn", &self.rrn),
            ("auth_code", &self.auth_code),
            ("card", &self.card),
            ("amount", &self.amount),
            ("currency", &self.currency),
            ("fee", &self.fee),
            ("net", &self.net),
            ("date", &self.date),
            ("kind", &self.kind),
        ]
    }
}
