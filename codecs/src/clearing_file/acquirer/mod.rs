//! Clearing files of acquirers as CSV: every one has other columns, so a profile in TOML says which is which.
//!
//! ```toml
//! name = "some-acquirer"
//! delimiter = ";"             # a comma unless told
//! quote = "'"                 # a quotation mark unless told
//! encoding = "latin1"         # utf8 unless told
//! skip_lines = 2              # before the heading
//! heading = "names"           # names, none, skip
//! currency = "ILS"            # for all lines, or columns.currency
//! kind = "payment"            # for all lines; without it and columns.kind, what is below zero was refunded
//! date = "DD/MM/YYYY hh:mm"   # YYYY YY MM DD hh mm ss, anything else stands for itself
//!
//! [columns]                   # by name, or by place counted from one
//! reference = "Merchant reference"
//! rrn = "RRN"
//! auth_code = "Approval"
//! card = "Card number"
//! amount = "Gross"
//! fee = "Commission"
//! net = "Net"
//! date = "Date"
//! kind = "Type"
//!
//! [amount]
//! form = "decimal"            # or minor: in minor units
//! decimal = "."
//! grouping = ","
//! check_net = true            # net is amount less fee
//!
//! [kinds]                     # the acquirer's words
//! SALE = "payment"
//! RFND = "refund"
//!
//! [trailer]                   # a last line that must be there
//! first_cell = "TOTAL"
//! count = 2
//! amount = 3
//! ```
//!
//! What is given back may be written with a minus before or after it, or in parentheses. Card numbers are masked as they
//! are read. A quoted value does not go over the end of its line.

mod day;
mod profile;

use std::io::Read;

use serde::{Serialize, Serializer};

use profile::{AmountForm, Column, Encoding, Heading};
pub use profile::{Profile, ProfileError};

use super::error::{FaultKind, FileError};
use super::lines::Lines;
use super::settlement::Kind;
use super::statement::decimal;
use crate::amount::{AmountError, Decimal};
use crate::date::Date;
use crate::iso4217::Currency;
use crate::iso8583::mask_pan;

/// Longest line.
const LINE_MAX: usize = 16 * 1024;

/// Most columns of a line.
pub(super) const COLUMNS_MAX: usize = 256;

/// One line of an acquirer's file. Texts are empty where the file has no such column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Where it stands.
    pub line: u64,
    /// What moved.
    pub kind: Kind,
    /// The merchant's reference.
    pub reference: String,
    /// Field 37 of ISO 8583.
    pub rrn: String,
    /// Field 38 of ISO 8583.
    pub auth_code: String,
    /// The card number, first six and last four digits at most.
    pub card: String,
    /// What moved, never below zero, in minor units.
    pub amount_minor: i64,
    /// Of every amount of the line.
    pub currency: Currency,
    /// What the acquirer keeps.
    pub fee_minor: Option<i64>,
    /// What it pays out.
    pub net_minor: Option<i64>,
    /// The day.
    pub date: Date,
}

impl Line {
    /// The amount with its sign: below zero for everything but payments.
    #[must_use]
    pub const fn signed_minor(&self) -> i64 {
        if self.kind.is_credit() { self.amount_minor } else { -self.amount_minor }
    }
}

impl Serialize for Line {
    /// As `[amount, mark, reference, rrn, currency]`, the first three as those of a statement.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mark = if self.kind.is_credit() { "C" } else { "D" };
        let amount = decimal(self.amount_minor, self.currency);
        (amount, mark, &self.reference, &self.rrn, self.currency.code()).serialize(serializer)
    }
}

/// Where the columns stand in this file.
#[derive(Debug, Default)]
struct Places([Option<usize>; 10]);

/// Reads a file, one line at a time.
pub struct Reader<'p, R> {
    lines: Lines<R>,
    profile: &'p Profile,
    places: Option<Places>,
    count: u64,
    /// Of the signed amounts, when there is one currency for all.
    sum: i64,
    is_done: bool,
}

impl<'p, R: Read> Reader<'p, R> {
    /// Reads from anything that gives bytes; its buffer is its own.
    pub fn new(source: R, profile: &'p Profile) -> Self {
        Self { lines: Lines::new(source, LINE_MAX), profile, places: None, count: 0, sum: 0, is_done: false }
    }

