//! Reads camt.052, .053 and .054, one entry at a time.

use std::collections::VecDeque;
use std::io::BufRead;

use super::entry;
use crate::clearing_file::error::{FaultKind, FileError};
use crate::clearing_file::statement::{Balance, Booking, Closing, Event, Opening, Transaction};
use crate::iso4217::Currency;
use crate::iso20022::{self, Element, Limits, XmlError};

/// Most transactions of one entry that are kept. A batch of more is refused, not cut.
const TRANSACTIONS_MAX: usize = 50_000;

/// Most bytes of one element that is held as a whole: a balance, a transaction.
const TREE_MAX: u64 = 256 * 1024;

/// Reads a document, one event at a time.
pub struct Reader<R> {
    xml: iso20022::Reader<R>,
    events: VecDeque<Event>,
    statement: Option<Statement>,
    is_paged: bool,
    is_unbalanced: bool,
    is_done: bool,
}

/// What is known of the statement that is being read.
#[derive(Default)]
struct Statement {
    reference: String,
    account: String,
    number: String,
    currency: Option<Currency>,
    opening: Option<Balance>,
    previous: Option<Balance>,
    closing: Closing,
    is_opened: bool,
    /// Some entry or balance has another currency: nothing can be added up.
    is_mixed: bool,
    is_paged: bool,
    booked: i64,
    /// Of that, what has its value after the day of the closing balance.
    later: i64,
    /// Where it stands in the document, and the lines of its closing balance and summary.
    path: String,
    closing_line: u64,
    summary_line: u64,
    count: u64,
    credits: (u64, i64),
    debits: (u64, i64),
    summary: Option<Element>,
}

impl<R: BufRead> Reader<R> {
    /// Reads from `source`. `unbalanced` lets balances and summaries pass that do not follow from the entries: only to
    /// look at files, never to book them.
    pub fn new(source: R, unbalanced: bool) -> Self {
        let limits = Limits { tree_max: TREE_MAX, ..Limits::statement() };
        Self {
            xml: iso20022::Reader::new(source, limits).validating(),
            events: VecDeque::new(),
            statement: None,
            is_paged: false,
            is_unbalanced: unbalanced,
            is_done: false,
        }
    }

    /// The next event; `None` at the end of the document.
    ///
    /// # Errors
    /// The first fault, with its line and the path of its element. Nothing is read after one.
    #[expect(clippy::should_implement_trait, reason = "errors end it, as in every reader here")]
    pub fn next(&mut self) -> Result<Option<Event>, FileError> {
        while self.events.is_empty() && !self.is_done {
            let read = self.step();
            self.is_done |= read.is_err();
            read?;
        }
        Ok(self.events.pop_front())
    }

    fn step(&mut self) -> Result<(), FileError> {
        let name = match self.xml.next().map_err(xml_fault)? {
            iso20022::Event::Start { name, .. } => name.to_owned(),
            iso20022::Event::Text(_) => return Ok(()),
            iso20022::Event::Eof => {
                self.is_done = true;
                return Ok(());
            }
            iso20022::Event::End => {
                // The statement's own end: everything inside it is read to its end below.
                return match self.statement.take() {
                    Some(statement) => self.end(statement),
                    None => Ok(()),
                };
            }
        };
        if self.statement.is_some() {
            return self.part(&name);
        }
        match &*name {
            "Document" => match self.xml.message() {
                Some(message)
                    if ["camt.052.", "camt.053.", "camt.054."].iter().any(|own| message.starts_with(own)) =>
                {
                    Ok(())
                }
                _ => Err(self.fault(
                    FaultKind::Syntax,
                    "",
                    "the document is none of camt.052, camt.053, camt.054",
                )),
            },
            "GrpHdr" => {
                let header = self.tree()?;
                self.is_paged = is_paged(&header, "MsgPgntn");
                Ok(())
            }
            "Rpt" | "Stmt" | "Ntfctn" => {
                let (is_paged, path) = (self.is_paged, self.xml.path());
                self.statement = Some(Statement { is_paged, path, ..Statement::default() });
                Ok(())
            }
            "AppHdr" | "SplmtryData" => self.tree().map(|_| ()),
            // The envelope of a network, or the element around the statements.
            _ => Ok(()),
        }
    }

    /// A child of the statement.
    fn part(&mut self, name: &str) -> Result<(), FileError> {
        if name == "Ntry" {
            self.opened()?;
            return self.entry();
        }
        let line = self.xml.line();
        let element = self.tree()?;
        let Some(statement) = &mut self.statement else { return Ok(()) };
        match name {
            "Id" => statement.reference = element.text,
            "ElctrncSeqNb" => statement.number = element.text,
            "StmtPgntn" | "RptPgntn" | "NtfctnPgntn" => statement.is_paged |= is_not_whole(&element),
            "Acct" => {
                let account = element.text_of("Id/IBAN").or_else(|| element.text_of("Id/Othr/Id"));
                statement.account = account.unwrap_or("").to_owned();
                statement.currency = element.text_of("Ccy").and_then(|code| Currency::by_code(code.trim()));
            }
            "Bal" => return self.balance(&element, line),
            "TxsSummry" => (statement.summary, statement.summary_line) = (Some(element), line),
            _ => {}
        }
        Ok(())
    }

