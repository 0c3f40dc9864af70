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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_counts_are_padded_on_the_agreed_side() {
        #[rustfmt::skip]
        let table: [(&str, OddPad, &[u8]); 5] = [
            ("", OddPad::LeftZero, &[]),
            ("12", OddPad::LeftZero, &[0x12]),
            ("123", OddPad::LeftZero, &[0x01, 0x23]),
            ("123", OddPad::RightF, &[0x12, 0x3F]),
            ("1234", OddPad::RightF, &[0x12, 0x34]),
        ];
        for (digits, pad, expected) in table {
            let mut out = vec![0; packed_len(digits.len())];
            pack(digits.bytes().map(|digit| digit - b'0'), pad, &mut out);
            assert_eq!(out, expected, "{digits} {pad:?}");
            let first = first_nibble(digits.len(), pad);
            let read: String = (first..first + digits.len())
                .filter_map(|index| nibble(&out, index))
                .map(|value| char::from(b'0' + value))
                .collect();
            assert_eq!(read, digits);
        }
    }
}
