//! Identifiers: 63-bit integers that sort by time, shown outside only under a
//! keyed permutation, so that they tell neither order nor volume.

use std::fmt;

use aes::Aes128;
use aes::cipher::{Array, BlockCipherEncrypt, KeyInit};

use crate::clock::Timestamp;

/// 2025-01-01T00:00:00Z, the zero of the time part.
const EPOCH_MS: i64 = 1_735_689_600_000;
const NODE_BITS: u32 = 6;
const SEQUENCE_BITS: u32 = 16;

/// Number of nodes that can issue identifiers on one database.
pub const NODES_MAX: u8 = 1 << NODE_BITS;

/// Makes identifiers for one node: 41 bits of milliseconds, 6 of node, 16 of
/// sequence. Never repeats, also when the clock steps back.
#[derive(Debug)]
pub struct IdSequence {
    node: i64,
    last_ms: i64,
    sequence: i64,
}

impl IdSequence {
    /// The sequence of a node numbered below [`NODES_MAX`].
    ///
    /// `issued_max` is the largest identifier in the database: the sequence
    /// starts after it, also when the clock was set back while it was down.
    #[must_use]
    pub fn new(node: u8, issued_max: i64) -> Self {
        Self {
            node: i64::from(node % NODES_MAX),
            last_ms: issued_max >> (NODE_BITS + SEQUENCE_BITS),
            sequence: (1 << SEQUENCE_BITS) - 1,
        }
    }

    /// The next identifier at the time `now`.
    pub fn next(&mut self, now: Timestamp) -> i64 {
        let ms = now.ms_since(Timestamp(EPOCH_MS)).max(0);
        if ms > self.last_ms {
            (self.last_ms, self.sequence) = (ms, 0);
        } else if self.sequence + 1 < 1 << SEQUENCE_BITS {
            self.sequence += 1;
        } else {
            (self.last_ms, self.sequence) = (self.last_ms + 1, 0);
        }
        (self.last_ms << (NODE_BITS + SEQUENCE_BITS)) | (self.node << SEQUENCE_BITS) | self.sequence
    }
}

/// The smallest identifier any node can issue at `at`: a bound for time ranges.
#[must_use]
pub fn first_id_at(at: Timestamp) -> i64 {
    at.ms_since(Timestamp(EPOCH_MS)).max(0) << (NODE_BITS + SEQUENCE_BITS)
}

macro_rules! id_types {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub i64);
    )*};
}

id_types! {
    /// A bill.
    BillId
    /// A payment.
    PaymentId
    /// One try of a payment on one network. The first try has the payment's number.
    AttemptId
    /// A client of the API, or an agent of a cash network.
    ClientId
    /// A card token of the vault.
    CardId
    /// An account of the ledger.
    AccountId
    /// An event in the outbox.
    EventId
}

/// The retrieval reference number of an attempt (ISO 8583 field 37, an12): its
/// identifier in base 36. Unique without a counter, and a late answer finds its
/// attempt without an index.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rrn([u8; 12]);

impl Rrn {
    /// The reference of an attempt.
    #[must_use]
    pub fn of(attempt: AttemptId) -> Self {
        let mut rest = attempt.0.unsigned_abs();
        let mut text = [b'0'; 12];
        for place in text.iter_mut().rev() {
            *place = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[(rest % 36) as usize];
            rest /= 36;
        }
        Self(text)
    }

    /// The attempt of a reference; `None` when it is not one of ours.
    #[must_use]
    pub fn attempt(text: &str) -> Option<AttemptId> {
        let ours = text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase());
        let value = u64::from_str_radix(text, 36).ok().filter(|_| ours)?;
        i64::try_from(value).ok().map(AttemptId)
    }

    /// The twelve characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Debug for Rrn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

const CROCKFORD: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Check symbols of Crockford's base 32: value modulo 37.
const CHECK: &[u8; 37] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ*~$=U";
const DIGITS: usize = 13;

/// The keyed permutation between internal numbers and what people see:
/// `bil_` or `pay_` and 13 characters of Crockford base 32 plus a check symbol.
#[derive(Clone)]
pub struct PublicIds {
    cipher: Aes128,
}

/// Why a text is not a public identifier of the expected kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PublicIdError {
    /// Another prefix, length or alphabet.
    #[error("is not an identifier of this kind")]
    Form,
    /// A mistyped character: the check symbol does not fit.
    #[error("is mistyped: its check character does not fit")]
    Check,
}

impl PublicIds {
    /// The permutation of a secret key.
    #[must_use]
    pub fn new(key: [u8; 16]) -> Self {
        Self { cipher: Aes128::new(&Array::from(key)) }
    }

