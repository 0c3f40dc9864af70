//! Which fields a message carries: one bit a field, field 1 in the highest bit.

/// A set of field numbers 1 to 128. Bit 1 stands for the secondary bitmap, not for data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Bitmap(u128);

impl Bitmap {
    /// The bits as transmitted, primary bitmap in the upper half.
    #[must_use]
    pub const fn from_bits(bits: u128) -> Self {
        Bitmap(bits)
    }

    /// The bits as transmitted, primary bitmap in the upper half.
    #[must_use]
    pub const fn bits(self) -> u128 {
        self.0
    }

    /// True when the bit of field `n` is set; numbers outside 1 to 128 never are.
    #[must_use]
    pub const fn has(self, n: u8) -> bool {
        self.0 & bit(n) != 0
    }

    /// Sets the bit of field `n`; numbers outside 1 to 128 are ignored.
    pub const fn insert(&mut self, n: u8) {
        self.0 |= bit(n);
    }

    /// Clears the bit of field `n`.
    pub const fn remove(&mut self, n: u8) {
        self.0 &= !bit(n);
    }

    /// True when a field above 64 is present, so that a secondary bitmap must be sent.
    #[must_use]
    pub const fn needs_secondary(self) -> bool {
        self.0 as u64 != 0
    }

    /// The numbers of the set bits, ascending.
    #[must_use]
    pub const fn numbers(self) -> FieldNumbers {
        FieldNumbers { word: ((self.0 >> 64) as u64).reverse_bits(), second: self.0 as u64, first: 1 }
    }
}

/// The bit of field `n`, 0 when there is no such field.
pub(super) const fn bit(n: u8) -> u128 {
    if n == 0 || n > 128 { 0 } else { 1 << (128 - n) }
}

/// Iterator of [`Bitmap::numbers`]. The word read is turned round, lowest field in the lowest bit, because taking the
/// lowest bit off is the cheapest step there is.
#[derive(Clone, Debug)]
pub struct FieldNumbers {
    word: u64,
    /// The secondary bitmap as transmitted, until its turn comes.
    second: u64,
    first: u8,
}

impl Iterator for FieldNumbers {
    type Item = u8;

    #[inline]
    fn next(&mut self) -> Option<u8> {
        if self.word == 0 {
            if self.second == 0 {
                return None;
            }
            *self = FieldNumbers { word: self.second.reverse_bits(), second: 0, first: 65 };
        }
        let number = self.first + self.word.trailing_zeros() as u8;
        self.word &= self.word - 1;
        Some(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back_in_order() {
        let mut bitmap = Bitmap::default();
        for n in [128, 2, 64, 65, 1, 0, 200] {
            bitmap.insert(n);
        }
        assert_eq!(bitmap.numbers().collect::<Vec<_>>(), [1, 2, 64, 65, 128]);
        assert!(bitmap.needs_secondary() && bitmap.has(128) && !bitmap.has(0) && !bitmap.has(200));
        bitmap.remove(65);
        bitmap.remove(128);
        assert!(!bitmap.needs_secondary());
        assert_eq!(bitmap.bits() >> 64, 0xC000_0000_0000_0001);
    }
}
