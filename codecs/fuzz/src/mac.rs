//! Authentication codes: what we write is believed, and one changed bit is not.

use codecs::ErrorKind;
use codecs::iso8583::{Mac, MacKey, Mode, Padding, Profile, decode};

use super::input::Input;

/// Reads a message, gives it a code of its own and changes one bit. True when the code it came with was right.
pub fn mac(bytes: &[u8]) -> bool {
    let mut input = Input(bytes);
    let profile = Profile::by_name(input.one_of(&Profile::NAMES)).expect("a name of the list");
    let mac = algorithm(input.byte());
    let change = usize::from(input.byte()) << 8 | usize::from(input.byte());
    let text = String::from_utf8_lossy(input.0);
    assert_eq!(MacKey::from_hex(&text).is_ok(), codecs::hex::decode(text.as_bytes()).is_some());

    let Ok(message) = decode(&profile, input.0, Mode::Strict) else { return false };
    let field = if message.bitmap().needs_secondary() { 128 } else { 64 };
    let came_right = mac.verify(&message, field).is_ok();
    assert!(mac.verify(&message, 2).is_err(), "field 2 holds no code");

    let mut draft = message.to_draft();
    draft.remove(64).remove(128);
    let mut wire = Vec::new();
    if draft.encode_with_mac(&profile, &mac, &mut wire).is_err() {
        return came_right;
    }
    let sealed = decode(&profile, &wire, Mode::Strict).expect("what is written can be read");
    let field = if sealed.bitmap().needs_secondary() { 128 } else { 64 };
    assert_eq!(mac.verify(&sealed, field), Ok(()), "our own code is not believed");
    let tag = mac.compute(&wire);
    assert!(matches!(tag.as_bytes().len(), 8 | 16) && tag.as_bytes().starts_with(&tag.field()));

    let mut changed = wire.clone();
    let at = change % (8 * changed.len());
    changed[at / 8] ^= 1 << (at % 8);
    if let Ok(changed) = decode(&profile, &changed, Mode::Strict) {
        // Hexadecimal text means the same in small letters; its case is not of the code.
        let same_code =
            changed.bytes(field) == sealed.bytes(field) && changed.wire(field) != sealed.wire(field);
        match mac.verify(&changed, field) {
            Ok(()) => assert!(same_code, "a bit was changed and the code still fits"),
            Err(error) => assert_eq!((error.kind, error.field), (ErrorKind::MacMismatch, Some(field))),
        }
    }
    came_right
}

/// Every algorithm, with the key of the published vectors or its like. A key of another length is refused.
fn algorithm(choice: u8) -> Mac {
    let key = |len: usize| {
        MacKey::new((0..len as u8).map(|byte| byte.wrapping_mul(0x23).wrapping_add(1)).collect())
    };
    let odd = key(usize::from(choice >> 3));
    assert_eq!(Mac::retail(&odd, Padding::Zeros).is_ok(), choice >> 3 == 16);
    assert_eq!(Mac::aes_cmac(&odd).is_ok(), matches!(choice >> 3, 16 | 24));
    match choice & 7 {
        0 | 5 => Mac::retail(&vectors_key("0123456789ABCDEFFEDCBA9876543210"), Padding::Zeros),
        1 => Mac::retail(&vectors_key("0123456789ABCDEFFEDCBA9876543210"), Padding::OneThenZeros),
        2 | 6 => Mac::aes_cmac(&vectors_key("2B7E151628AED2A6ABF7158809CF4F3C")),
        3 => Mac::aes_cmac(&key(24)),
        _ => Mac::aes_cmac(&key(32)),
    }
    .expect("a key of the right length")
}

fn vectors_key(hex: &str) -> MacKey {
    MacKey::from_hex(hex).expect("a literal")
}