    /// The public form of an internal number with a prefix such as `pay`.
    #[must_use]
    pub fn show(&self, prefix: &str, id: i64) -> String {
        let hidden = self.permute(id as u64, 0..8);
        let mut text = String::with_capacity(prefix.len() + 2 + DIGITS);
        text.push_str(prefix);
        text.push('_');
        for place in (0..DIGITS).rev() {
            text.push(CROCKFORD[(hidden >> (5 * place)) as usize & 31] as char);
        }
        text.push(CHECK[(hidden % 37) as usize] as char);
        text
    }

    /// The internal number of a public form. Letters may be small; `I`, `L` and
    /// `O` are read as the digits they resemble.
    ///
    /// # Errors
    /// [`PublicIdError`] tells a foreign text from a mistyped one.
    pub fn read(&self, prefix: &str, text: &str) -> Result<i64, PublicIdError> {
        let body = text
            .strip_prefix(prefix)
            .and_then(|rest| rest.strip_prefix('_'))
            .filter(|body| body.len() == DIGITS + 1 && body.is_ascii())
            .ok_or(PublicIdError::Form)?
            .to_ascii_uppercase();
        let (digits, check) = body.split_at(DIGITS);
        let mut hidden: u64 = 0;
        for b in digits.bytes() {
            let b = match b {
                b'I' | b'L' => b'1',
                b'O' => b'0',
                other => other,
            };
            let value = CROCKFORD.iter().position(|c| *c == b).ok_or(PublicIdError::Form)?;
            if hidden >> 59 != 0 {
                return Err(PublicIdError::Form);
            }
            hidden = hidden << 5 | value as u64;
        }
        if !check.bytes().eq([CHECK[(hidden % 37) as usize]]) {
            return Err(PublicIdError::Check);
        }
        i64::try_from(self.permute(hidden, (0..8).rev())).map_err(|_| PublicIdError::Check)
    }

    /// Eight Feistel rounds over two 32-bit halves, AES-128 as round function.
    /// Walking the rounds backwards, with halves swapped, undoes it.
    fn permute(&self, value: u64, rounds: impl Iterator<Item = u8>) -> u64 {
        let (mut left, mut right) = ((value >> 32) as u32, value as u32);
        for round in rounds {
            let mut block = Array::from([0u8; 16]);
            block[0] = round;
            block[1..5].copy_from_slice(&right.to_be_bytes());
            self.cipher.encrypt_block(&mut block);
            let mask = u32::from_be_bytes([block[0], block[1], block[2], block[3]]);
            (left, right) = (right, left ^ mask);
        }
        u64::from(right) << 32 | u64::from(left)
    }
}

impl fmt::Debug for PublicIds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PublicIds(****)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_rise_and_never_repeat_even_when_the_clock_steps_back() {
        let mut ids = IdSequence::new(3, 0);
        let now = Timestamp(EPOCH_MS + 1_000_000);
        let mut last = ids.next(now);
        for step in 0..200_000i64 {
            let next = ids.next(now.plus_ms(-(step % 7)));
            assert!(next > last, "{next} after {last}");
            last = next;
        }
        let mut restarted = IdSequence::new(3, last);
        assert!(restarted.next(now.plus_ms(-86_400_000)) > last);
    }

    #[test]
    fn public_forms_read_back_and_betray_nothing() {
        let ids = PublicIds::new([7; 16]);
        for id in [0, 1, 2, 1 << 40, i64::MAX, 4_611_686_018_427_387_904] {
            let text = ids.show("pay", id);
            assert_eq!(ids.read("pay", &text), Ok(id), "{text}");
            assert_eq!(ids.read("pay", &text.to_ascii_lowercase().replace("PAY_", "pay_")), Ok(id));
            assert_eq!(ids.read("bil", &text), Err(PublicIdError::Form));
        }
        let (a, b) = (ids.show("pay", 1), ids.show("pay", 2));
        let same = a.bytes().zip(b.bytes()).filter(|(x, y)| x == y).count();
        assert!(same < 10, "{a} and {b} are too much alike");
    }

    #[test]
    fn one_mistyped_character_is_found() {
        let ids = PublicIds::new([9; 16]);
        let text = ids.show("bil", 123_456_789);
        for place in 4..4 + DIGITS {
            let mut typed = text.clone().into_bytes();
            typed[place] = if typed[place] == b'7' { b'8' } else { b'7' };
            let typed = String::from_utf8(typed).expect("ascii");
            assert!(ids.read("bil", &typed).is_err(), "{typed}");
        }
    }

    #[test]
    fn a_reference_number_finds_its_attempt() {
        for id in [1, 35, 36, 1 << 41, (1 << 62) - 1] {
            assert_eq!(Rrn::attempt(Rrn::of(AttemptId(id)).as_str()), Some(AttemptId(id)));
        }
        for foreign in ["", "63261200001", "63261200001x", "6326120000100", "-00000000001"] {
            assert_eq!(Rrn::attempt(foreign), None, "{foreign}");
        }
    }
}
