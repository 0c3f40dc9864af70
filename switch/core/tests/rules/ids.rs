//! Identifiers: what is shown reads back, what differs looks different, and
//! nothing is ever issued twice. The same for keys and fingerprints.

use std::collections::HashSet;

use proptest::prelude::*;
use switch_core::clock::Timestamp;
use switch_core::id::{AttemptId, IdSequence, NODES_MAX, PublicIds, Rrn, first_id_at};
use switch_core::idempotency::{Fingerprint, IdempotencyKey};

use crate::property::check;

/// 36 to the twelfth: the first number a retrieval reference cannot carry.
const RRN_END: i64 = 36i64.pow(12);
/// 2025-01-01T00:00:00Z and the last millisecond that 41 bits reach from there.
const EPOCH_MS: i64 = 1_735_689_600_000;
const END_MS: i64 = EPOCH_MS + (1 << 41) - 1;

const SYMBOLS: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcxyz*~$=U-é";

fn any_id() -> impl Strategy<Value = i64> {
    prop_oneof![0..=1000i64, 0..=i64::MAX, Just(i64::MAX)]
}

#[test]
fn a_public_identifier_reads_back_under_its_own_prefix_and_key_only() {
    check((any::<[u8; 16]>(), any_id()), |(key, id)| {
        let ids = PublicIds::new(key);
        let shown = ids.show("pay", id);
        prop_assert_eq!(shown.len(), "pay_".len() + 14);
        prop_assert_eq!(ids.read("pay", &shown), Ok(id), "{}", shown);
        prop_assert!(ids.read("bil", &shown).is_err());
        prop_assert_eq!(ids.read("pay", &format!("pay_{}", shown[4..].to_ascii_lowercase())), Ok(id));
        let mut other = key;
        other[0] ^= 1;
        prop_assert_ne!(PublicIds::new(other).read("pay", &shown), Ok(id));
        Ok(())
    });
}

#[test]
fn different_numbers_have_different_public_forms() {
    let ids = PublicIds::new([7; 16]);
    let shown: HashSet<String> = (0..20_000).map(|id| ids.show("bil", id)).collect();
    assert_eq!(shown.len(), 20_000);
    check((any::<[u8; 16]>(), any_id(), any_id()), |(key, a, b)| {
        let ids = PublicIds::new(key);
        prop_assert_eq!(ids.show("bil", a) == ids.show("bil", b), a == b);
        Ok(())
    });
}

/// Numbers on printed bills outlive every release. Computed apart from this code, with openssl.
#[test]
fn public_forms_are_the_same_in_every_release() {
    let ids = PublicIds::new([7; 16]);
    for (id, shown) in [
        (0, "pay_EW95NA2YARX44X"),
        (1, "pay_C9C5C31ZMWCXJE"),
        (2, "pay_42MSXTTM1TF7E7"),
        (8_010_324_606_255_104, "pay_6XHPDA1R335286"),
        (i64::MAX, "pay_9VS8ZT285W36M9"),
    ] {
        assert_eq!(ids.show("pay", id), shown);
    }
}

#[test]
fn neighbours_do_not_look_alike() {
    check((any::<[u8; 16]>(), 0..i64::MAX), |(key, id)| {
        let ids = PublicIds::new(key);
        let (a, b) = (ids.show("", id), ids.show("", id + 1));
        let same = a.bytes().zip(b.bytes()).skip(1).filter(|(a, b)| a == b).count();
        prop_assert!(same < 9, "{} and {}", a, b);
        Ok(())
    });
}

/// A slip of the finger finds nothing; it never finds somebody else's bill.
#[test]
fn a_mistyped_identifier_never_reads_as_another() {
    let slip = (0..14usize, 0..SYMBOLS.chars().count());
    check((any::<[u8; 16]>(), any_id(), slip, any::<bool>()), |(key, id, (place, symbol), swap)| {
        let ids = PublicIds::new(key);
        let mut typed: Vec<char> = ids.show("bil", id).chars().collect();
        if swap {
            typed.swap(4 + place, 4 + (place + 1) % 13);
        } else {
            typed[4 + place] = SYMBOLS.chars().nth(symbol).unwrap_or('0');
        }
        let typed: String = typed.into_iter().collect();
        prop_assert!(
            ids.read("bil", &typed).is_ok_and(|read| read == id) || ids.read("bil", &typed).is_err()
        );
        Ok(())
    });
}

#[test]
fn no_text_makes_the_readers_of_identifiers_panic() {
    check("(bil_|pay_)?[0-9A-Za-z*~$=é٣]{0,16}", |text| {
        let ids = PublicIds::new([7; 16]);
        if let Ok(id) = ids.read("bil", &text) {
            prop_assert!(id >= 0);
        }
        if let Some(attempt) = Rrn::attempt(&text) {
            let rrn = Rrn::of(attempt);
            prop_assert_eq!(rrn.as_str(), text.as_str());
        }
        let _ = IdempotencyKey::parse(&text);
        Ok(())
    });
}

