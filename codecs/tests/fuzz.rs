//! The fuzz targets without a fuzzer: the committed corpus, every regression, and seeded mutations of both.

use std::path::Path;

use allocation_counter::measure;

use self::surfaces::TARGETS;
use crate::support::{bytes, text, valid_vectors};

#[path = "../fuzz/replay.rs"]
mod replay;
#[path = "../fuzz/src/lib.rs"]
#[expect(unreachable_pub, reason = "it is the library of the fuzz targets")]
mod surfaces;

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz"))
}

macro_rules! replayed {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            let name = stringify!($name);
            let (_, target) = TARGETS.iter().find(|(known, _)| *known == name).expect("a target");
            replay::replay(folder(), name, *target);
        })*

        #[test]
        fn every_target_is_replayed() {
            let replayed = [$(stringify!($name)),*];
            assert!(TARGETS.iter().all(|(name, _)| replayed.contains(name)) && replayed.len() == TARGETS.len());
            replay::complete(folder(), &replayed);
        }
    };
}

replayed! {
    bpc_hybrid
    iso03_abin
    iso03_ascii
    iso87_abin
    iso87_ascii
    iso87_bcd
    iso87_bcd_rf
    iso87_ebcdic
    iso93_abin
    iso93_ascii
    draft
    emv_qr
    frame
    json
    iso20022
    iso20022_messages
    key_change
    mac
    mfep_json
    mfep_xml
    packed
    profile
    small
    subfields
    tlv
    acquirer_csv
    camt
    ipm
    mt940
    settlement
}

/// Memory at any moment stays within four times the input and 64 KiB, whatever the bytes announce.
#[test]
fn reading_anything_stays_within_its_memory() {
    let mut most = 0;
    for vector in valid_vectors() {
        let (dialect, wire) = (text(&vector["profile"]), bytes(&vector["hex"]));
        surfaces::read_everything(dialect, &wire); // What is built once, the first time, is not of the message.
        for at in 0..wire.len() {
            for byte in [0x00, 0x39, 0x99, 0xF9, 0xFF] {
                let mut changed = wire.clone();
                changed[at] = byte;
                let held = measure(|| surfaces::read_everything(dialect, &changed)).bytes_max;
                let cap = 4 * wire.len() as u64 + 64 * 1024;
                assert!(held <= cap, "{}, byte {at} as {byte:02X}: {held} bytes are held", vector["id"]);
                most = most.max(held);
            }
        }
    }
    assert!(most > 0, "the counter counts");
}