    /// The next line; `None` at the end, and when the trailer was right, if the profile has one.
    ///
    /// # Errors
    /// The first fault, by line and column: the key of the profile.
    #[expect(clippy::should_implement_trait, reason = "errors end it, as in every reader here")]
    pub fn next(&mut self) -> Result<Option<Line>, FileError> {
        if self.is_done {
            return Ok(None);
        }
        let read = self.step();
        self.is_done = !matches!(read, Ok(Some(_)));
        read
    }

    /// Lines up to now.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    fn step(&mut self) -> Result<Option<Line>, FileError> {
        let written = &self.profile.written;
        if self.places.is_none() {
            for _ in 0..written.skip_lines {
                self.text()?;
            }
            let heading = match written.heading {
                Heading::None => Vec::new(),
                Heading::Names | Heading::Skip => match self.text()? {
                    Some(text) => self.cells(&text)?,
                    None => {
                        return Err(FileError::new(
                            FaultKind::Torn,
                            self.lines.number() + 1,
                            "heading",
                            "the file has none",
                        ));
                    }
                },
            };
            self.places = Some(self.find(&heading)?);
        }
        let Some(text) = self.text()? else {
            return match written.trailer {
                None => Ok(None),
                Some(_) => Err(FileError::new(
                    FaultKind::Torn,
                    self.lines.number() + 1,
                    "trailer",
                    "the file has no trailer",
                )),
            };
        };
        let cells = self.cells(&text)?;
        if let Some(trailer) = &written.trailer
            && cells.first().is_some_and(|cell| *cell == trailer.first_cell)
        {
            return self.trailer(&cells).map(|()| None);
        }
        let line = self.line(&cells)?;
        self.count += 1;
        let sum = self.sum.checked_add(line.signed_minor());
        self.sum =
            sum.ok_or_else(|| FileError::field(line.line, "amount", "the sum of the amounts is too large"))?;
        Ok(Some(line))
    }

    /// The next line that is not empty.
    fn text(&mut self) -> Result<Option<String>, FileError> {
        while let Some((range, _)) = self.lines.advance()? {
            let bytes = self.lines.bytes(range);
            let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
            if bytes.is_empty() {
                continue;
            }
            let text = match self.profile.written.encoding {
                Encoding::Latin1 => Some(bytes.iter().copied().map(char::from).collect()),
                Encoding::Utf8 => std::str::from_utf8(bytes).ok().map(str::to_owned),
            };
            let number = self.lines.number();
            return text
                .map(Some)
                .ok_or_else(|| FileError::new(FaultKind::Encoding, number, "line", "the line is not UTF-8"));
        }
        Ok(None)
    }

    fn cells(&self, text: &str) -> Result<Vec<String>, FileError> {
        let (delimiter, quote) = (self.profile.written.delimiter, self.profile.written.quote);
        let fault = |reason| FileError::new(FaultKind::Syntax, self.lines.number(), "line", reason);
        let mut cells = Vec::new();
        let mut rest = Some(text);
        while let Some(line) = rest {
            if cells.len() == COLUMNS_MAX {
                return Err(fault("the line has too many columns"));
            }
            let Some(mut inside) = line.strip_prefix(quote) else {
                let (cell, after) =
                    line.split_once(delimiter).map_or((line, None), |(cell, after)| (cell, Some(after)));
                cells.push(cell.trim().to_owned());
                rest = after;
                continue;
            };
            let mut cell = String::new();
            loop {
                let (part, after) =
                    inside.split_once(quote).ok_or_else(|| fault("a quotation mark is not closed"))?;
                cell.push_str(part);
                match after.strip_prefix(quote) {
                    Some(more) => {
                        cell.push(quote);
                        inside = more;
                    }
                    None => {
                        rest = after.strip_prefix(delimiter);
                        if rest.is_none() && !after.is_empty() {
                            return Err(fault("something follows a closing quotation mark"));
                        }
                        break;
                    }
                }
            }
            cells.push(cell);
        }
        Ok(cells)
    }

    fn find(&self, heading: &[String]) -> Result<Places, FileError> {
        let mut places = Places::default();
        for (place, (key, column)) in places.0.iter_mut().zip(self.profile.written.columns.all()) {
            *place = match column {
                None => None,
                Some(Column::Place(column)) => Some(column - 1),
                Some(Column::Name(name)) => {
                    let mut found =
                        heading.iter().enumerate().filter(|(_, cell)| *cell == name).map(|(at, _)| at);
                    match (found.next(), found.next()) {
                        (Some(at), None) => Some(at),
                        (None, _) => {
                            return Err(FileError::field(
                                self.lines.number(),
                                key,
                                "the heading has no such column",
                            ));
                        }
                        (Some(_), Some(_)) => {
                            return Err(FileError::field(
                                self.lines.number(),
                                key,
                                "the heading has this column twice",
                            ));
                        }
                    }
                }
            };
        }
        Ok(places)
    }

    fn line(&self, cells: &[String]) -> Result<Line, FileError> {
        let number = self.lines.number();
        let places = self.places.as_ref().map_or([None; 10], |places| places.0);
        let cell = |place: usize, key: &'static str| match places[place] {
            None => Ok(None),
            Some(at) => cells
                .get(at)
                .map(|cell| Some(cell.as_str()))
                .ok_or_else(|| FileError::field(number, key, "the line has no such column")),
        };
        let text = |place, key| cell(place, key).and_then(|text| clean(number, key, text.unwrap_or("")));
        let currency = match (self.profile.currency, cell(5, "currency")?) {
            (Some(currency), _) => currency,
            (None, code) => currency_of(code.unwrap_or("")).ok_or_else(|| {
                FileError::field(number, "currency", "it is not a currency with a minor unit")
            })?,
        };
        let amount = |place, key| match cell(place, key)? {
            None => Ok(None),
            Some(text) => {
                self.amount(text, currency).map(Some).map_err(|reason| FileError::field(number, key, reason))
            }
        };
        let told = amount(4, "amount")?.unwrap_or(0);
        let kind =
            self.kind(cell(9, "kind")?, told).map_err(|reason| FileError::field(number, "kind", reason))?;
        if kind.is_credit() && told < 0 {
            return Err(FileError::field(number, "amount", "a payment is below zero"));
        }
        let date = self.profile.day.read(cell(8, "date")?.unwrap_or(""));
        let line = Line {
            line: number,
            kind,
            reference: text(0, "reference")?,
            rrn: text(1, "rrn")?,
            auth_code: text(2, "auth_code")?,
            card: card(cell(3, "card")?.unwrap_or("")).ok_or_else(|| {
                FileError::field(number, "card", "it is not a card number, masked or whole")
            })?,
            amount_minor: told.abs(),
            currency,
            fee_minor: amount(6, "fee")?.map(i64::abs),
            net_minor: amount(7, "net")?.map(i64::abs),
            date: date
                .ok_or_else(|| FileError::field(number, "date", "it is not a day in the profile's form"))?,
        };
        if line.reference.is_empty() && line.rrn.is_empty() {
            return Err(FileError::field(
                number,
                "reference",
                "the line has neither a reference nor a retrieval reference number",
            ));
        }
        match (line.fee_minor, line.net_minor) {
            (Some(fee), Some(net))
                if self.profile.written.amount.check_net && line.amount_minor - fee != net =>
            {
                Err(FileError::new(FaultKind::Sum, number, "net", "it is not the amount less the fee"))
            }
            _ => Ok(line),
        }
    }

    fn kind(&self, word: Option<&str>, amount: i64) -> Result<Kind, &'static str> {
        match (word, self.profile.kind) {
            (Some(word), _) => {
                self.profile.kinds.get(word).copied().ok_or("the profile does not know the word")
            }
            (None, Some(kind)) => Ok(kind),
            (None, None) => Ok(if amount < 0 { Kind::Refund } else { Kind::Payment }),
        }
    }

    fn amount(&self, text: &str, currency: Currency) -> Result<i64, &'static str> {
        let form = &self.profile.written.amount;
        let unsigned = text.strip_prefix('-').or_else(|| text.strip_suffix('-'));
        let unsigned = unsigned.or_else(|| text.strip_prefix('(').and_then(|text| text.strip_suffix(')')));
        let digits = ungrouped(unsigned.unwrap_or(text), form.grouping, form.decimal)
            .ok_or("its groups are not of three digits")?;
        let plain = if form.form == AmountForm::Decimal { digits.replace(form.decimal, ".") } else { digits };
        if plain.starts_with('-')
            || form.decimal != '.' && unsigned.unwrap_or(text).contains('.') && form.grouping != Some('.')
        {
            return Err("it is not an amount in the profile's form");
        }
        let read = Decimal::parse(&plain).and_then(|amount| match form.form {
            AmountForm::Decimal => amount.to_minor(currency),
            AmountForm::Minor => amount.to_scale(0).map(Decimal::units),
        });
        let is_minor_with_point = form.form == AmountForm::Minor && plain.contains('.');
        match read {
            Ok(minor) if !is_minor_with_point => Ok(if unsigned.is_some() { -minor } else { minor }),
            Err(AmountError::TooManyDecimals) => Err("it has more decimals than its currency"),
            _ => Err("it is not an amount in the profile's form"),
        }
    }

    fn trailer(&mut self, cells: &[String]) -> Result<(), FileError> {
        let number = self.lines.number();
        let Some(trailer) = &self.profile.written.trailer else { return Ok(()) };
        let cell = |place: usize, field| {
            cells
                .get(place - 1)
                .ok_or_else(|| FileError::field(number, field, "the trailer has no such column"))
        };
        if let Some(place) = trailer.count
            && cell(place, "trailer.count")?.parse() != Ok(self.count)
        {
            return Err(FileError::new(
                FaultKind::Count,
                number,
                "trailer.count",
                "it counts other lines than there are",
            ));
        }
        if let (Some(place), Some(currency)) = (trailer.amount, self.profile.currency) {
            let told = self.amount(cell(place, "trailer.amount")?, currency);
            if told.map_err(|reason| FileError::field(number, "trailer.amount", reason))? != self.sum {
                return Err(FileError::new(
                    FaultKind::Sum,
                    number,
                    "trailer.amount",
                    "it is not the sum of the amounts",
                ));
            }
        }
        match self.text()? {
            None => Ok(()),
            Some(_) => Err(FileError::new(
                FaultKind::Syntax,
                self.lines.number(),
                "line",
                "something follows the trailer",
            )),
        }
    }
}

