//! The data elements of an IPM message: ISO 8583:1993 as Mastercard's clearing system carries it.

/// How an element's length is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Length {
    /// So many characters.
    Fixed(usize),
    /// Two digits, at most so many characters.
    Two(usize),
    /// Three digits, at most so many characters.
    Three(usize),
}

/// What an element holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    /// The card number.
    Pan,
    /// Digits, told as text: leading zeros mean something.
    Digits,
    /// A number.
    Number,
    /// `YYMMDDhhmmss`, local time at the terminal.
    Moment,
    /// Printable characters.
    Text,
    /// Free text in which a card number may stand.
    FreeText,
    /// Private data subelements: four digits of tag, three of length, a value.
    Private,
    /// Chip data, bytes in any encoding of the file.
    Chip,
}

/// The element of a bit of the bitmap; `None` when IPM has none there.
pub(super) const fn of(bit: u8) -> Option<(Length, Holds)> {
    use Holds::{Chip, Digits, FreeText, Moment, Number, Pan, Private, Text};
    use Length::{Fixed, Three, Two};
    Some(match bit {
        2 => (Two(19), Pan),
        3 | 38 => (Fixed(6), if bit == 3 { Digits } else { Text }),
        4..=6 => (Fixed(12), Number),
        9 | 10 => (Fixed(8), Number),
        12 => (Fixed(12), Moment),
        14 | 25 => (Fixed(4), Digits),
        22 => (Fixed(12), Text),
        23 | 24 | 49..=51 => (Fixed(3), Digits),
        26 => (Fixed(4), Number),
        30 => (Fixed(24), Digits),
        31 => (Two(23), Text),
        32 | 33 | 93 | 94 | 100 => (Two(11), Digits),
        37 => (Fixed(12), Text),
        40 => (Fixed(3), Text),
        41 => (Fixed(8), Text),
        42 => (Fixed(15), Text),
        43 => (Two(99), Text),
        48 | 62 | 123 | 124 | 125 => (Three(999), Private),
        54 => (Three(120), Text),
        55 => (Three(255), Chip),
        63 => (Three(16), Text),
        71 => (Fixed(8), Number),
        72 | 105 | 127 => (Three(999), FreeText),
        73 => (Fixed(6), Digits),
        95 => (Two(10), Text),
        111 => (Three(12), Digits),
        _ => return None,
    })
}
