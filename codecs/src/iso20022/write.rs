//! The writer: elements as bytes of UTF-8, escaped, without white space between them, in the order of the schema.

use std::fmt;

use super::elem::Elem;
use super::rule::{Problem, is_xml_char};
use super::version::Version;

/// A message that was not built: where, and what is wrong. It never carries the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildError {
    /// The element, such as `Document/FIToFICstmrCdtTrf/CdtTrfTxInf[2]/Dbtr/Nm`.
    pub path: String,
    /// What is wrong with it.
    pub problem: Problem,
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.problem)
    }
}

impl std::error::Error for BuildError {}

/// Writes the elements of one version of a message.
#[derive(Debug)]
pub(crate) struct Writer {
    pub(super) out: Vec<u8>,
    pub(super) version: Version,
    /// The open elements, and which of its name each is.
    open: Vec<(&'static str, u64)>,
    is_undeclared: bool,
    /// Which of its name the next element is.
    pub(super) number: u64,
    /// The text of a value, while it is checked.
    pub(super) scratch: String,
}

impl Writer {
    pub(super) fn new(version: Version) -> Self {
        Self {
            out: Vec::new(),
            version,
            open: Vec::new(),
            is_undeclared: false,
            number: 1,
            scratch: String::new(),
        }
    }

    /// The declaration every document of ours begins with.
    pub(super) fn declaration(&mut self) {
        self.out.extend_from_slice(b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
    }

    /// The next element opened says the namespace of the version.
    pub(super) fn declare_namespace(&mut self) {
        self.is_undeclared = true;
    }

    pub(super) fn open(&mut self, name: &'static str) {
        self.open.push((name, std::mem::replace(&mut self.number, 1)));
        match std::mem::take(&mut self.is_undeclared) {
            true => self.put(&["<", name, " xmlns=\"", self.version.namespace(), "\">"]),
            false => self.put(&["<", name, ">"]),
        }
    }

    pub(super) fn close(&mut self) {
        if let Some((name, _)) = self.open.pop() {
            self.put(&["</", name, ">"]);
        }
    }

    /// An element with the value in `scratch`, which was found good.
    pub(super) fn leaf(&mut self, elem: &Elem, attribute: Option<(&str, &str)>) -> Result<(), BuildError> {
        let name = elem.name(self.version);
        let number = std::mem::replace(&mut self.number, 1);
        if !self.scratch.chars().all(is_xml_char) {
            self.number = number;
            return Err(self.error(elem, Problem::Character));
        }
        self.put(&["<", name]);
        if let Some((name, value)) = attribute {
            self.put(&[" ", name, "=\"", value, "\""]);
        }
        self.put(&[">"]);
        escape(&self.scratch, &mut self.out);
        self.put(&["</", name, ">"]);
        Ok(())
    }

    fn put(&mut self, pieces: &[&str]) {
        for piece in pieces {
            self.out.extend_from_slice(piece.as_bytes());
        }
    }

    /// The problem at `elem`, a child of the innermost open element.
    pub(super) fn error(&self, elem: &Elem, problem: Problem) -> BuildError {
        let mut path = String::new();
        for (name, number) in self.open.iter().copied().chain([(elem.name(self.version), self.number)]) {
            if !path.is_empty() {
                path.push('/');
            }
            path.push_str(name);
            if number > 1 {
                path.push_str(&format!("[{number}]"));
            }
        }
        BuildError { path, problem }
    }
}

/// A carriage return is written as a reference, or every reader would make a line feed of it.
pub(super) fn escape(text: &str, out: &mut Vec<u8>) {
    let mut rest = text;
    while let Some(at) = rest.find(['&', '<', '>', '\r']) {
        let (plain, special) = rest.split_at(at);
        out.extend_from_slice(plain.as_bytes());
        out.extend_from_slice(match special.as_bytes()[0] {
            b'&' => b"&amp;",
            b'<' => b"&lt;",
            b'>' => b"&gt;",
            _ => b"&#13;",
        });
        rest = &special[1..];
    }
    out.extend_from_slice(rest.as_bytes());
}