/// Digits without their grouping, which must stand before each three of them; `None` when it stands elsewhere.
fn ungrouped(text: &str, grouping: Option<char>, decimal: char) -> Option<String> {
    let Some(grouping) = grouping.filter(|grouping| text.contains(*grouping)) else {
        return Some(text.to_owned());
    };
    let (whole, fraction) =
        text.split_once(decimal).map_or((text, None), |(whole, fraction)| (whole, Some(fraction)));
    if fraction.is_some_and(|fraction| fraction.contains(grouping)) {
        return None;
    }
    let mut groups = whole.split(grouping);
    let first = groups.next().filter(|first| (1..=3).contains(&first.len()))?;
    let mut digits = first.to_owned();
    for group in groups {
        if group.len() != 3 {
            return None;
        }
        digits.push_str(group);
    }
    if let Some(fraction) = fraction {
        digits.push(decimal);
        digits.push_str(fraction);
    }
    Some(digits)
}

fn currency_of(code: &str) -> Option<Currency> {
    let by_number = || code.parse().ok().filter(|_| code.len() == 3).and_then(Currency::by_number);
    Currency::by_code(code).or_else(by_number).filter(|currency| currency.decimals().is_some())
}

fn clean(line: u64, key: &'static str, text: &str) -> Result<String, FileError> {
    if text.chars().count() > 64 || text.chars().any(char::is_control) {
        return Err(FileError::field(
            line,
            key,
            "it is longer than 64 characters or has a control character",
        ));
    }
    Ok(text.to_owned())
}

/// A card number as it may be kept: whole ones are masked here, before anybody sees them.
fn card(text: &str) -> Option<String> {
    let plain: String = text.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
    let masked: String =
        plain.chars().map(|c| if matches!(c, 'x' | 'X' | '#' | '.') { '*' } else { c }).collect();
    if masked.len() > 19 || !masked.bytes().all(|c| c.is_ascii_digit() || c == b'*') {
        return None;
    }
    let digits = masked.bytes().filter(u8::is_ascii_digit).count();
    Some(if masked.len() < 13 && digits <= 4 { masked } else { mask_pan(&masked) })
}
