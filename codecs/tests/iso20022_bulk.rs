//! Files of payments one by one: what is written is read, count and sum are held against the header, and memory does not
//! grow with the file.

use std::io::{self, BufReader, Read};

use allocation_counter::measure;
use codecs::amount::Decimal;
use codecs::iso20022::{
    AnyMessage, BulkError, Filling, Layer, Limits, OrderEvent, OrderReader, OrderWriter, Pacs008, Pain001,
    PaymentId, Problem, TransferOrder, TransferReader, TransferWriter, Version, build, parse, specimen,
};

use crate::iso20022_messages::{dice, payment};

fn version(name: &str) -> Version {
    Version::by_name(name).expect("a version")
}

fn of(family: &str) -> impl Iterator<Item = Version> {
    Version::all().filter(move |version| version.name().starts_with(family))
}

#[test]
fn transfers_one_by_one_are_those_of_the_whole() {
    for version in of("pacs.008") {
        let mut whole: Pacs008 = specimen(version, Filling::Full, &mut dice(5)).expect("transfers");
        let more: Pacs008 = specimen(version, Filling::Minimal, &mut dice(6)).expect("transfers");
        whole.transactions.extend(more.transactions);
        whole.header.count = whole.transactions.len() as u64;
        (whole.header.control_sum, whole.header.total) = (None, None);
        let bytes = build(&whole, version).expect("built");
        let mut reader = TransferReader::new(&bytes[..], Limits::message()).expect("a header");
        assert_eq!((reader.header(), reader.version()), (&whole.header, version));
        let read: Result<Vec<_>, _> = reader.by_ref().collect();
        assert_eq!(read.expect("transfers"), whole.transactions);
        assert!(reader.next().is_none(), "it stays at the end");
        let mut writer = TransferWriter::new(Vec::new(), version, &whole.header).expect("a header");
        whole.transactions.iter().for_each(|transfer| writer.write(transfer).expect("written"));
        assert!(writer.finish().expect("finished") == bytes, "the same bytes either way");
    }
}

#[test]
fn orders_one_by_one_are_those_of_the_whole() {
    for version in of("pain.001") {
        let mut whole: Pain001 = specimen(version, Filling::Full, &mut dice(5)).expect("orders");
        let more: Pain001 = specimen(version, Filling::Minimal, &mut dice(6)).expect("orders");
        whole.batches.extend(more.batches);
        whole.header.control_sum = None;
        whole.header.count = whole.batches.iter().map(|batch| batch.transactions.len() as u64).sum();
        for batch in &mut whole.batches {
            (batch.count, batch.control_sum) = (Some(batch.transactions.len() as u64), None);
        }
        let bytes = build(&whole, version).expect("built");
        let reader = OrderReader::new(&bytes[..], Limits::message()).expect("a header");
        assert_eq!(reader.header(), &whole.header);
        let mut batches = Vec::new();
        for event in reader {
            match event.expect("an order") {
                OrderEvent::Batch(batch) => batches.push(*batch),
                OrderEvent::Transaction(order) => {
                    batches.last_mut().expect("a batch comes first").transactions.push(*order);
                }
            }
        }
        assert_eq!(batches, whole.batches);
        let mut writer = OrderWriter::new(Vec::new(), version, &whole.header).expect("a header");
        whole.batches.iter().for_each(|batch| writer.batch(batch).expect("written"));
        assert!(writer.finish().expect("finished") == bytes, "the same bytes either way");
    }
}

/// The emptiest orders there can be, many of them: the bound on lists is not for them.
#[test]
fn a_whole_message_may_have_many_small_payments() {
    let version = version("pain.001.001.09");
    let mut orders: Pain001 = specimen(version, Filling::Minimal, &mut dice(6)).expect("orders");
    let order = TransferOrder {
        id: PaymentId { end_to_end: "1".into(), ..PaymentId::default() },
        amount: payment(100, "JPY").transactions[0].settlement_amount.into(),
        ..TransferOrder::default()
    };
    orders.batches[0].transactions = vec![order; 2_000];
    let bytes = build(&orders, version).expect("built");
    assert_eq!(parse::<Pain001>(&bytes).expect("read").message, orders);
    let reader = OrderReader::new(&bytes[..], Limits::message()).expect("a header");
    assert_eq!(reader.filter(Result::is_ok).count(), 2_001);
}

