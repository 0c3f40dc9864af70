//! Clearing and settlement files: every reader is total, tells where it stopped, and what it takes can be written again.

use std::io::Cursor;

use codecs::clearing_file::acquirer::{self, Profile};
use codecs::clearing_file::camt::{self, Head, Message};
use codecs::clearing_file::ipm;
use codecs::clearing_file::mt940;
use codecs::clearing_file::settlement::{Reader, Writer, verify};
use codecs::clearing_file::statement::{Entry, Event};
use codecs::clearing_file::{FaultKind, FileError, Format, Moment, Options, Report, check, to_json};

/// Reads `bytes` as our settlement file. True when it proves right.
pub fn settlement(bytes: &[u8]) -> bool {
    let verdict = verify(bytes, None);
    told(&verdict, bytes);
    let mut reader = match Reader::new(bytes) {
        Ok(reader) => reader,
        Err(error) => {
            assert_eq!(verdict, Err(error), "the same bytes, another verdict");
            return false;
        }
    };
    let mut writer =
        Writer::new(Vec::new(), reader.form(), reader.header().clone()).expect("a header that was read");
    let mut middle = None;
    let end = loop {
        match reader.next() {
            Ok(Some(record)) => writer.write(&record).expect("a record that was read"),
            Ok(None) => break Ok(()),
            Err(error) => break Err(error),
        }
        if reader.totals().count == 1 {
            middle = Some(reader.checkpoint());
        }
    };
    assert_eq!(end.clone().err(), verdict.clone().err(), "the same bytes, another verdict");
    let (again, summary) = writer.finish().expect("memory");
    assert_eq!(verify(&*again, None).as_ref(), Ok(&summary), "what is written can be read");
    if let (Ok(verdict), Some(checkpoint)) = (&verdict, middle) {
        let mut resumed = Reader::resume(bytes, &checkpoint).expect("the same bytes");
        while resumed.next().expect("a right file").is_some() {}
        assert_eq!(resumed.summary(), Some(verdict), "going on is the same as reading through");
    }
    verdict.is_ok_and(|verdict| verdict.totals == summary.totals)
}

/// Reads `bytes` as statements of SWIFT. True when they are.
pub fn mt940(bytes: &[u8]) -> bool {
    let strict = {
        let mut reader = mt940::Reader::new(bytes, mt940::Options::default());
        statements(|| reader.next())
    };
    told(&strict, bytes);
    let lenient = {
        let mut reader = mt940::Reader::new(bytes, mt940::Options { latin1: true, unbalanced: true });
        statements(|| reader.next())
    };
    if let Ok(events) = &strict {
        assert_eq!(lenient.as_ref().map(Vec::len), Ok(events.len()), "what is right is right in any mode");
        for narrative in entries(events).filter_map(|entry| mt940::Narrative::parse(&entry.narrative)) {
            assert!(narrative.remittance().len() <= bytes.len());
        }
    }
    reported(Format::Mt940, bytes, strict.is_ok());
    strict.is_ok()
}

/// Reads `bytes` as an account report of ISO 20022. True when it is one.
pub fn camt(bytes: &[u8]) -> bool {
    let mut reader = camt::Reader::new(Cursor::new(bytes), false);
    let read = statements(|| reader.next());
    told(&read, bytes);
    reported(Format::Camt, bytes, read.is_ok());
    let Ok(events) = &read else { return false };
    if let Some(text) = notification(events) {
        let mut reader = camt::Reader::new(&*text, false);
        let again = statements(|| reader.next()).expect("what is written can be read");
        let told = |events: &[Event]| {
            entries(events).map(|e| (e.mark, e.amount_minor, e.bank_reference.clone())).collect::<Vec<_>>()
        };
        assert_eq!(told(&again), told(events));
    }
    true
}

/// The entries as a notification of ours; `None` where the writer is stricter than the schema.
fn notification(events: &[Event]) -> Option<Vec<u8>> {
    let created = Moment::parse("2026-11-22T10:31:10Z")?;
    let head = Head { message_id: "FUZZ".to_owned(), created };
    let mut writer = camt::Writer::new(Vec::new(), Message::Notification, &head).ok()?;
    for event in events {
        match event {
            Event::Opened(opening) => writer.begin(opening, &Default::default()).ok()?,
            Event::Entry(entry) => writer.entry(entry).ok()?,
            Event::Closed(_) => writer.end().ok()?,
        }
    }
    writer.finish().ok()
}

