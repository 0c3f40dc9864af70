//! What is held while documents pass: nothing that grows with a statement, little for whatever else comes.

use std::io::{BufRead, Read, Result};

use allocation_counter::measure;
use codecs::iso20022::{Event, Layer, Limits, Reader, check};

/// A statement of many entries, made while it is read.
struct Statement {
    head: String,
    entries: u64,
    entry: String,
    tail: String,
    at: usize,
}

impl Statement {
    fn of(entries: u64) -> Self {
        let sample = include_str!("../golden/iso20022/samples-ps/camt.053.001.08_daily-statement.xml");
        let begin = sample.find("<Ntry>").expect("an entry");
        let end = sample.find("</Ntry>").expect("its end") + "</Ntry>".len();
        let summary = sample.find("<TxsSummry>").expect("a summary");
        let closing = 10_000_000 + 5_000 * entries; // in agorot
        let closing = format!("{}.{:02}", closing / 100, closing % 100);
        Self {
            head: sample[..summary].replace("101250.00", &closing),
            entries,
            entry: sample[begin..end].to_owned(),
            tail: sample[sample.rfind("</Ntry>").expect("an end") + "</Ntry>".len()..].to_owned(),
            at: 0,
        }
    }

    fn length(&self) -> u64 {
        (self.head.len() + self.tail.len()) as u64 + self.entries * self.entry.len() as u64
    }
}

impl BufRead for Statement {
    fn fill_buf(&mut self) -> Result<&[u8]> {
        if self.at == self.head.len() {
            self.at = 0;
            self.head.clear();
            self.head.push_str(if self.entries > 0 { &self.entry } else { &self.tail });
            match self.entries {
                0 => self.tail.clear(),
                _ => self.entries -= 1,
            }
        }
        Ok(&self.head.as_bytes()[self.at..])
    }

    fn consume(&mut self, amount: usize) {
        self.at += amount;
    }
}

impl Read for Statement {
    fn read(&mut self, out: &mut [u8]) -> Result<usize> {
        let window = self.fill_buf()?;
        let length = window.len().min(out.len());
        out[..length].copy_from_slice(&window[..length]);
        self.consume(length);
        Ok(length)
    }
}

#[test]
fn a_statement_of_any_size_needs_the_same_memory() {
    const ENTRIES: u64 = 40_000;
    let held = |entries| {
        let statement = Statement::of(entries);
        let mut report = None;
        let held = measure(|| report = check(statement, Limits::statement()).ok());
        let found = report.expect("a statement that is right");
        assert_eq!(found.count, entries);
        assert_eq!(found.sums["ILS"], format!("{}.00", 50 * entries));
        held.bytes_max
    };
    held(1); // The table of the schemas is built once.
    assert!(Statement::of(ENTRIES).length() > 24 << 20);
    let (some, many) = (held(1_000), held(ENTRIES));
    assert_eq!(some, many);
    assert!(many < 64 << 10, "{many} bytes are held");
}

#[test]
fn reading_anything_stays_within_its_memory() {
    let deep = format!("{}{}", "<a>".repeat(60), "</a>".repeat(60));
    let wide = format!("<a>{}</a>", "<b/>".repeat(20_000));
    let tag = format!("<a b='{}'/>", "&amp;".repeat(40_000));
    let attributes = format!("<a{}/>", (0..32).map(|n| format!(" a{n}=''")).collect::<String>());
    let declared = format!("<a{}/>", (0..32).map(|n| format!(" xmlns:a{n}='u'")).collect::<String>());
    let text = format!("<a>{}</a>", "x".repeat(250 << 10));
    let too_long = format!("<a>{}</a>", "x".repeat(2 << 20));
    let comment = format!("<a><!--{}--></a>", "x".repeat(2 << 20));
    let doctype = format!("<!DOCTYPE a [{}]><a/>", "<!ENTITY b 'c'>".repeat(100_000));
    let name = format!("<{}/>", "a".repeat(200 << 10));
    check(&b"<Document/>"[..], Limits::message()).expect_err("no message");
    for document in [&deep, &wide, &tag, &attributes, &declared, &text, &too_long, &comment, &doctype, &name]
    {
        let held = measure(|| {
            let mut reader = Reader::new(document.as_bytes(), Limits::message());
            while reader.next().is_ok_and(|event| !matches!(event, Event::Eof)) {}
            drop(check(document.as_bytes(), Limits::message()));
        });
        let cap = 4 * document.len() as u64 + (64 << 10);
        assert!(held.bytes_max <= cap, "{}...: {} bytes are held", &document[..20], held.bytes_max);
    }
    let refused = |document: &str| check(document.as_bytes(), Limits::message()).map_err(|e| e.layer);
    assert_eq!(refused(&doctype), Err(Layer::Security));
    assert_eq!(refused(&too_long), Err(Layer::Security));
    assert_eq!(refused(&name), Err(Layer::Security));
}
