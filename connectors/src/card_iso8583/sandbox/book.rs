//! The twin's own book: what this host believes happened, kept apart from ours so that the two can be compared.
//!
//! Every change is one line of JSON; the last line of a reference is its state. Lines reach the file before the
//! answers they stand for reach the socket, so a book read after a kill is never behind what its client was told.

use std::collections::{HashMap, VecDeque};
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

/// Where an entry stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Money moved.
    Approved,
    /// Refused.
    Declined,
    /// Money moved and was given back.
    Reversed,
    /// A reversal came for something never seen; should it come, it is declined.
    Tombstone,
}

/// One line of the book.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Unix milliseconds of the last change.
    pub at_ms: u64,
    /// Where it stands.
    pub state: State,
    /// Field 37.
    pub rrn: String,
    /// Field 11.
    pub stan: u32,
    /// Field 7, as a number.
    pub transmitted: u64,
    /// Field 41.
    pub terminal: String,
    /// Field 4.
    pub amount_minor: u64,
    /// Field 49.
    pub currency: String,
    /// Field 39 of the answer to the sale.
    pub code: String,
    /// Field 38 of the answer to the sale.
    pub approval_code: String,
    /// Copies of the sale that came, the first included.
    pub sales: u32,
    /// Copies of its reversal that came.
    pub reversals: u32,
    /// Its reversal is answered with this code and changes nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reversal_refused: Option<String>,
}

/// What identifies a sale.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) rrn: String,
    pub(super) stan: u32,
    pub(super) transmitted: u64,
    pub(super) terminal: String,
}

/// A sale as it came.
#[derive(Debug)]
pub(super) struct Sale {
    pub(super) key: Key,
    pub(super) amount_minor: u64,
    pub(super) currency: String,
}

/// The book in a few numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// Sales taken up, each once.
    pub sales: u64,
    /// Sales approved, whatever became of them.
    pub approved: u64,
    /// Sum of the approved, minor units of all currencies together.
    pub approved_minor: u64,
    /// Sales refused.
    pub declined: u64,
    /// Approvals taken back.
    pub reversed: u64,
    /// Sum of the approvals taken back.
    pub reversed_minor: u64,
    /// Copies of a sale after the first.
    pub repeats: u64,
    /// Reversals of something never seen.
    pub tombstones: u64,
}

impl Summary {
    /// Approvals that stand.
    #[must_use]
    pub fn standing(&self) -> u64 {
        self.approved - self.reversed
    }
}

/// The book. In memory it keeps the last entries only, as many as it was told.
pub struct Book {
    entries: HashMap<Key, Entry>,
    order: VecDeque<Key>,
    entries_max: usize,
    summary: Summary,
    file: Option<File>,
    unwritten: Vec<u8>,
}

impl Book {
    pub(crate) fn in_memory(entries_max: usize) -> Self {
        Self {
            entries: HashMap::new(),
            order: VecDeque::new(),
            entries_max,
            summary: Summary::default(),
            file: None,
            unwritten: Vec::new(),
        }
    }

    /// Goes on with the book in `path`, or begins one.
    pub(super) fn open(path: &Path, entries_max: usize) -> io::Result<Self> {
        let mut book = Self::in_memory(entries_max);
        if path.exists() {
            book.restore_all(BufReader::new(File::open(path)?))?;
        }
        book.file = Some(OpenOptions::new().create(true).append(true).open(path)?);
        Ok(book)
    }

