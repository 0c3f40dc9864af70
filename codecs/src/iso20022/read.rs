//! The reader of messages: what [`Reader`] tells, put into the parts by their tables.
//!
//! Elements are taken in the order of the schema. One that no table knows is passed over with all inside it, and
//! counted; one that a table knows and that stands elsewhere, comes twice or is not in the version is an error, so that
//! nothing is dropped in silence that the structs could carry.

use std::io::BufRead;

use super::elem::Elem;
use super::error::Fault;
use super::rule::Problem;
use super::version::Version;
use super::xml::{Event, Reader};
use super::{Layer, XmlError};

/// What stood in a message and has no place in the structs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PassedOver {
    /// How many elements, those inside them not counted.
    pub count: u64,
    /// The paths of the first sixteen.
    pub paths: Vec<String>,
}

impl PassedOver {
    const PATHS_MAX: usize = 16;
    const PATH_BYTES_MAX: usize = 256;

    fn add(&mut self, path: impl FnOnce() -> String) {
        self.count += 1;
        if self.paths.len() < Self::PATHS_MAX {
            let mut path = path();
            path.truncate(path.floor_char_boundary(Self::PATH_BYTES_MAX));
            path.shrink_to_fit();
            self.paths.push(path);
        }
    }
}

/// A document while it is read.
#[derive(Debug)]
pub(crate) struct Reading<R> {
    pub(super) reader: Reader<R>,
    pub(super) version: Version,
    pub(super) passed_over: PassedOver,
    /// The attribute `Ccy` of the element last started.
    pub(super) currency: String,
    /// Bytes of the parts of lists that are held, and how many times what was read they may be.
    held: u64,
    times: u64,
    /// Where in the input the part began.
    begin: u64,
}

/// What lists may take before the document is long enough to explain them.
const FREE: u64 = 32 << 10;
/// How many times its bytes a whole message may become. The emptiest orders of customers become thirteen times theirs.
const WHOLE: u64 = 16;
/// The same of one payment at a time, where readers and texts need the rest of four times.
const ONE_BY_ONE: u64 = 2;

/// What comes next in a part.
#[derive(Clone, Copy, Debug)]
enum Next {
    Unread,
    /// The element of this row was started.
    Row(usize),
    End,
}

/// The children of one element, as its table knows them.
#[derive(Debug)]
pub(crate) struct Children {
    rows: &'static [Elem],
    row: usize,
    next: Next,
}

impl Children {
    pub(super) fn new(rows: &'static [Elem]) -> Self {
        Self { rows, row: 0, next: Next::Unread }
    }

    /// The row whose turn it is.
    pub(super) fn elem(&self) -> &'static Elem {
        &self.rows[self.row]
    }

    pub(super) fn next_row(&mut self) {
        self.row += 1;
    }

    /// True when the element of the row was started: it is to be read now.
    pub(super) fn take<R: BufRead>(&mut self, from: &mut Reading<R>) -> Result<bool, XmlError> {
        let is_here = matches!(self.peek(from)?, Some(row) if row == self.row);
        if is_here {
            self.next = Next::Unread;
        }
        Ok(is_here)
    }

    /// The row of the child that comes next, `None` at the end of the element.
    pub(super) fn peek<R: BufRead>(&mut self, from: &mut Reading<R>) -> Result<Option<usize>, XmlError> {
        if matches!(self.next, Next::Unread) {
            self.next = match from.child(self.rows, self.row)? {
                Some(row) if row < self.row => return Err(from.error(Problem::OutOfPlace)),
                Some(row) if !self.rows[row].is_in(from.version) => {
                    return Err(from.error(Problem::NotInVersion(from.version)));
                }
                Some(row) => Next::Row(row),
                None => Next::End,
            };
        }
        Ok(match self.next {
            Next::Row(row) => Some(row),
            Next::Unread | Next::End => None,
        })
    }

    /// At the end of the table the element must end too.
    pub(super) fn finish<R: BufRead>(mut self, from: &mut Reading<R>) -> Result<(), XmlError> {
        self.end(from)
    }

    /// As [`finish`](Self::finish), for who keeps the children between calls.
    pub(super) fn end<R: BufRead>(&mut self, from: &mut Reading<R>) -> Result<(), XmlError> {
        self.row = self.rows.len();
        match self.peek(from)? {
            None => Ok(()),
            Some(_) => Err(from.error(Problem::OutOfPlace)),
        }
    }
}

