//! The small encodings under a field: packed digits, EBCDIC, hexadecimal text.

use codecs::bcd::{OddPad, first_nibble, nibble, pack, packed_len};
use codecs::{ebcdic, hex};

use super::input::Input;

/// Packs and unpacks digits, changes code pages and reads hexadecimal text. True when the rest is hexadecimal text.
pub fn packed(bytes: &[u8]) -> bool {
    let mut input = Input(bytes);
    let pad = input.one_of(&[OddPad::LeftZero, OddPad::RightF]);
    let digits: Vec<u8> = input.0.iter().map(|byte| byte % 10).collect();
    let mut room = vec![0xAA; packed_len(digits.len())];
    pack(digits.iter().copied(), pad, &mut room);
    let first = first_nibble(digits.len(), pad);
    let read: Vec<u8> = (first..first + digits.len()).filter_map(|at| nibble(&room, at)).collect();
    assert_eq!(read, digits, "digits are not unpacked as they were packed");
    assert_eq!(nibble(&room, 2 * room.len()), None);
    if !digits.len().is_multiple_of(2) {
        let spare = if pad == OddPad::LeftZero { nibble(&room, 0) } else { nibble(&room, digits.len()) };
        assert_eq!(spare, Some(if pad == OddPad::LeftZero { 0 } else { 0xF }));
    }

    for byte in input.0 {
        // Either the two tables undo each other, or the byte is not of the common set.
        let (ascii, code) = (ebcdic::to_ascii(*byte), ebcdic::from_ascii(*byte));
        assert!(ebcdic::from_ascii(ascii) == *byte || !(0x20..0x7F).contains(&ascii));
        assert!(ebcdic::to_ascii(code) == *byte || !(0x20..0x7F).contains(&ebcdic::to_ascii(code)));
    }

    assert_eq!(hex::decode(hex::encode(input.0).as_bytes()).as_deref(), Some(input.0));
    match hex::decode(input.0) {
        Some(decoded) => {
            assert_eq!(hex::encode(&decoded).as_bytes(), input.0.to_ascii_uppercase());
            true
        }
        None => {
            assert!(input.0.len() % 2 == 1 || input.0.iter().any(|c| !c.is_ascii_hexdigit()));
            false
        }
    }
}