#[test]
fn a_retrieval_reference_finds_its_attempt() {
    check(prop_oneof![0..=1000i64, 0..RRN_END, RRN_END - 1000..RRN_END], |id| {
        let rrn = Rrn::of(AttemptId(id));
        prop_assert_eq!(rrn.as_str().len(), 12);
        prop_assert!(rrn.as_str().bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase()));
        prop_assert_eq!(Rrn::attempt(rrn.as_str()), Some(AttemptId(id)));
        Ok(())
    });
}

#[test]
fn identifiers_rise_through_every_step_of_the_clock_and_every_restart() {
    let now = prop_oneof![
        4 => EPOCH_MS + 1_000_000..EPOCH_MS + 1_000_010,
        2 => EPOCH_MS..END_MS - 1000,
        1 => any::<i64>().prop_map(|ms| ms.min(EPOCH_MS)),
    ];
    let moments = prop::collection::vec((now, 1..4u8, prop::bool::weighted(0.1)), 1..60);
    check((0..NODES_MAX, moments), |(node, moments)| {
        let mut ids = IdSequence::new(node, 0);
        let mut last = 0;
        for (now, count, restarts) in moments {
            if restarts {
                ids = IdSequence::new(node, last);
            }
            for _ in 0..count {
                let next = ids.next(Timestamp(now));
                prop_assert!(next > last, "{} after {} at {}", next, last, now);
                prop_assert_eq!(next >> 16 & 63, i64::from(node), "the node is part of it");
                prop_assert!(next >= first_id_at(Timestamp(now)));
                last = next;
            }
        }
        Ok(())
    });
}

#[test]
fn more_identifiers_than_a_millisecond_has_room_for_still_rise() {
    let mut ids = IdSequence::new(63, 0);
    let now = Timestamp(EPOCH_MS + 5);
    let mut last = 0;
    for _ in 0..3 * 65_536 + 7 {
        let next = ids.next(now);
        assert!(next > last, "{next} after {last}");
        last = next;
    }
    assert!(last < first_id_at(now.plus_ms(5)), "it borrows the milliseconds it needs and no more");
}

#[test]
fn two_nodes_never_issue_the_same_identifier() {
    let times = prop::collection::vec(EPOCH_MS..EPOCH_MS + 5, 1..40);
    check((0..NODES_MAX, 1..NODES_MAX, times), |(node, more, times)| {
        let mut a = IdSequence::new(node, 0);
        let mut b = IdSequence::new((node + more) % NODES_MAX, 0);
        let of_a: HashSet<i64> = times.iter().map(|ms| a.next(Timestamp(*ms))).collect();
        prop_assert!(times.iter().all(|ms| !of_a.contains(&b.next(Timestamp(*ms)))));
        Ok(())
    });
}

/// Few letters, so that different lists often run into the same text.
fn any_parts() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec("[ab\u{0}\u{1}]{0,3}", 0..5)
}

#[test]
fn a_fingerprint_is_equal_exactly_when_the_parts_are() {
    let of = |parts: &[String]| Fingerprint::of(&parts.iter().map(String::as_str).collect::<Vec<_>>());
    check((any_parts(), any_parts()), |(a, b)| {
        prop_assert_eq!(of(&a) == of(&b), a == b);
        prop_assert_eq!(Fingerprint::from_bytes(*of(&a).bytes()), of(&a));
        Ok(())
    });
    // The same text, cut at other places.
    let cuts = prop::collection::vec(any::<prop::sample::Index>(), 0..4);
    check(("[ab\u{0}]{1,8}", cuts.clone(), cuts), |(text, a, b)| {
        let parts = |cuts: &[prop::sample::Index]| -> Vec<String> {
            let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(text.len() + 1)).collect();
            places.sort_unstable();
            let ends: Vec<usize> = places.iter().copied().chain([text.len()]).collect();
            let starts = [0].into_iter().chain(places);
            starts.zip(ends).map(|(start, end)| text[start..end].to_owned()).collect()
        };
        let (a, b) = (parts(&a), parts(&b));
        prop_assert_eq!(of(&a) == of(&b), a == b);
        Ok(())
    });
}

/// A stored fingerprint is compared for as long as its key is kept. Computed apart from this code.
#[test]
fn a_fingerprint_is_the_same_in_every_release_of_its_version() {
    for (parts, digest) in [
        (&[][..], "4bf5122f344554c53bde2ebb8cd2b7e3d1600ad631c385a5d7cce23c7785459a"),
        (
            &["POST", "/v1/payments", "bil_1"],
            "9fc35c47afb59042eabbd9169fceb04b3184b0f9bbaa2ccdfb2edfc63e231e4f",
        ),
    ] {
        let hex: String = Fingerprint::of(parts).bytes().iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!(hex, digest, "{parts:?}");
    }
}

#[test]
fn a_key_is_the_same_quoted_and_bare_and_keeps_its_text() {
    check("[A-Za-z0-9._~-]{16,64}", |token| {
        let bare = IdempotencyKey::parse(&token);
        prop_assert_eq!(bare.as_ref().map(IdempotencyKey::as_str), Ok(token.as_str()));
        prop_assert_eq!(&bare, &IdempotencyKey::parse(&format!("\"{token}\"")));
        prop_assert_eq!(&bare, &IdempotencyKey::parse(&format!(" {token}\t")));
        Ok(())
    });
}
