//! A settlement file of a million records beside its yardsticks: export against a raw writer of the same bytes, import
//! against a reader that looks at two fields. Also how much memory they took at most, at two sizes.
//!
//! `cargo bench -p codecs --bench clearing_file`; `RECORDS` and `ROUNDS` ask for others.

#![expect(clippy::print_stdout, reason = "it reports on its standard output")]

use std::borrow::Cow;
use std::fs::File;
use std::hint::black_box;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use codecs::clearing_file::settlement::{Form, Header, Kind, Reader, Record, Status, Writer, verify};
use codecs::clearing_file::{Date, Moment, Spool};
use codecs::iso4217::Currency;

const FORMS: [(&str, Form); 2] = [("CSV", Form::Csv { bom: false }), ("JSONL", Form::Jsonl)];

/// What does not belong to the measured work: made before it.
struct Batch {
    header: Header,
    references: Vec<[String; 4]>,
    currencies: [Currency; 2],
    date: Date,
    at: Moment,
}

impl Batch {
    fn new() -> Self {
        let currencies = ["ILS", "JOD"].map(|code| Currency::by_code(code).expect("a currency"));
        let date = Date::parse("2026-11-22").expect("a day");
        let at = Moment::parse("2026-11-22T10:31:10Z").expect("a moment");
        let header = Header {
            file_id: "HKM-20261122-MOI".to_owned(),
            counterparty: "Ministry of Interior".to_owned(),
            business_date: date,
            currencies: currencies.to_vec(),
            created: at,
        };
        let reference = |n: usize| {
            [
                format!("HKM-ORD-{n:08X}"),
                format!("PMA{n:09}"),
                format!("{:012}", 632_612_000_000 + n),
                format!("{:06}", n % 1_000_000),
            ]
        };
        Self { header, references: (0..1000).map(reference).collect(), currencies, date, at }
    }

    fn record(&self, n: usize) -> Record<'_> {
        let [reference, theirs, rrn, stan] = &self.references[n % self.references.len()];
        Record {
            kind: if n % 50 == 49 { Kind::Refund } else { Kind::Payment },
            reference: Cow::Borrowed(reference),
            counterparty_reference: Cow::Borrowed(theirs),
            rrn: Cow::Borrowed(rrn),
            stan: Cow::Borrowed(stan),
            amount_minor: 5_000 + (n % 100_000) as i64,
            currency: self.currencies[usize::from(n % 10 == 9)],
            fee_minor: 0,
            commission_minor: 30,
            business_date: self.date,
            occurred_at: self.at,
            service: Cow::Borrowed("PASS-NEW"),
            bill: Cow::Borrowed("900123458"),
            status: Status::Posted,
        }
    }

    fn export(&self, path: &Path, form: Form, count: usize) {
        let spool = Spool::new(File::create(path).expect("a file")).expect("a thread");
        let mut writer = Writer::new(spool, form, self.header.clone()).expect("a header");
        for n in 0..count {
            writer.write(&self.record(n)).expect("a record");
        }
        let (spool, summary) = writer.finish().expect("a trailer");
        spool.finish().expect("a durable file");
        assert_eq!(summary.totals.count, count as u64);
    }
}

/// The same bytes, as lines that are there already, through the standard library's writer, and the sync.
fn raw_writer(path: &Path, lines: &[u8]) {
    let mut out = BufWriter::with_capacity(64 * 1024, File::create(path).expect("a file"));
    for line in lines.split_inclusive(|byte| *byte == b'\n') {
        out.write_all(line).expect("room");
    }
    out.into_inner().expect("room").sync_all().expect("a durable file");
}