    /// Reads a book file: the last state of every reference, in the order they first came.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn read(path: &Path) -> io::Result<Vec<Entry>> {
        let mut book = Self::in_memory(usize::MAX);
        book.restore_all(BufReader::new(File::open(path)?))?;
        Ok(book.entries())
    }

    /// Takes up every line that is an entry. The last one may have been cut by a kill, in the middle of a character
    /// even; its answer was never sent.
    pub(crate) fn restore_all(&mut self, lines: impl BufRead) -> io::Result<()> {
        for line in lines.split(b'\n') {
            if let Ok(entry) = serde_json::from_slice(&line?) {
                self.restore(entry);
            }
        }
        Ok(())
    }

    /// Every entry kept, in the order they first came.
    #[must_use]
    pub fn entries(&self) -> Vec<Entry> {
        self.order.iter().filter_map(|key| self.entries.get(key)).cloned().collect()
    }

    /// The entry of a retrieval reference (field 37).
    #[must_use]
    pub fn find(&self, rrn: &str) -> Option<Entry> {
        self.order.iter().find(|key| key.rrn == rrn).and_then(|key| self.entries.get(key)).cloned()
    }

    /// The book in a few numbers; counts everything, also what is no longer kept.
    #[must_use]
    pub fn summary(&self) -> Summary {
        self.summary
    }

    /// What was answered to this sale, when it came before.
    pub(super) fn repeated(&mut self, key: &Key, at_ms: u64) -> Option<Entry> {
        let entry = self.entries.get_mut(key)?;
        entry.sales = entry.sales.saturating_add(1);
        entry.at_ms = at_ms;
        self.summary.repeats += 1;
        let entry = entry.clone();
        self.log(&entry);
        Some(entry)
    }

    /// Takes up a sale with the answer it gets.
    pub(super) fn enter(&mut self, sale: Sale, code: &str, refused: Option<&str>, at_ms: u64) -> Entry {
        let approved = matches!(code, "00" | "10");
        self.summary.sales += 1;
        if approved {
            self.summary.approved += 1;
            self.summary.approved_minor += sale.amount_minor;
        } else {
            self.summary.declined += 1;
        }
        let entry = Entry {
            at_ms,
            state: if approved { State::Approved } else { State::Declined },
            rrn: sale.key.rrn.clone(),
            stan: sale.key.stan,
            transmitted: sale.key.transmitted,
            terminal: sale.key.terminal.clone(),
            amount_minor: sale.amount_minor,
            currency: sale.currency,
            code: code.to_owned(),
            approval_code: if approved {
                format!("{:06}", self.summary.approved % 1_000_000)
            } else {
                String::new()
            },
            sales: 1,
            reversals: 0,
            reversal_refused: refused.map(str::to_owned),
        };
        self.log(&entry);
        self.keep(sale.key, entry.clone());
        entry
    }

    /// Takes a sale back; the response code.
    pub(super) fn reverse(&mut self, sale: Sale, at_ms: u64) -> String {
        let Some(entry) = self.entries.get_mut(&sale.key) else {
            self.bury(sale, at_ms);
            return "25".to_owned();
        };
        entry.reversals = entry.reversals.saturating_add(1);
        entry.at_ms = at_ms;
        let code = match (entry.state, &entry.reversal_refused) {
            (State::Tombstone, _) => "25",
            (_, Some(code)) => code.as_str(),
            (State::Approved, None) => {
                entry.state = State::Reversed;
                self.summary.reversed += 1;
                self.summary.reversed_minor += entry.amount_minor;
                "00"
            }
            (State::Reversed | State::Declined, None) => "00",
        }
        .to_owned();
        let entry = entry.clone();
        self.log(&entry);
        code
    }

    /// What became of a sale.
    pub(super) fn entry(&self, key: &Key) -> Option<&Entry> {
        self.entries.get(key)
    }

    /// Hands the file everything that changed since the last call.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        if let Some(file) = &mut self.file
            && !self.unwritten.is_empty()
        {
            file.write_all(&self.unwritten)?;
            self.unwritten.clear();
        }
        Ok(())
    }

    fn bury(&mut self, sale: Sale, at_ms: u64) {
        self.summary.tombstones += 1;
        let entry = Entry {
            at_ms,
            state: State::Tombstone,
            rrn: sale.key.rrn.clone(),
            stan: sale.key.stan,
            transmitted: sale.key.transmitted,
            terminal: sale.key.terminal.clone(),
            amount_minor: sale.amount_minor,
            currency: sale.currency,
            code: String::new(),
            approval_code: String::new(),
            sales: 0,
            reversals: 1,
            reversal_refused: None,
        };
        self.log(&entry);
        self.keep(sale.key, entry);
    }

    fn restore(&mut self, entry: Entry) {
        let key = Key {
            rrn: entry.rrn.clone(),
            stan: entry.stan,
            transmitted: entry.transmitted,
            terminal: entry.terminal.clone(),
        };
        let before = self.entries.get(&key);
        let summary = &mut self.summary;
        match (before.map(|known| known.state), entry.state) {
            (None, State::Approved) => {
                summary.sales += 1;
                summary.approved += 1;
                summary.approved_minor = summary.approved_minor.saturating_add(entry.amount_minor);
            }
            (None, State::Declined) => {
                summary.sales += 1;
                summary.declined += 1;
            }
            (None, State::Tombstone) => summary.tombstones += 1,
            (None, State::Reversed) => {}
            // A line this book would not have written after the one before is not believed.
            (Some(_), _) if before.is_some_and(|known| known.amount_minor != entry.amount_minor) => return,
            (Some(State::Approved), State::Reversed) => {
                summary.reversed += 1;
                summary.reversed_minor = summary.reversed_minor.saturating_add(entry.amount_minor);
            }
            (Some(known), next) if known == next => {}
            (Some(_), _) => return,
        }
        self.keep(key, entry);
    }

    fn keep(&mut self, key: Key, entry: Entry) {
        if self.entries.insert(key.clone(), entry).is_some() {
            return;
        }
        self.order.push_back(key);
        if self.order.len() > self.entries_max
            && let Some(oldest) = self.order.pop_front()
        {
            self.entries.remove(&oldest);
        }
    }

    fn log(&mut self, entry: &Entry) {
        if self.file.is_some() && serde_json::to_writer(&mut self.unwritten, entry).is_ok() {
            self.unwritten.push(b'\n');
        }
    }
}
