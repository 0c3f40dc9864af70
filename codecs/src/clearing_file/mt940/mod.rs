//! Customer statements of SWIFT: MT940, and MT942 and MT950, which are made of the same fields.
//!
//! With or without the blocks `{1:}{2:}{4:`, ended by `-`, `-}` or the next `:20:`; several statements in a file; several
//! pages of one statement become one. Lines before the first tag that are no tag are passed over: banks put names there.
//! The closing balance must follow from the opening one and the entries, page for page.

mod narrative;
mod tag;

use std::collections::VecDeque;
use std::io::Read;

pub use narrative::Narrative;

use super::error::{FaultKind, FileError};
use super::lines::Lines;
use super::statement::{Balance, Closing, Entry, Event, Opening};
use crate::iso4217::Currency;

/// Longest line. The standard's are at most 65 characters after the tag; banks that do not wrap field 86 exist.
const LINE_MAX: usize = 4 * 1024;

/// Most text of one field 86 that is kept.
const NARRATIVE_MAX: usize = 8 * 1024;

/// How a file is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// A line that is not UTF-8 is read as Latin-1, as many banks write it. Otherwise it is refused.
    pub latin1: bool,
    /// Balances that do not follow from the entries are let pass. Only to look at files, never to book them.
    pub unbalanced: bool,
}

/// Reads a file of statements, one event at a time.
pub struct Reader<R> {
    lines: Lines<R>,
    options: Options,
    events: VecDeque<Event>,
    statement: Statement,
    place: Place,
    entry: Option<Box<Entry>>,
    /// What a line without a tag goes on with.
    open: Open,
    /// A page that ended with an intermediate balance.
    page_before: Option<Statement>,
    ended: bool,
}

/// Where in a message we are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Outside,
    Head,
    Entries,
    Tail,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Open {
    Nothing,
    /// A field of one line.
    Single,
    Details,
    EntryText,
    StatementText,
}

/// What is known of the statement that is being read.
#[derive(Default)]
struct Statement {
    /// Line of its `:20:`.
    line: u64,
    reference: String,
    account: Option<String>,
    number: Option<(String, Option<u32>)>,
    currency: Option<Currency>,
    opening: Option<Balance>,
    is_first_page: bool,
    /// The balance as the entries make it.
    running: i64,
    credits: (u64, i64),
    debits: (u64, i64),
    closing: Closing,
    /// A balance or sum that ends the entries was read.
    is_closed: bool,
    /// An MT942: no balances.
    is_interim: bool,
}

impl<R: Read> Reader<R> {
    /// Reads from anything that gives bytes; its buffer is its own.
    pub fn new(source: R, options: Options) -> Self {
        Self {
            lines: Lines::new(source, LINE_MAX),
            options,
            events: VecDeque::new(),
            statement: Statement::default(),
            place: Place::Outside,
            entry: None,
            open: Open::Nothing,
            page_before: None,
            ended: false,
        }
    }

    /// The next event; `None` at the end of the file.
    ///
    /// # Errors
    /// The first fault, with its line and tag. Nothing is read after one.
    #[expect(clippy::should_implement_trait, reason = "errors end it, as in every reader here")]
    pub fn next(&mut self) -> Result<Option<Event>, FileError> {
        while self.events.is_empty() && !self.ended {
            let read = self.step();
            self.ended |= read.is_err();
            read?;
        }
        Ok(self.events.pop_front())
    }

