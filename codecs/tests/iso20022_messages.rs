//! Messages of ISO 20022 as structs: what is built validates with libxml2 and with our own reader, what is read is what
//! was built, in every version of every family.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use codecs::iso20022::{AnyMessage, Filling, Parsed, Version, parse_any};

fn schemas() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/iso20022/xsd")
}

/// SplitMix64.
fn dice(mut seed: u64) -> impl FnMut(usize) -> usize {
    move |bound| {
        seed = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = seed;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % bound.max(1) as u64) as usize
    }
}

/// One of every filling and some by chance.
fn specimens(version: Version) -> Vec<AnyMessage> {
    let mut chance = dice(20_022);
    let mut make = |filling| AnyMessage::specimen(version, filling, &mut chance);
    let mut all = vec![make(Filling::Minimal)];
    all.extend((0..4).map(|_| make(Filling::Full)));
    all.extend((0..12).map(|_| make(Filling::Some)));
    all
}

#[test]
fn what_is_built_validates_with_libxml2() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("iso20022-messages");
    for version in Version::all() {
        let own = folder.join(version.name());
        fs::create_dir_all(&own).expect("a folder");
        let mut command = Command::new("xmllint");
        command.args(["--noout", "--nonet", "--schema"]).arg(schemas().join(format!("{version}.xsd")));
        for (number, message) in specimens(version).iter().enumerate() {
            let file = own.join(format!("{number}.xml"));
            let bytes = message.build(version).unwrap_or_else(|error| panic!("{version}: {error}"));
            fs::write(&file, bytes).expect("a file");
            command.arg(file);
        }
        let said = command.output().expect("xmllint is installed (libxml2-utils)");
        let said = (said.status, String::from_utf8_lossy(&said.stderr).into_owned());
        assert!(said.0.success(), "{version}: {}", said.1);
    }
}

#[test]
fn what_is_built_is_read_as_it_was() {
    for version in Version::all() {
        for message in specimens(version) {
            let bytes = message.build(version).unwrap_or_else(|error| panic!("{version}: {error}"));
            let parsed = parse_any(&bytes).unwrap_or_else(|error| {
                panic!("{version}: {error}\n{}", String::from_utf8_lossy(&bytes))
            });
            let expected = Parsed { message, version, passed_over: Default::default() };
            assert!(parsed == expected, "{version}: {parsed:#?}\n{expected:#?}");
        }
    }
}