    fn balance(&mut self, element: &Element, line: u64) -> Result<(), FileError> {
        let told = element.child("Amt").map(entry::amount).unwrap_or(Err("it is missing"));
        let (minor, currency) = told.map_err(|reason| self.fault(FaultKind::Field, "/Bal/Amt", reason))?;
        let date = element.child("Dt").and_then(entry::day);
        let date = date.ok_or_else(|| self.fault(FaultKind::Field, "/Bal/Dt", "it is not a day"))?;
        let minor = if entry::credits(element) == Some(false) { -minor } else { minor };
        let Some(statement) = &mut self.statement else { return Ok(()) };
        statement.is_mixed |= *statement.currency.get_or_insert(currency) != currency;
        let balance = Some(Balance { minor, date });
        match element.text_of("Tp/CdOrPrtry/Cd").unwrap_or("").trim() {
            "OPBD" => statement.opening = balance,
            "PRCD" => statement.previous = balance,
            "CLBD" => (statement.closing.balance, statement.closing_line) = (balance, line),
            "CLAV" => statement.closing.available = balance,
            "FWAV" => statement.closing.forward.extend(balance),
            _ => {}
        }
        if statement.closing.forward.len() > 64 {
            return Err(self.fault(
                FaultKind::TooLong,
                "/Bal",
                "there are more forward balances than are taken",
            ));
        }
        Ok(())
    }

    /// The statement's head is complete.
    fn opened(&mut self) -> Result<(), FileError> {
        let Some(statement) = &mut self.statement else { return Ok(()) };
        if statement.is_opened {
            return Ok(());
        }
        statement.is_opened = true;
        let nothing = Currency::by_code("XXX");
        let Some(currency) = statement.currency.or(nothing) else { return Ok(()) };
        self.events.push_back(Event::Opened(Opening {
            reference: statement.reference.clone(),
            account: statement.account.clone(),
            number: statement.number.clone(),
            currency,
            balance: statement.opening.or(statement.previous),
        }));
        Ok(())
    }

    /// Reads an entry child by child, so that a batch of any size is never held as XML.
    fn entry(&mut self) -> Result<(), FileError> {
        let (line, path) = (self.xml.line(), self.xml.path());
        let mut own = Element::default();
        let (mut transactions, mut batch) = (Vec::new(), None);
        let mut depth = 1;
        while depth > 0 {
            let name = match self.xml.next().map_err(xml_fault)? {
                iso20022::Event::Start { name, .. } => name.to_owned(),
                iso20022::Event::End => {
                    depth -= 1;
                    continue;
                }
                iso20022::Event::Text(_) | iso20022::Event::Eof => continue,
            };
            match &*name {
                "NtryDtls" => depth += 1,
                "TxDtls" => self.transaction(&own, &mut transactions)?,
                "Btch" => {
                    let element = self.tree()?;
                    batch =
                        element.text_of("PmtInfId").or_else(|| element.text_of("MsgId")).map(str::to_owned);
                }
                _ => {
                    let element = self.tree()?;
                    own.children.push(element);
                }
            }
            if own.children.len() > 1000 {
                return Err(self.fault(FaultKind::TooLong, "", "the entry has more elements than are taken"));
            }
        }
        let entry =
            entry::entry(&own, line, batch, transactions).map_err(|fault| entry_fault(line, &path, fault))?;
        let overflow = |reader: &Self| {
            reader.fault(FaultKind::Field, "/Ntry/Amt", "the sum of the entries is too large")
        };
        let Some(statement) = &mut self.statement else { return Ok(()) };
        statement.is_mixed |= *statement.currency.get_or_insert(entry.currency) != entry.currency;
        let booked = if entry.booking == Booking::Booked { entry.signed_minor() } else { 0 };
        let side =
            if entry.mark.credits_the_account() { &mut statement.credits } else { &mut statement.debits };
        let is_later =
            statement.closing.balance.zip(entry.value_date).is_some_and(|(closing, day)| day > closing.date);
        let later = if is_later { booked } else { 0 };
        let total = side.1.checked_add(entry.amount_minor);
        let sums = total.zip(statement.booked.checked_add(booked)).zip(statement.later.checked_add(later));
        let Some(((total, booked), later)) = sums else { return Err(overflow(self)) };
        *side = (side.0 + 1, total);
        (statement.booked, statement.later) = (booked, later);
        statement.count += 1;
        self.events.push_back(Event::Entry(Box::new(entry)));
        Ok(())
    }

