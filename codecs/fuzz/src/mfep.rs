//! Bill payment messages: what is read can be written in every form, and means the same there.

use codecs::mfep::{Message, Mode, Profile, Refusal, decode, describe, encode};

/// Reads `bytes` as a message of either format. True when strict reading accepts it.
pub fn mfep(bytes: &[u8]) -> bool {
    let lenient = decode(bytes, Mode::Lenient);
    let decoded = match decode(bytes, Mode::Strict) {
        Ok(decoded) => decoded,
        Err(fault) => {
            let refusal = Refusal::from(&fault);
            assert!(!refusal.reason.is_empty() && !refusal.error.is_empty());
            assert!(lenient.is_err() || lenient.is_ok_and(|lenient| lenient.tolerated > 0), "{fault}");
            return false;
        }
    };
    let lenient = lenient.expect("lenient reading accepts what strict reading does");
    assert_eq!((lenient.message, lenient.tolerated), (decoded.message.clone(), 0));
    assert!(decoded.body_text().len() <= bytes.len(), "the body is a piece of what was given");
    assert_eq!(describe(&decoded).signed, decoded.message.signature.is_some());
    // Outside its call a message has no token.
    let message = Message { token_key: None, ..decoded.message };
    for settings in
        ["format = \"json\"", "format = \"xml\"\nindent = 1", "format = \"xml\"\nbills_rec = true"]
    {
        written(&message, settings);
    }
    true
}

/// The message comes back from a form that leaves nothing out.
fn written(message: &Message, settings: &str) {
    let settings = format!("{settings}\nstamps = \"as-written\"\nreceiver_in_answers = true");
    let profile = Profile::from_toml(&settings).expect("a profile");
    let mut out = Vec::new();
    encode(message, &profile, None, &mut out).expect("what was read can be written");
    let read = decode(&out, Mode::Strict)
        .unwrap_or_else(|fault| panic!("{fault}: {}", String::from_utf8_lossy(&out)));
    assert_eq!(&read.message, message, "{}", String::from_utf8_lossy(&out));
    assert_eq!(read.unknown, 0);
}