/// Reads `bytes` as Mastercard's clearing file. True when it is one.
pub fn ipm(bytes: &[u8]) -> bool {
    let records = |shows_pans| {
        let mut reader = ipm::Reader::new(bytes, ipm::Options { shows_pans, ..ipm::Options::default() });
        let mut records = Vec::new();
        loop {
            match reader.next() {
                Ok(Some(record)) => records.push(record),
                Ok(None) => return (records, None),
                Err(error) => return (records, Some(error)),
            }
        }
    };
    let ((masked, error), (open, same)) = (records(false), records(true));
    assert_eq!(error, same, "masking changes no verdict");
    for (masked, open) in masked.iter().zip(&open) {
        let pan = open.text("DE2").unwrap_or("");
        assert!(pan.is_empty() || masked.text("DE2") != Some(pan), "a card number is shown");
        assert_eq!((masked.fields.len(), masked.text("MTI")), (open.fields.len(), open.text("MTI")));
    }
    reported(Format::Ipm, bytes, error.is_none());
    error.is_none()
}

/// Reads `bytes` as an acquirer's file by one of two profiles, which the first byte chooses. True when it is one.
pub fn acquirer_csv(bytes: &[u8]) -> bool {
    const PROFILES: [&str; 2] = [
        "name = \"a\"\ncurrency = \"ILS\"\ndate = \"DD/MM/YYYY\"\n[columns]\nreference = \"Ref\"\ncard = \"Card\"\namount = \"Gross\"\n\
         fee = \"Fee\"\nnet = \"Net\"\ndate = \"Date\"\n[amount]\ngrouping = \",\"\ncheck_net = true\n[trailer]\nfirst_cell = \"TOTAL\"\n\
         count = 2\namount = 3\n",
        "name = \"b\"\ndelimiter = \";\"\nencoding = \"latin1\"\nheading = \"none\"\ndate = \"YYMMDD\"\n[columns]\nrrn = 1\ncurrency = 2\n\
         amount = 3\ndate = 4\nkind = 5\n[amount]\nform = \"minor\"\n[kinds]\nS = \"payment\"\nR = \"refund\"\n",
    ];
    let Some((first, rest)) = bytes.split_first() else { return false };
    let profile = Profile::from_toml(PROFILES[usize::from(first % 2)]).expect("a profile");
    let mut reader = acquirer::Reader::new(rest, &profile);
    let read = loop {
        match reader.next() {
            Ok(Some(line)) => {
                assert!(line.amount_minor >= 0 && !(line.reference.is_empty() && line.rrn.is_empty()));
                let digits = line.card.bytes().filter(u8::is_ascii_digit).count();
                assert!(digits <= 10 && line.card.len() <= 19, "a card number is shown");
            }
            Ok(None) => break Ok(()),
            Err(error) => break Err(error),
        }
    };
    told(&read, rest);
    reported(Format::Csv(&profile), rest, read.is_ok());
    read.is_ok()
}

fn statements(mut next: impl FnMut() -> Result<Option<Event>, FileError>) -> Result<Vec<Event>, FileError> {
    let mut events = Vec::new();
    let mut is_open = false;
    while let Some(event) = next()? {
        match &event {
            Event::Opened(_) => assert!(!std::mem::replace(&mut is_open, true), "one begins inside another"),
            Event::Entry(entry) => assert!(is_open && entry.amount_minor >= 0),
            Event::Closed(_) => assert!(std::mem::replace(&mut is_open, false), "one ends that never began"),
        }
        events.push(event);
    }
    assert!(!is_open, "one never ends");
    Ok(events)
}

fn entries(events: &[Event]) -> impl Iterator<Item = &Entry> {
    events.iter().filter_map(|event| if let Event::Entry(entry) = event { Some(&**entry) } else { None })
}

/// A refusal says where, in words, and its line is one there is.
fn told<T>(verdict: &Result<T, FileError>, bytes: &[u8]) {
    let Err(error) = verdict else { return };
    let lines = bytes.iter().filter(|byte| **byte == b'\n').count() as u64 + 1;
    assert!(error.line <= lines + 1, "{error}");
    assert!(!error.reason.is_empty() && !error.field.is_empty() && error.kind != FaultKind::Io, "{error:?}");
}

/// The report says the same as the reader, and is JSON.
fn reported(format: Format<'_>, bytes: &[u8], is_right: bool) {
    let report: Result<Report, FileError> = check(format, bytes, &Options::default());
    assert_eq!(report.is_ok(), is_right);
    assert_eq!(!to_json(&report).starts_with("{\"error\":"), is_right);
}