impl<R: BufRead> Reading<R> {
    pub(super) fn new(reader: Reader<R>, version: Version) -> Self {
        let passed_over = PassedOver::default();
        Self { reader, version, passed_over, currency: String::new(), held: 0, times: WHOLE, begin: 0 }
    }

    /// From now on parts are given away one by one: nothing is held when one begins.
    pub(super) fn begin_one(&mut self) {
        (self.held, self.times, self.begin) = (0, ONE_BY_ONE, self.reader.consumed());
    }

    /// One more `T` in a list. An empty element of a few bytes is a part of a hundred, and a list grows by doubling, so
    /// a document of such elements alone would take many times its size.
    pub(super) fn hold<T>(&mut self) -> Result<(), XmlError> {
        let doubling = if self.times == ONE_BY_ONE { 3 } else { 1 };
        self.held = self.held.saturating_add(doubling * size_of::<T>() as u64);
        let read = self.reader.consumed().saturating_sub(self.begin);
        let is_explained = self.held <= self.times.saturating_mul(read).saturating_add(FREE);
        if is_explained && (self.times == WHOLE || read <= self.reader.limits().tree_max) {
            return Ok(());
        }
        let reason = "more parts in lists than the size of the document explains".into();
        Err(self.reader.error(Fault { layer: Layer::Security, reason, at: None }))
    }

    /// Goes to the next child of the open element that a row knows; those from `row` on are asked first. `None` at the
    /// end of the element.
    pub(super) fn child(&mut self, rows: &'static [Elem], row: usize) -> Result<Option<usize>, XmlError> {
        loop {
            match self.reader.next()? {
                Event::Start { name, namespace, attributes } => {
                    let is_own = namespace == self.version.namespace();
                    if let Some(found) = find(rows, row, name, self.version).filter(|_| is_own) {
                        self.currency.clear();
                        self.currency.push_str(attributes.get("Ccy").unwrap_or_default());
                        return Ok(Some(found));
                    }
                    self.skip()?;
                }
                Event::Text(_) => {
                    return Err(self.error(Problem::Form("elements: there is text between them")));
                }
                Event::End | Event::Eof => return Ok(None),
            }
        }
    }

    /// Passes over the element just started.
    fn skip(&mut self) -> Result<(), XmlError> {
        self.passed_over.add(|| self.reader.path());
        let depth = self.reader.depth();
        while self.reader.depth() >= depth {
            if let Event::Eof = self.reader.next()? {
                break;
            }
        }
        Ok(())
    }

    /// The value of the element just started: `take` sees its text before the element ends, so that an error names it.
    pub(super) fn value<T>(
        &mut self,
        take: impl FnOnce(&str, Version) -> Result<T, Problem>,
    ) -> Result<T, XmlError> {
        let version = self.version;
        let (taken, ended) = match self.reader.next()? {
            Event::Text(text) => (take(text, version), false),
            Event::End | Event::Eof => (take("", version), true),
            Event::Start { .. } => (Err(Problem::Form("a value: there is an element in it")), true),
        };
        let value = taken.map_err(|problem| self.error(problem))?;
        if !ended {
            match self.reader.next()? {
                Event::End => {}
                _ => return Err(self.error(Problem::Form("a value: there is an element in it"))),
            }
        }
        Ok(value)
    }

    /// The problem of the innermost open element.
    pub(super) fn error(&mut self, problem: Problem) -> XmlError {
        self.reader.error(Fault { layer: Layer::Schema, reason: problem.to_string().into(), at: None })
    }

    /// `elem`, which should have been inside the innermost open element, is missing.
    pub(super) fn missing(&mut self, elem: &Elem) -> XmlError {
        let name = elem.name(self.version);
        self.reader.error(Fault {
            layer: Layer::Schema,
            reason: format!("the mandatory element {name} is missing").into(),
            at: None,
        })
    }
}

/// The row called `name`, looked for from `row` on and then before it.
fn find(rows: &[Elem], row: usize, name: &str, version: Version) -> Option<usize> {
    let by = |is: &dyn Fn(&Elem) -> bool| {
        let ahead = rows.iter().skip(row).position(is).map(|place| place + row);
        ahead.or_else(|| rows.iter().take(row).position(is))
    };
    by(&|elem| elem.is_in(version) && elem.name(version) == name).or_else(|| by(&|elem| elem.is_called(name)))
}
