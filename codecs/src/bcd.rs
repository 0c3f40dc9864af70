//! Packed decimal digits: two digits a byte, high nibble first.
//!
//! An odd count leaves one nibble over; [`OddPad`] says on which side and with what it is filled.

use serde::Deserialize;

/// Where the spare nibble of an odd count of digits stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OddPad {
    /// A zero nibble before the first digit.
    #[default]
    LeftZero,
    /// A nibble F after the last digit; used for variable fields only, fixed ones stay left padded.
    RightF,
}

/// Bytes needed for so many digits.
#[must_use]
pub const fn packed_len(digits: usize) -> usize {
    digits.div_ceil(2)
}

/// The nibble at `index` (0 is the high nibble of the first byte), or `None` past the end.
#[must_use]
pub fn nibble(packed: &[u8], index: usize) -> Option<u8> {
    let byte = *packed.get(index / 2)?;
    Some(if index.is_multiple_of(2) { byte >> 4 } else { byte & 0x0F })
}

/// Index of the first digit's nibble when `digits` digits stand in `packed_len(digits)` bytes.
#[must_use]
pub const fn first_nibble(digits: usize, pad: OddPad) -> usize {
    match pad {
        OddPad::LeftZero => digits % 2,
        OddPad::RightF => 0,
    }
}

/// Packs `nibbles` into `room`, which has `packed_len` bytes, padded as `pad` says when their count is odd.
pub fn pack(nibbles: impl ExactSizeIterator<Item = u8>, pad: OddPad, room: &mut [u8]) {
    let odd = !nibbles.len().is_multiple_of(2);
    let (before, after) = match pad {
        OddPad::LeftZero => (odd.then_some(0), None),
        OddPad::RightF => (None, odd.then_some(0xF)),
    };
    let mut nibbles = before.into_iter().chain(nibbles).chain(after);
    for byte in room {
        *byte = nibbles.next().unwrap_or(0) << 4 | nibbles.next().unwrap_or(0);
    }
}

/// Packs ASCII digits into `room`, which has `packed_len` bytes. Of another character the low nibble is taken.
pub fn pack_text(digits: &[u8], pad: OddPad, room: &mut [u8]) {
    let (mut even, mut room) = (digits, room);
    if !digits.len().is_multiple_of(2) {
        match (pad, digits, room) {
            (OddPad::LeftZero, [digit, rest @ ..], [byte, room_left @ ..]) => {
                *byte = digit & 0x0F;
                (even, room) = (rest, room_left);
            }
            (OddPad::RightF, [rest @ .., digit], [room_left @ .., byte]) => {
                *byte = digit << 4 | 0x0F;
                (even, room) = (rest, room_left);
            }
            _ => return,
        }
    }
    let (eights, rest) = even.as_chunks::<8>();
    let (fours, room_left) = room.split_at_mut((4 * eights.len()).min(room.len()));
    for (packed, eight) in fours.as_chunks_mut::<4>().0.iter_mut().zip(eights) {
        *packed = pack_eight(*eight);
    }
    for (byte, [high, low]) in room_left.iter_mut().zip(rest.as_chunks::<2>().0) {
        *byte = high << 4 | low & 0x0F;
    }
}

/// Eight digits in four bytes: neighbours are joined, then the gaps between them closed.
const fn pack_eight(digits: [u8; 8]) -> [u8; 4] {
    let nibbles = u64::from_le_bytes(digits) & 0x0F0F_0F0F_0F0F_0F0F;
    let joined = (nibbles << 4 | nibbles >> 8) & 0x00FF_00FF_00FF_00FF;
    let closed = (joined | joined >> 8) & 0x0000_FFFF_0000_FFFF;
    ((closed | closed >> 16) as u32).to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_counts_are_padded_on_the_agreed_side() {
        #[rustfmt::skip]
        let table: [(&str, OddPad, &[u8]); 7] = [
            ("", OddPad::LeftZero, &[]),
            ("12", OddPad::LeftZero, &[0x12]),
            ("123", OddPad::LeftZero, &[0x01, 0x23]),
            ("123", OddPad::RightF, &[0x12, 0x3F]),
            ("1234", OddPad::RightF, &[0x12, 0x34]),
            ("12345678901", OddPad::LeftZero, &[0x01, 0x23, 0x45, 0x67, 0x89, 0x01]),
            ("12345678901", OddPad::RightF, &[0x12, 0x34, 0x56, 0x78, 0x90, 0x1F]),
        ];
        for (digits, pad, expected) in table {
            let mut out = vec![0; packed_len(digits.len())];
            pack(digits.bytes().map(|digit| digit - b'0'), pad, &mut out);
            assert_eq!(out, expected, "{digits} {pad:?}");
            out.fill(0);
            pack_text(digits.as_bytes(), pad, &mut out);
            assert_eq!(out, expected, "{digits} {pad:?} as text");
            let first = first_nibble(digits.len(), pad);
            let read: String = (first..first + digits.len())
                .filter_map(|index| nibble(&out, index))
                .map(|value| char::from(b'0' + value))
                .collect();
            assert_eq!(read, digits);
        }
    }
}
