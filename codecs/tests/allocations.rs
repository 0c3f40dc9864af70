//! The hot path asks the allocator for nothing.

use allocation_counter::measure;
use codecs::iso8583::{Draft, Mac, MacKey, Mode, Mti, Padding, decode};

use crate::support::{bytes, profile, text, valid_vectors};

#[test]
fn decoding_allocates_nothing_in_any_dialect() {
    for vector in valid_vectors() {
        let (profile, wire) = (profile(text(&vector["profile"])), bytes(&vector["hex"]));
        let info = measure(|| {
            let message = decode(&profile, &wire, Mode::Strict).expect("a valid vector");
            assert_eq!(message.has(11), message.digits_u64(11).is_some());
        });
        assert_eq!(info.count_total, 0, "{}", vector["id"]);
    }
}

#[test]
fn encoding_into_a_warm_buffer_allocates_nothing() {
    let key = MacKey::from_hex("0123456789ABCDEFFEDCBA9876543210").expect("a key");
    let mac = Mac::retail(&key, Padding::Zeros).expect("16 bytes");
    for name in ["iso87-ascii", "iso87-abin", "iso87-bcd", "iso87-bcd-rf", "iso87-ebcdic"] {
        let profile = profile(name);
        let mut out = Vec::with_capacity(512);
        let request = Mti::from_digits([0, 2, 0, 0]).expect("four digits");
        let info = measure(|| {
            let mut draft = Draft::new(request);
            draft.set(2, "4111111111111111").set(3, "000000").set_number(4, 5000).set(7, "1122103110");
            draft.set_number(11, 10).set(12, "123110").set(13, "1122").set(22, "051").set(25, "00");
            draft.set(41, "GOV00001").set_padded(42, "HUKUMATI").set(32, "275001").set(37, "632612000010");
            draft.set(48, "BLR0040BILL0000000000012345678").set(49, "376").set_bytes(52, &[0x11; 8]);
            draft.encode(&profile, &mut out).expect("clean values");
            draft.encode_with_mac(&profile, &mac, &mut out).expect("clean values");
        });
        assert_eq!(info.count_total, 0, "{name}");
    }
}

#[test]
fn writing_into_a_warm_buffer_allocates_nothing_in_any_dialect() {
    let key = MacKey::from_hex("0123456789ABCDEFFEDCBA9876543210").expect("a key");
    let macs = [Mac::retail(&key, Padding::Zeros), Mac::aes_cmac(&key)].map(|mac| mac.expect("16 bytes"));
    for vector in valid_vectors() {
        let profile = profile(text(&vector["profile"]));
        let mti: Mti = text(&vector["mti"]).parse().expect("a message type");
        let mut out = Vec::with_capacity(2 * bytes(&vector["hex"]).len() + 512);
        let mut fields: Vec<(u8, &str)> = vector["fields"]
            .as_object()
            .expect("a map")
            .iter()
            .map(|(n, value)| (n.parse().expect("a number"), text(value)))
            .collect();
        fields.sort_unstable();
        for backwards in [false, true] {
            if backwards {
                fields.reverse();
            }
            let info = measure(|| {
                for mac in [None, Some(&macs[0]), Some(&macs[1])] {
                    out.clear();
                    let mut writer = profile.writer(mti, &mut out);
                    for (n, value) in &fields {
                        writer.set(*n, value);
                    }
                    match mac {
                        None => writer.finish().expect("a valid vector"),
                        Some(mac) => writer.finish_with_mac(mac).expect("a valid vector"),
                    }
                }
            });
            assert_eq!(info.count_total, 0, "{} backwards: {backwards}", vector["id"]);
        }
    }
}

#[test]
fn the_counter_counts() {
    assert_eq!(measure(|| drop(std::hint::black_box(vec![1_u8; 64]))).count_total, 1);
}
