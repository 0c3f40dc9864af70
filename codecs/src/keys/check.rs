//! Key check values: what two sides compare to know that they hold the same key, without showing it.

use std::fmt;

use crate::hex;

/// How a check value is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CheckMethod {
    /// A block of zeros is encrypted; the first three bytes (ANSI X9.24-1, the usual one of DES keys).
    EncryptZeros,
    /// AES-CMAC of a block of zeros; the first five bytes (ANSI X9.24-1:2017 annex A). AES keys only.
    Cmac,
}

/// A key check value, three or five bytes. It says little about the key and may be printed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct CheckValue {
    bytes: [u8; 5],
    len: u8,
}

impl CheckMethod {
    /// How many bytes it gives.
    #[must_use]
    pub const fn bytes(self) -> usize {
        match self {
            CheckMethod::EncryptZeros => 3,
            CheckMethod::Cmac => 5,
        }
    }
}

impl CheckValue {
    /// The fewest digits a comparison accepts, so that it means something.
    pub const DIGITS_MIN: usize = 4;

    /// Cuts the check value out of the block the method gave: the encrypted zeros, or the CMAC. `None` when the block
    /// is shorter than the value.
    #[must_use]
    pub fn of_block(method: CheckMethod, block: &[u8]) -> Option<Self> {
        let mut bytes = [0; 5];
        let len = method.bytes();
        for (to, from) in bytes.iter_mut().zip(block.get(..len)?) {
            *to = *from;
        }
        Some(CheckValue { bytes, len: len as u8 })
    }

    /// The value.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }

    /// The first `count` hexadecimal digits, all of them when there are no more.
    #[must_use]
    pub fn digits(&self, count: usize) -> String {
        let mut text = hex::encode(self.as_bytes());
        text.truncate(count);
        text
    }

    /// Whether `digits`, as a peer sent them, are the first of this value. Hosts send four or six; fewer than four, or
    /// more than there are, never agree.
    #[must_use]
    pub fn agrees_with(&self, digits: &str) -> bool {
        digits.len() >= Self::DIGITS_MIN && self.to_string().starts_with(&digits.to_ascii_uppercase())
    }
}

impl fmt::Display for CheckValue {
    /// Capital hexadecimal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.as_bytes()))
    }
}

impl fmt::Debug for CheckValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CheckValue({self})")
    }
}
