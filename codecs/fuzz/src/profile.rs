//! A dialect as an operator writes it: a file that is accepted can write and read every field it says it carries.

use codecs::iso8583::{Attr, Draft, FieldSpec, Length, Mode, Mti, Profile, decode};

/// Reads `bytes` as a profile. True when it is one.
pub fn profile(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let profile = match Profile::from_toml(text) {
        Ok(profile) => profile,
        Err(error) => {
            assert!(!error.to_string().trim().is_empty(), "a refusal without words");
            return false;
        }
    };
    let mti = Mti::from_digits([profile.mti_version(), 2, 0, 0]).expect("decimal digits");
    for spec in (2..=128).filter_map(|n| profile.field(n)) {
        for value in [shortest(spec), longest(spec)] {
            let mut draft = Draft::new(mti);
            draft.set(spec.number, value.as_str());
            let mut wire = Vec::new();
            let written = draft.encode(&profile, &mut wire);
            assert_eq!(written, Ok(()), "an accepted dialect cannot write field {}", spec.number);
            let message = decode(&profile, &wire, Mode::Strict);
            let read = message.as_ref().map(|message| message.text(spec.number));
            assert_eq!(
                read,
                Ok(Some(value.as_str().into())),
                "an accepted dialect cannot read field {}",
                spec.number
            );
        }
    }
    true
}

/// A value of so many units that the field may hold.
fn value(spec: &FieldSpec, units: usize) -> String {
    match spec.attr {
        Attr::N | Attr::Z | Attr::Amount => "7".repeat(units),
        Attr::Xn => format!("C{}", "7".repeat(units.saturating_sub(1))),
        Attr::SignedAmount => format!("7777D{}", "7".repeat(units.saturating_sub(5))),
        Attr::B => "A7".repeat(units),
        Attr::A | Attr::An | Attr::Anp | Attr::Ans | Attr::Ns => "A".repeat(units),
    }
}

fn shortest(spec: &FieldSpec) -> String {
    value(spec, if spec.length == Length::Fixed { spec.max.into() } else { 0 })
}

/// Three decimal digits that count hexadecimal characters end at 499 bytes, which a dialect may know and not say.
fn longest(spec: &FieldSpec) -> String {
    let max = usize::from(spec.max);
    value(spec, if spec.attr == Attr::B && spec.length != Length::Fixed { max.min(49) } else { max })
}