fn problem(error: BulkError) -> Problem {
    match error {
        BulkError::Build(error) => error.problem,
        BulkError::Io(error) => panic!("{error}"),
    }
}

#[test]
fn what_was_announced_must_come() {
    let version = version("pacs.008.001.08");
    let message = payment(5000, "ILS");
    let write = |change: &dyn Fn(&mut Pacs008)| {
        let mut message = message.clone();
        change(&mut message);
        let mut writer = TransferWriter::new(Vec::new(), version, &message.header)?;
        message.transactions.iter().try_for_each(|transfer| writer.write(transfer))?;
        writer.finish()
    };
    let sum = |text| Some(Decimal::parse(text).expect("a number"));
    write(&|_| ()).expect("good");
    write(&|m| m.header.control_sum = sum("50")).expect("good");
    write(&|m| m.header.total = Some(m.transactions[0].settlement_amount)).expect("good");
    for (change, expected) in [
        (&(|m: &mut Pacs008| m.header.count = 2) as &dyn Fn(&mut Pacs008), Problem::Count),
        (&|m| m.header.control_sum = sum("50.01"), Problem::Sum),
        (&|m| m.header.total = Some(payment(5000, "USD").transactions[0].settlement_amount), Problem::Sum),
        (&|m| (m.header.count, m.transactions) = (0, Vec::new()), Problem::Missing),
        (&|m| m.transactions[0].id.end_to_end.clear(), Problem::Missing),
    ] {
        assert_eq!(problem(write(change).expect_err("refused")), expected);
    }
    let mut orders: Pain001 =
        specimen(self::version("pain.001.001.09"), Filling::Minimal, &mut dice(6)).expect("orders");
    orders.header.count = 1;
    orders.batches[0].count = Some(2);
    let mut writer =
        OrderWriter::new(Vec::new(), self::version("pain.001.001.09"), &orders.header).expect("a header");
    let order = orders.batches[0].transactions[0].clone();
    assert_eq!(problem(writer.write(&order).expect_err("no batch")), Problem::Missing);
    writer.batch(&orders.batches[0]).expect("written");
    assert_eq!(problem(writer.finish().expect_err("a batch of two with one")), Problem::Count);
}

#[test]
fn a_cut_or_damaged_file_ends_in_one_error() {
    let version = version("pacs.008.001.08");
    let mut message = payment(5000, "ILS");
    message.transactions = vec![message.transactions[0].clone(); 3];
    let bytes = build(&message, version).expect("built");
    for cut in 0..bytes.len() {
        let Ok(reader) = TransferReader::new(&bytes[..cut], Limits::message()) else { continue };
        let all: Vec<_> = reader.collect();
        assert!(all.last().is_some_and(Result::is_err), "cut at {cut}");
        assert_eq!(all.iter().filter(|one| one.is_err()).count(), 1, "cut at {cut}");
    }
    let after = [&bytes[..], b"<more/>"].concat();
    let all: Vec<_> = TransferReader::new(&after[..], Limits::message()).expect("a header").collect();
    assert!(all.last().is_some_and(Result::is_err), "something after the document");
    assert!(TransferReader::new(&b"<Document/>"[..], Limits::message()).is_err());
    assert!(OrderReader::new(&bytes[..], Limits::message()).is_err(), "another family");
}

/// The document of one transfer, with the transfer so many times over; never held as a whole.
struct Repeated {
    pieces: [Vec<u8>; 3],
    left: u64,
    piece: usize,
    at: usize,
}

impl Repeated {
    fn new(times: u64) -> Self {
        let text =
            String::from_utf8(build(&payment(5000, "ILS"), version("pacs.008.001.08")).expect("built"));
        let text = text.expect("UTF-8");
        let (begin, end) =
            (text.find("<CdtTrfTxInf>").expect("one"), text.rfind("</FIToFI").expect("an end"));
        let pieces = [&text[..begin], &text[begin..end], &text[end..]].map(|piece| piece.as_bytes().to_vec());
        Self { pieces, left: times, piece: 0, at: 0 }
    }
}

impl Read for Repeated {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let piece = &self.pieces[self.piece];
        let count = (&piece[self.at..]).read(into)?;
        self.at += count;
        if self.at == piece.len() && self.piece < 2 {
            self.at = 0;
            self.left = self.left.saturating_sub(u64::from(self.piece == 1));
            self.piece = if self.left > 0 { 1 } else { 2 };
        }
        Ok(count)
    }
}