    fn transaction(&mut self, own: &Element, transactions: &mut Vec<Transaction>) -> Result<(), FileError> {
        let (line, path) = (self.xml.line(), self.xml.path());
        let details = self.tree()?;
        if transactions.len() == TRANSACTIONS_MAX {
            return Err(self.fault(FaultKind::TooLong, "", "the entry has more transactions than are taken"));
        }
        let credits = entry::credits(own).unwrap_or(true);
        transactions
            .push(entry::transaction(&details, credits).map_err(|fault| entry_fault(line, &path, fault))?);
        Ok(())
    }

    fn end(&mut self, mut statement: Statement) -> Result<(), FileError> {
        let is_opened = statement.is_opened;
        statement.closing.is_last_page = !statement.is_paged;
        let verdict = self.verdict(&statement);
        let closing = std::mem::take(&mut statement.closing);
        if !is_opened {
            self.statement = Some(statement);
            self.opened()?;
            self.statement = None;
        }
        verdict?;
        self.events.push_back(Event::Closed(closing));
        Ok(())
    }

    /// What the statement says of itself against what is there.
    fn verdict(&self, statement: &Statement) -> Result<(), FileError> {
        if self.is_unbalanced || statement.is_paged {
            return Ok(());
        }
        let fault = |kind, line, below: &str, reason: &'static str| {
            Err(FileError::new(kind, line, format!("{}/{below}", statement.path), reason))
        };
        let opening = statement.opening.or(statement.previous);
        if let (Some(opening), Some(closing), false) =
            (opening, statement.closing.balance, statement.is_mixed)
        {
            // Some banks count by the day of the value: what is booked with a later one is not yet in the balance.
            let booked = opening.minor.checked_add(statement.booked);
            let by_value = booked.and_then(|booked| booked.checked_sub(statement.later));
            if booked != Some(closing.minor) && by_value != Some(closing.minor) {
                let reason = "the closing balance does not follow from the opening balance and the entries";
                return fault(FaultKind::Balance, statement.closing_line, "Bal", reason);
            }
        }
        let Some(summary) = &statement.summary else { return Ok(()) };
        let sides = [
            ("TtlNtries", statement.count, None),
            ("TtlCdtNtries", statement.credits.0, Some(statement.credits.1)),
            ("TtlDbtNtries", statement.debits.0, Some(statement.debits.1)),
        ];
        for (name, count, sum) in sides {
            let Some(told) = summary.child(name) else { continue };
            let is_counted = told
                .text_of("NbOfNtries")
                .is_none_or(|text| text.trim().trim_start_matches('0') == count_text(count));
            if !is_counted {
                return fault(
                    FaultKind::Count,
                    statement.summary_line,
                    "TxsSummry",
                    "the summary counts other entries than there are",
                );
            }
            let currency = statement.currency.filter(|_| !statement.is_mixed);
            if let (Some(text), Some(sum), Some(currency)) = (told.text_of("Sum"), sum, currency) {
                let read =
                    crate::amount::Decimal::parse(text.trim()).and_then(|told| told.to_minor(currency));
                if read != Ok(sum) {
                    return fault(
                        FaultKind::Sum,
                        statement.summary_line,
                        "TxsSummry",
                        "the summary's sum is not that of the entries",
                    );
                }
            }
        }
        Ok(())
    }

    fn tree(&mut self) -> Result<Element, FileError> {
        self.xml.element_tree().map_err(xml_fault)
    }

    fn fault(&self, kind: FaultKind, below: &str, reason: &'static str) -> FileError {
        FileError::new(kind, self.xml.line(), self.xml.path() + below, reason)
    }
}

/// Without leading zeros, as the text it is compared with.
fn count_text(count: u64) -> String {
    if count == 0 { String::new() } else { count.to_string() }
}

fn is_paged(element: &Element, name: &str) -> bool {
    element.child(name).is_some_and(is_not_whole)
}

fn is_not_whole(page: &Element) -> bool {
    let is_first = page.text_of("PgNb").is_none_or(|number| number.trim().trim_start_matches('0') == "1");
    let is_last = matches!(page.text_of("LastPgInd").map(str::trim), Some("true" | "1"));
    !(is_first && is_last)
}

fn entry_fault(line: u64, path: &str, (below, reason): entry::Fault) -> FileError {
    FileError::field(line, format!("{path}/{below}"), reason)
}

fn xml_fault(error: XmlError) -> FileError {
    let field = if error.path.is_empty() { "document".to_owned() } else { error.path };
    FileError::new(FaultKind::Syntax, error.line, field, error.reason)
}