    fn step(&mut self) -> Result<(), FileError> {
        let Some((range, _)) = self.lines.advance()? else {
            self.ended = true;
            self.end_of_message()?;
            if self.statement.line == 0 && self.page_before.is_none() {
                return Err(FileError::new(
                    FaultKind::Torn,
                    self.lines.number() + 1,
                    ":20:",
                    "the file has no statement",
                ));
            }
            self.page_ends_here();
            return Ok(());
        };
        let number = self.lines.number();
        let bytes = self.lines.bytes(range);
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) if self.options.latin1 => bytes.iter().copied().map(char::from).collect(),
            Err(_) => {
                return Err(FileError::new(FaultKind::Encoding, number, "line", "the line is not UTF-8"));
            }
        };
        let is_outside = self.place == Place::Outside;
        let text = text.trim_end_matches(['\u{3}', ' ']);
        // What stands between messages in files of SWIFT's own programs.
        let text = if is_outside { text.trim_start_matches(['\u{1}', '\u{FEFF}', '$']) } else { text };
        match text {
            "" => Ok(()),
            "-" => self.end_of_message(),
            _ if text.starts_with("-}") => {
                self.end_of_message()?;
                self.blocks(text.trim_start_matches("-}"), number)
            }
            _ if text.starts_with('{') => self.blocks(text, number),
            _ => match tag_of(text) {
                Some((tag, value)) => self.field(tag, value, number),
                None if text.starts_with(':') && !is_outside => Err(FileError::new(
                    FaultKind::Syntax,
                    number,
                    ":",
                    "the tag is not two digits and a letter between colons",
                )),
                None => self.more(text, number),
            },
        }
    }

    /// `{1:...}{2:O940...}{4:`: only block 2 says anything, the kind of message.
    fn blocks(&mut self, text: &str, number: u64) -> Result<(), FileError> {
        if self.place != Place::Outside {
            return Err(FileError::new(
                FaultKind::Torn,
                number,
                "{1:",
                "a message begins inside another one",
            ));
        }
        let Some((_, application)) = text.split_once("{2:") else { return Ok(()) };
        let kind = application.get(1..4).unwrap_or("");
        if application.starts_with(['I', 'O']) && matches!(kind, "940" | "942" | "950") {
            return Ok(());
        }
        Err(FileError::new(FaultKind::Syntax, number, "{2:", "the message is none of MT940, MT942, MT950"))
    }

    fn field(&mut self, tag: &str, value: &str, line: u64) -> Result<(), FileError> {
        let refuse = |reason| FileError::field(line, format!(":{tag}:"), reason);
        let misplaced =
            || FileError::new(FaultKind::Syntax, line, format!(":{tag}:"), "the tag may not stand here");
        if tag == "20" {
            self.end_of_message()?;
            self.statement = Statement { line, reference: value.to_owned(), ..Statement::default() };
            (self.place, self.open) = (Place::Head, Open::Single);
            return if value.is_empty() { Err(refuse("the reference is empty")) } else { Ok(()) };
        }
        if self.place == Place::Outside {
            return Err(FileError::new(
                FaultKind::Syntax,
                line,
                format!(":{tag}:"),
                "the tag stands before any :20:",
            ));
        }
        if tag == "86" {
            return self.text(value, line);
        }
        self.entry_ends()?;
        self.open = Open::Single;
        match (tag, self.place) {
            ("21" | "13" | "13D", Place::Head) => Ok(()),
            ("25" | "25P", Place::Head) if self.statement.account.is_none() => {
                self.statement.account = Some(value.to_owned());
                if value.is_empty() { Err(refuse("the account is empty")) } else { Ok(()) }
            }
            ("28C" | "28", Place::Head) if self.statement.number.is_none() => {
                self.statement.number = Some(tag::number(value).map_err(refuse)?);
                Ok(())
            }
            ("34F", Place::Head) => {
                let currency = tag::floor_limit(value).map_err(refuse)?;
                if self.statement.currency.replace(currency).is_some_and(|before| before != currency) {
                    return Err(refuse("the currency is not that of the other floor limit"));
                }
                self.statement.is_interim = true;
                Ok(())
            }
            ("60F" | "60M", Place::Head) => self.opening(tag, value, line),
            ("61", Place::Head) if self.statement.is_interim => {
                self.opened(line)?;
                self.entry(value, line)
            }
            ("61", Place::Entries) => self.entry(value, line),
            ("62F" | "62M", Place::Entries) if !self.statement.is_interim => self.closing(tag, value, line),
            ("90C" | "90D", Place::Head | Place::Entries | Place::Tail) if self.statement.is_interim => {
                self.opened(line)?;
                self.sum(tag, value, line)
            }
            ("64", Place::Tail)
                if self.statement.closing.available.is_none() && !self.statement.is_interim =>
            {
                self.statement.closing.available = Some(self.balance(tag, value, line)?);
                Ok(())
            }
            ("65", Place::Tail)
                if self.statement.closing.forward.len() < 64 && !self.statement.is_interim =>
            {
                let balance = self.balance(tag, value, line)?;
                self.statement.closing.forward.push(balance);
                Ok(())
            }
            _ => Err(misplaced()),
        }
    }

    fn balance(&self, tag: &str, value: &str, line: u64) -> Result<Balance, FileError> {
        let refuse = |reason| FileError::field(line, format!(":{tag}:"), reason);
        let told = tag::balance(value).map_err(refuse)?;
        if self.statement.currency.is_some_and(|currency| currency != told.currency) {
            return Err(refuse("the currency is not that of the opening balance"));
        }
        Ok(Balance { minor: told.minor, date: told.date })
    }

    fn opening(&mut self, tag: &str, value: &str, line: u64) -> Result<(), FileError> {
        let balance = self.balance(tag, value, line)?;
        let told =
            tag::balance(value).map_err(|reason| FileError::field(line, format!(":{tag}:"), reason))?;
        let statement = &mut self.statement;
        statement.is_first_page = tag == "60F";
        (statement.currency, statement.opening, statement.running) =
            (Some(told.currency), Some(balance), balance.minor);
        self.opened(line)
    }

    /// The head is complete: a statement begins, or goes on with its next page.
    fn opened(&mut self, line: u64) -> Result<(), FileError> {
        if self.place != Place::Head {
            return Ok(());
        }
        self.place = Place::Entries;
        let statement = &self.statement;
        let missing = |tag: &'static str| {
            FileError::new(FaultKind::Syntax, line, tag, "the tag is missing before the entries")
        };
        let account = statement.account.clone().ok_or_else(|| missing(":25:"))?;
        let (number, page) = statement.number.clone().ok_or_else(|| missing(":28C:"))?;
        let currency = statement.currency.ok_or_else(|| missing(":60F:"))?;
        if let Some(before) = &self.page_before {
            let follows = before.account.as_ref() == Some(&account)
                && before
                    .number
                    .as_ref()
                    .is_some_and(|(n, p)| *n == number && page == p.and_then(|p| p.checked_add(1)));
            if follows && !statement.is_first_page {
                let is_balanced =
                    before.closing.balance.map(|b| b.minor) == statement.opening.map(|b| b.minor);
                if !is_balanced && !self.options.unbalanced || before.currency != statement.currency {
                    let reason = "the opening balance is not the closing balance of the page before";
                    return Err(FileError::new(FaultKind::Balance, line, ":60M:", reason));
                }
                self.page_before = None;
                return Ok(());
            }
        }
        self.page_ends_here();
        let (reference, balance) = (self.statement.reference.clone(), self.statement.opening);
        self.events.push_back(Event::Opened(Opening { reference, account, number, currency, balance }));
        Ok(())
    }

    /// The page that was waiting for the next one stays without it.
    fn page_ends_here(&mut self) {
        if let Some(before) = self.page_before.take() {
            self.events.push_back(Event::Closed(before.closing));
        }
    }

    fn entry(&mut self, value: &str, line: u64) -> Result<(), FileError> {
        let refuse = |reason| FileError::field(line, ":61:", reason);
        let statement = &mut self.statement;
        let currency = statement.currency.ok_or_else(|| refuse("the statement has no currency"))?;
        let entry = tag::entry(value, currency, line).map_err(refuse)?;
        let too_large = || refuse("the sum of the entries is too large");
        let side =
            if entry.mark.credits_the_account() { &mut statement.credits } else { &mut statement.debits };
        side.0 += 1;
        side.1 = side.1.checked_add(entry.amount_minor).ok_or_else(too_large)?;
        statement.running = statement.running.checked_add(entry.signed_minor()).ok_or_else(too_large)?;
        self.entry = Some(Box::new(entry));
        self.open = Open::Details;
        Ok(())
    }

    fn entry_ends(&mut self) -> Result<(), FileError> {
        if let Some(entry) = self.entry.take() {
            self.events.push_back(Event::Entry(entry));
        }
        Ok(())
    }

    fn closing(&mut self, tag: &str, value: &str, line: u64) -> Result<(), FileError> {
        let balance = self.balance(tag, value, line)?;
        if balance.minor != self.statement.running && !self.options.unbalanced {
            let reason = "the closing balance does not follow from the opening balance and the entries";
            return Err(FileError::new(FaultKind::Balance, line, format!(":{tag}:"), reason));
        }
        self.statement.closing.balance = Some(balance);
        self.statement.closing.is_last_page = tag == "62F";
        self.statement.is_closed = true;
        self.place = Place::Tail;
        Ok(())
    }

    /// Fields 90C and 90D of MT942 count what field 61 says, reversals on the side they move money to.
    fn sum(&mut self, tag: &str, value: &str, line: u64) -> Result<(), FileError> {
        let field = || format!(":{tag}:");
        let told = tag::sum(value).map_err(|reason| FileError::field(line, field(), reason))?;
        let counted = if tag == "90C" { self.statement.credits } else { self.statement.debits };
        if self.statement.currency != Some(told.1) {
            return Err(FileError::field(line, field(), "the currency is not that of the statement"));
        }
        if told.0 != counted.0 {
            return Err(FileError::new(
                FaultKind::Count,
                line,
                field(),
                "it counts other entries than there are",
            ));
        }
        if told.2 != counted.1 && !self.options.unbalanced {
            return Err(FileError::new(FaultKind::Sum, line, field(), "it is not the sum of the entries"));
        }
        (self.place, self.statement.is_closed, self.statement.closing.is_last_page) =
            (Place::Tail, true, true);
        Ok(())
    }

    fn text(&mut self, value: &str, line: u64) -> Result<(), FileError> {
        match (self.place, &mut self.entry) {
            (Place::Entries, Some(entry)) if self.open != Open::EntryText => {
                value.clone_into(&mut entry.narrative);
                self.open = Open::EntryText;
                Ok(())
            }
            (Place::Tail, _) if self.open != Open::StatementText => {
                value.clone_into(&mut self.statement.closing.narrative);
                self.open = Open::StatementText;
                Ok(())
            }
            _ => Err(FileError::new(FaultKind::Syntax, line, ":86:", "the tag may not stand here")),
        }
    }

    /// A line without a tag goes on with the field before it.
    fn more(&mut self, text: &str, line: u64) -> Result<(), FileError> {
        let target = match (self.open, &mut self.entry) {
            _ if self.place == Place::Outside => return Ok(()),
            (Open::Details, Some(entry)) => &mut entry.details,
            (Open::EntryText, Some(entry)) => &mut entry.narrative,
            (Open::StatementText, _) => &mut self.statement.closing.narrative,
            _ => return Err(FileError::new(FaultKind::Syntax, line, "line", "the line belongs to no tag")),
        };
        if target.len() + text.len() > NARRATIVE_MAX {
            return Err(FileError::new(FaultKind::TooLong, line, ":86:", "the text is too long"));
        }
        if !target.is_empty() {
            target.push('\n');
        }
        target.push_str(text);
        Ok(())
    }

    fn end_of_message(&mut self) -> Result<(), FileError> {
        if self.place == Place::Outside {
            return Ok(());
        }
        self.entry_ends()?;
        if !self.statement.is_closed {
            let (line, tag) =
                (self.lines.number(), if self.statement.is_interim { ":90D:" } else { ":62F:" });
            // An MT942 may leave out its sums.
            if !self.statement.is_interim || self.place == Place::Head {
                return Err(FileError::new(FaultKind::Torn, line, tag, "the statement ends without it"));
            }
            self.statement.closing.is_last_page = true;
        }
        (self.place, self.open) = (Place::Outside, Open::Nothing);
        let line = self.statement.line;
        let ended = std::mem::take(&mut self.statement);
        self.statement.line = line;
        if ended.closing.is_last_page {
            self.events.push_back(Event::Closed(ended.closing));
        } else {
            self.page_before = Some(ended);
        }
        Ok(())
    }
}

/// `:61:...`: the tag, two digits and perhaps a letter, and what it holds.
fn tag_of(line: &str) -> Option<(&str, &str)> {
    let (tag, value) = line.strip_prefix(':')?.split_once(':')?;
    let is_tag =
        matches!(tag.as_bytes(), [a, b] | [a, b, b'A'..=b'Z'] if a.is_ascii_digit() && b.is_ascii_digit());
    is_tag.then_some((tag, value))
}
