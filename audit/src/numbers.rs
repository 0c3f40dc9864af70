//! The two forms in which others know our numbers: the retrieval reference of a card message and the
//! public number of a payment. Written from their description, not from the switch's code.

use aes::Aes128;
use aes::cipher::{Array, BlockCipherEncrypt, KeyInit};

const BASE_36: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const CROCKFORD: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const CHECK: &[u8; 37] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ*~$=U";

/// Field 37 of an attempt: its number in base 36, twelve places.
pub(crate) fn rrn(attempt: i64) -> String {
    let (mut rest, mut text) = (attempt.unsigned_abs(), [b'0'; 12]);
    for place in text.iter_mut().rev() {
        *place = BASE_36[(rest % 36) as usize];
        rest /= 36;
    }
    text.iter().map(|byte| char::from(*byte)).collect()
}

/// The permutation between our numbers and public ones: eight Feistel rounds over halves of 32 bits,
/// the round function the first four bytes of AES-128 over the round number and the right half.
#[derive(Clone)]
pub(crate) struct PublicNumbers(Aes128);

impl PublicNumbers {
    pub(crate) fn new(key: [u8; 16]) -> Self {
        Self(Aes128::new(&Array::from(key)))
    }

    fn mask(&self, round: u8, half: u32) -> u32 {
        let mut block = Array::from([0_u8; 16]);
        block[0] = round;
        block[1..5].copy_from_slice(&half.to_be_bytes());
        self.0.encrypt_block(&mut block);
        u32::from_be_bytes([block[0], block[1], block[2], block[3]])
    }

    /// The public form of a number.
    pub(crate) fn show(&self, prefix: &str, id: i64) -> String {
        let bits = id.cast_unsigned();
        let (mut left, mut right) = ((bits >> 32) as u32, bits as u32);
        for round in 0..8 {
            (left, right) = (right, left ^ self.mask(round, right));
        }
        let hidden = u64::from(right) << 32 | u64::from(left);
        let digits = (0..13).rev().map(|place| CROCKFORD[(hidden >> (5 * place) & 31) as usize]);
        let check = CHECK[(hidden % 37) as usize];
        let text: String = digits.chain([check]).map(char::from).collect();
        format!("{prefix}_{text}")
    }

    /// The number behind a public form; `None` when it is none of ours.
    pub(crate) fn read(&self, prefix: &str, text: &str) -> Option<i64> {
        let body = text.strip_prefix(prefix)?.strip_prefix('_')?;
        let (digits, check) = body.split_at_checked(13)?;
        let hidden = digits.bytes().try_fold(0_u64, |hidden, byte| {
            let value = CROCKFORD.iter().position(|c| *c == byte)?;
            (hidden >> 59 == 0).then_some(hidden << 5 | value as u64)
        })?;
        if !check.bytes().eq([CHECK[(hidden % 37) as usize]]) {
            return None;
        }
        let (mut right, mut left) = ((hidden >> 32) as u32, hidden as u32);
        for round in (0..8).rev() {
            (left, right) = (right ^ self.mask(round, left), left);
        }
        i64::try_from(u64::from(left) << 32 | u64::from(right)).ok()
    }
}

#[cfg(test)]
mod tests {
    use switch_core::id::{AttemptId, PublicIds, Rrn};

    use super::*;

    /// Two readings of one description agree, or one of them is wrong.
    #[test]
    fn numbers_read_as_the_switch_writes_them() {
        let (ours, theirs) = (PublicNumbers::new([7; 16]), PublicIds::new([7; 16]));
        for id in [0, 1, 35, 36, 1 << 41, 4_611_686_018_427_387_904, i64::MAX] {
            assert_eq!(rrn(id), Rrn::of(AttemptId(id)).as_str());
            let public = theirs.show("pay", id);
            assert_eq!(ours.show("pay", id), public);
            assert_eq!(ours.read("pay", &public), Some(id), "{public}");
            assert_eq!(ours.read("bil", &public), None);
        }
        assert_eq!(ours.read("pay", "pay_00000000000000"), None, "no number has this form");
        assert_eq!(ours.read("pay", "pay_0"), None);
    }
}
