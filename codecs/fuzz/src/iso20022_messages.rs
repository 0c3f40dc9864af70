//! Messages of ISO 20022 as structs: out of any document, and out of any chance.
//!
//! What is read can be built again and is then read as it was; only amounts may be refused, because the schema takes more
//! decimals than currencies have. One by one payments are those of the whole. Whatever chance makes comes back.

use codecs::iso20022::{
    AnyMessage, Filling, Limits, OrderEvent, OrderReader, Problem, TransferReader, Version, open, parse_any,
};

/// Reads the document and takes the bytes for chance. True when it is a message.
pub fn iso20022_messages(bytes: &[u8]) -> bool {
    out_of_chance(bytes);
    one_by_one(bytes);
    let Ok(opened) = open(bytes) else {
        assert!(parse_any(bytes).is_err(), "a message alone is one with and without an envelope");
        return false;
    };
    let document = opened.document;
    assert_eq!(document.passed_over.paths.len() as u64, document.passed_over.count.min(16));
    match document.message.build(document.version) {
        Ok(built) => {
            let again = parse_any(&built).expect("what is built can be read");
            assert_eq!((again.message, again.version), (document.message, document.version));
            assert_eq!(again.passed_over.count, 0);
        }
        Err(error) => assert!(matches!(error.problem, Problem::Amount(_)), "{error}"),
    }
    true
}

fn out_of_chance(bytes: &[u8]) {
    let mut left = bytes.iter();
    // One, when they are used up: no more is filled then.
    let mut chance = |bound: usize| usize::from(*left.next().unwrap_or(&1)) % bound;
    let version = Version::all().nth(chance(Version::all().count())).expect("a version");
    let message = AnyMessage::specimen(version, Filling::Some, &mut chance);
    let built = message.build(version).expect("a specimen can be built");
    let read = parse_any(&built).expect("what is built can be read");
    assert_eq!((read.message, read.version), (message, version));
}

fn one_by_one(bytes: &[u8]) {
    let whole = parse_any(bytes).ok().map(|parsed| parsed.message);
    let transfers = TransferReader::new(bytes, Limits::message())
        .and_then(|reader| reader.collect::<Result<Vec<_>, _>>());
    match (&whole, transfers) {
        (Some(AnyMessage::Pacs008(whole)), transfers) => {
            assert_eq!(transfers.as_ref(), Ok(&whole.transactions))
        }
        (_, transfers) => assert!(transfers.is_err(), "no pacs.008"),
    }
    let orders =
        OrderReader::new(bytes, Limits::message()).and_then(|reader| reader.collect::<Result<Vec<_>, _>>());
    match (&whole, orders) {
        (Some(AnyMessage::Pain001(whole)), Ok(events)) => {
            let orders = events.iter().filter_map(|event| match event {
                OrderEvent::Transaction(order) => Some(&**order),
                OrderEvent::Batch(_) => None,
            });
            assert!(orders.eq(whole.batches.iter().flat_map(|batch| &batch.transactions)));
        }
        (Some(AnyMessage::Pain001(_)), Err(error)) => panic!("{error}"),
        (_, orders) => assert!(orders.is_err(), "no pain.001"),
    }
}