/// Line by line with the standard library, two fields made into values, nothing checked.
fn two_fields(path: &Path, form: Form) -> (u64, i64) {
    let mut source = BufReader::with_capacity(64 * 1024, File::open(path).expect("a file"));
    let (mut line, mut count, mut sum) = (String::new(), 0, 0_i64);
    while source.read_line(&mut line).expect("text") > 0 {
        let (reference, amount) = match form {
            Form::Csv { .. } => {
                let mut cells = line.split(',');
                (cells.nth(1).unwrap_or(""), cells.nth(3).unwrap_or(""))
            }
            Form::Jsonl => {
                let after = |key: &str| {
                    line.split_once(key).and_then(|(_, rest)| rest.split('"').next()).unwrap_or("")
                };
                (after("\"reference\":\""), after("\"amount\":\""))
            }
        };
        count += u64::from(!black_box(reference).is_empty());
        if let Some((whole, decimals)) = amount.split_once('.') {
            sum += whole.parse().unwrap_or(0) * 1000 + decimals.parse().unwrap_or(0);
        }
        line.clear();
    }
    (count, sum)
}

fn import(path: &Path) -> i64 {
    let mut reader = Reader::new(File::open(path).expect("a file")).expect("a header");
    let mut sum = 0;
    while let Some(record) = reader.next().expect("a right file") {
        sum += record.amount_minor;
    }
    assert!(reader.summary().is_some());
    sum
}

fn timed<T>(work: impl FnOnce() -> T) -> Duration {
    let began = Instant::now();
    black_box(work());
    began.elapsed()
}

/// Median, and the range, in milliseconds.
fn told(times: &mut [Duration]) -> (f64, String) {
    times.sort_unstable();
    let ms = |time: Duration| time.as_secs_f64() * 1000.0;
    let median = ms(times[times.len() / 2]);
    (median, format!("{median:.0} ms ({:.0} to {:.0})", ms(times[0]), ms(times[times.len() - 1])))
}

fn ratios(ours: &[Duration], theirs: &[Duration]) -> String {
    let mut ratios: Vec<f64> =
        ours.iter().zip(theirs).map(|(a, b)| a.as_secs_f64() / b.as_secs_f64()).collect();
    ratios.sort_by(f64::total_cmp);
    format!("{:.2} ({:.2} to {:.2})", ratios[ratios.len() / 2], ratios[0], ratios[ratios.len() - 1])
}

/// The most memory this process ever held, as the system counts it, in kibibytes.
fn peak_kib() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .map_or("not known here".to_owned(), |kib| kib.trim().to_owned())
}

fn number(variable: &str, otherwise: usize) -> usize {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// In a process of its own, so that its memory is its own: exports and imports `count` records, says its peak.
fn memory(count: usize, path: &Path) {
    let batch = Batch::new();
    for (name, form) in FORMS {
        batch.export(path, form, count);
        verify(File::open(path).expect("a file"), None).expect("a right file");
        import(path);
        println!("peak of {count} records, {name}: {}", peak_kib());
    }
}

fn main() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let (path, copy) = (folder.join("bench.settlement"), folder.join("bench.raw"));
    if let Ok(count) = std::env::var("MEMORY_OF") {
        return memory(count.parse().expect("a number"), &path);
    }
    let (count, rounds) = (number("RECORDS", 1_000_000), number("ROUNDS", 7));
    for count in [count / 10, count] {
        let me = std::env::current_exe().expect("this program");
        let status = std::process::Command::new(me).env("MEMORY_OF", count.to_string()).status();
        assert!(status.expect("a process").success());
    }
    let batch = Batch::new();
    for (name, form) in FORMS {
        batch.export(&path, form, count);
        let lines = std::fs::read(&path).expect("the file");
        println!("{name}: {count} records, {} bytes, {rounds} rounds", lines.len());
        let mut times: [Vec<Duration>; 4] = Default::default();
        for _ in 0..rounds {
            times[0].push(timed(|| batch.export(&path, form, count)));
            times[1].push(timed(|| raw_writer(&copy, &lines)));
            times[2].push(timed(|| import(&path)));
            times[3].push(timed(|| two_fields(&path, form)));
        }
        for (what, ours, theirs) in [("export with sync", 0, 1), ("import", 2, 3)] {
            let ratio = ratios(&times[ours], &times[theirs]);
            let (ours, theirs) = (told(&mut times[ours]).1, told(&mut times[theirs]).1);
            println!("{what}: {ours}; yardstick {theirs}; ratio {ratio}");
        }
    }
    for file in [path, copy] {
        std::fs::remove_file(file).expect("it was there");
    }
}