#[test]
fn memory_does_not_grow_with_the_file() {
    let held = |times: u64| {
        let source = BufReader::new(Repeated::new(times));
        measure(|| {
            let reader = TransferReader::new(source, Limits::statement()).expect("a header");
            let read =
                reader.map(|transfer| transfer.expect("a transfer").id.end_to_end.len() as u64).sum::<u64>();
            assert_eq!(read, 3 * times, "every transfer was read");
        })
        .bytes_max
    };
    held(1); // What is built once, the first time, is not of the file.
    let (few, many) = (held(10), held(3_000));
    assert_eq!(few, many, "the same for three hundred times as much");
    assert!(many <= 64 * 1024, "{many} bytes are held");
}

/// Whatever came, the iterators hold at most four times the input and 64 KiB.
#[test]
fn reading_any_document_stays_within_its_memory() {
    let mut most = 0;
    for (version, seed) in of("pacs.008").chain(of("pain.001")).zip(1..) {
        for filling in [Filling::Minimal, Filling::Full] {
            let bytes =
                AnyMessage::specimen(version, filling, &mut dice(seed)).build(version).expect("built");
            let read = || {
                if let Ok(reader) = TransferReader::new(&bytes[..], Limits::message()) {
                    reader.for_each(drop);
                }
                if let Ok(reader) = OrderReader::new(&bytes[..], Limits::message()) {
                    reader.for_each(drop);
                }
            };
            read();
            let held = measure(read).bytes_max;
            assert!(held <= 4 * bytes.len() as u64 + 64 * 1024, "{version}: {held} for {}", bytes.len());
            most = most.max(held);
        }
    }
    assert!(most > 0, "the counter counts");
}

/// Elements of a few bytes become parts of a hundred: what a list may take is bound to the size of the document.
#[test]
fn lists_of_empty_parts_are_refused_before_they_take_much() {
    let good = build(&payment(5000, "ILS"), version("pacs.008.001.08")).expect("built");
    let good = String::from_utf8(good).expect("UTF-8");
    let (begin, end) = good.split_at(good.find("</RmtInf>").expect("remittance"));
    let charge = r#"<ChrgsInf><Amt Ccy="ILS">1</Amt><Agt><FinInstnId/></Agt></ChrgsInf>"#;
    let before_agents = good.split_at(good.find("<InstgAgt>").expect("an agent"));
    let service = "<SvcLvl><Cd>A</Cd></SvcLvl>";
    let before_amount = good.split_at(good.find("<IntrBkSttlmAmt").expect("an amount"));
    for (begin, part, end, wrap) in [
        (begin, "<Strd/>", end, ["", ""]),
        (begin, "<Strd><CdtrRefInf/></Strd>", end, ["", ""]),
        (before_agents.0, charge, before_agents.1, ["", ""]),
        (before_amount.0, service, before_amount.1, ["<PmtTpInf>", "</PmtTpInf>"]),
    ] {
        for (times, is_read) in [(20, true), (20_000, false)] {
            let text = [begin, wrap[0], &part.repeat(times), wrap[1], end].concat();
            let read = || {
                let mut reader = TransferReader::new(text.as_bytes(), Limits::message())?;
                reader.try_for_each(|transfer| transfer.map(drop))
            };
            let found = read();
            assert_eq!(found.is_ok(), is_read, "{part} {times} times: {found:?}");
            let refused = found.err().map(|error| error.layer);
            assert!(is_read || refused == Some(Layer::Security), "{part}: {refused:?}");
            let held = measure(|| drop(read())).bytes_max;
            assert!(
                held <= 4 * text.len() as u64 + 64 * 1024,
                "{part} {times} times: {held} for {}",
                text.len()
            );
        }
    }
    let lines =
        [begin, end].concat().replace("<Strd>", &format!("{}<Strd>", "<Ustrd>a</Ustrd>".repeat(5_000)));
    let held = measure(|| assert!(parse::<Pacs008>(lines.as_bytes()).is_ok())).bytes_max;
    assert!(held <= 16 * lines.len() as u64, "lines of text are no such list: {held} for {}", lines.len());
}
