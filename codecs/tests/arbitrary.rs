//! Arbitrary messages come back unchanged; arbitrary bytes never do harm.

use codecs::iso8583::{Attr, Draft, FieldSpec, Length, Message, Mode, Mti, Profile, decode, describe};
use proptest::prelude::*;
use proptest::sample::subsequence;

use crate::support::{bytes, profile, text, valid_vectors};

/// A value of the field's character set and of a length it allows.
fn value_of(spec: &FieldSpec) -> BoxedStrategy<String> {
    let max = usize::from(spec.max);
    let (set, per_unit) = match spec.attr {
        Attr::N | Attr::Amount => ("[0-9]", 1),
        Attr::A => ("[A-Za-z ]", 1),
        Attr::An | Attr::Anp => ("[A-Za-z0-9 ]", 1),
        Attr::Ans | Attr::Ns => ("[ \"#-Z_`a-z{}~]", 1),
        Attr::Z => ("[0-9=]", 1),
        Attr::B => ("[0-9A-F]", 2),
        Attr::Xn => return regex(&format!("[CD][0-9]{{{}}}", max - 1)),
        Attr::SignedAmount => return regex(&format!("[0-9]{{4}}[CD][0-9]{{{}}}", max - 5)),
    };
    // Three digits of hexadecimal characters say at most 499 bytes.
    let longest = max.min(if spec.attr == Attr::B { 499 } else { 999 });
    let shortest = if spec.length == Length::Fixed { longest } else { 0 };
    let unit = format!("({set}{{{per_unit}}}){{{shortest},{}}}", longest.min(shortest.max(60)));
    regex(&unit)
}

fn regex(text: &str) -> BoxedStrategy<String> {
    proptest::string::string_regex(text).expect("a regex").boxed()
}

fn message_of(profile: &Profile) -> BoxedStrategy<(Mti, Vec<(u8, String)>)> {
    let version = profile.mti_version();
    let mti = [0..10_u8, 0..10, 0..6].prop_map(move |[class, function, origin]| {
        Mti::from_digits([version, class, function, origin]).expect("four digits")
    });
    let specs: Vec<FieldSpec> = (2..=128).filter_map(|n| profile.field(n).copied()).collect();
    let count = 0..=specs.len();
    let fields = subsequence(specs, count).prop_flat_map(|specs| {
        specs.iter().map(|spec| (Just(spec.number), value_of(spec))).collect::<Vec<_>>()
    });
    (mti, fields).boxed()
}

#[test]
fn every_profile_gives_arbitrary_messages_back() {
    for name in Profile::NAMES {
        let profile = profile(name);
        let config = ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() };
        proptest!(config, |((mti, fields) in message_of(&profile))| {
            let mut draft = Draft::new(mti);
            for (n, value) in fields.iter().rev() {
                draft.set(*n, value.as_str());
            }
            let mut wire = Vec::new();
            draft.encode(&profile, &mut wire).map_err(|error| TestCaseError::fail(error.to_string()))?;
            let message = decode(&profile, &wire, Mode::Strict).map_err(|error| TestCaseError::fail(error.to_string()))?;
            prop_assert_eq!(message.mti(), mti);
            let read: Vec<_> = message.fields().map(|(n, text)| (n, text.into_owned())).collect();
            prop_assert_eq!(&read, &fields);
            let mut again = Vec::new();
            message.to_draft().encode(&profile, &mut again).map_err(|error| TestCaseError::fail(error.to_string()))?;
            prop_assert_eq!(&again, &wire);
            for backwards in [false, true] {
                let (mut written, mut fields) = (Vec::new(), fields.clone());
                if backwards {
                    fields.reverse();
                }
                let mut writer = profile.writer(mti, &mut written);
                for (n, value) in &fields {
                    writer.set(*n, value);
                }
                writer.finish().map_err(|error| TestCaseError::fail(error.to_string()))?;
                prop_assert_eq!(&written, &wire);
            }
        });
    }
}

/// SplitMix64: small, seeded, the same on every machine.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ z >> 31
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.roll() % bound.max(1) as u64) as usize
    }

    /// One to four changes: a byte replaced, a bit flipped, a piece cut out, doubled or appended.
    fn mutate(&mut self, wire: &mut Vec<u8>) {
        for _ in 0..=self.below(4) {
            let at = self.below(wire.len());
            match self.below(5) {
                _ if wire.is_empty() => wire.push(self.roll() as u8),
                0 => wire[at] = self.roll() as u8,
                1 => wire[at] ^= 1 << self.below(8),
                2 => wire.truncate(at),
                3 => drop(wire.drain(at..(at + self.below(4)).min(wire.len()))),
                _ => wire.insert(at, self.roll() as u8),
            }
        }
    }
}

/// Everything a connector might do with a message. Panics nowhere, whatever was accepted.
fn use_it(message: &Message<'_>) {
    let shown = describe(message).to_string();
    assert!(shown.lines().count() > message.numbers().count());
    for n in 0..=255 {
        assert_eq!(message.text(n).is_some(), message.has(n));
        let _ = (message.wire(n), message.bytes(n), message.digits_u64(n));
    }
    let _ = message.check_tlv();
}

#[test]
fn bytes_of_any_kind_are_accepted_or_refused_and_strict_ones_come_back_the_same() {
    const SEED: u64 = 0x8583_1987;
    let vectors: Vec<_> =
        valid_vectors().iter().map(|v| (profile(text(&v["profile"])), bytes(&v["hex"]))).collect();
    let mut dice = Dice(SEED);
    let (mut accepted, mut refused) = (0_u32, 0_u32);
    let (mut wire, mut again) = (Vec::new(), Vec::new());
    for round in 0..200_000 {
        let (profile, valid) = &vectors[dice.below(vectors.len())];
        wire.clear();
        if round % 10 == 0 {
            wire.extend((0..dice.below(300)).map(|_| dice.roll() as u8));
        } else {
            wire.extend_from_slice(valid);
            dice.mutate(&mut wire);
        }
        if let Ok(message) = decode(profile, &wire, Mode::Lenient)
            && round % 16 == 0
        {
            use_it(&message);
        }
        match decode(profile, &wire, Mode::Strict) {
            Ok(message) => {
                accepted += 1;
                again.clear();
                let encoded = message.to_draft().encode(profile, &mut again);
                assert_eq!(encoded, Ok(()), "seed {SEED:#x} round {round}");
                assert_eq!(again, wire, "seed {SEED:#x} round {round}: {}", profile.name());
                assert_eq!(message.warnings().total(), 0);
            }
            Err(error) => {
                refused += 1;
                assert!(error.offset <= wire.len(), "seed {SEED:#x} round {round}: {error}");
            }
        }
    }
    assert!(
        accepted > 10_000 && refused > 100_000,
        "{accepted} accepted, {refused} refused: the dice are loaded"
    );
}
