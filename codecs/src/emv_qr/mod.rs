//! QR codes of merchants by EMVCo (Merchant-Presented Mode 1.1): what a citizen scans at a counter.
//!
//! A payload is text of data objects: two digits of id, two digits of length *in characters*, the value; some values
//! are templates of further objects; the last object, 63, is a checksum over the UTF-8 bytes of everything before its
//! value. [`objects`] reads any of it, [`MerchantQr`] what the objects mean. Drawing and reading the picture are a
//! library's work, not ours.

mod merchant;

use std::fmt;

pub use merchant::{Account, Field, Initiation, Language, MerchantQr, Tip};

/// The longest payload that may be built, in characters (section 4.2).
pub const LEN_MAX: usize = 512;

/// One data object of a payload or of a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Object<'a> {
    /// 0 to 99.
    pub id: u8,
    /// 1 to 99 characters.
    pub value: &'a str,
}

/// Where in a payload something is wrong: `54`, or `62.05` within a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Path {
    id: Option<u8>,
    within: Option<u8>,
}

/// A payload that cannot be read or built. Names the object, never its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {problem}")]
pub struct QrError {
    /// The object.
    pub path: Path,
    /// What is wrong with it.
    pub problem: QrProblem,
}

/// What is wrong with an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QrProblem {
    /// The text ends inside it.
    #[error("the object runs past the end")]
    Truncated,
    /// Its id or length is not two digits.
    #[error("an id or a length is not two digits")]
    NotNumeric,
    /// A length of 00, or an empty value to be written.
    #[error("the object is empty")]
    Empty,
    /// It is there twice.
    #[error("the object is there twice")]
    Duplicate,
    /// The standard wants it.
    #[error("the object is missing")]
    Missing,
    /// 00 is not the first, or 63 not the last.
    #[error("the object is not in its place")]
    Misplaced,
    /// A payload format other than 01.
    #[error("the payload is of another version")]
    Version,
    /// The checksum is another: a character was changed.
    #[error("the checksum does not match")]
    WrongChecksum,
    /// Longer or shorter than the standard allows.
    #[error("the value is too long or too short")]
    Length,
    /// Other characters than the object has.
    #[error("the value has a character that does not belong there")]
    Character,
    /// A code that is none: of a currency, a country, an initiation, a tip.
    #[error("the value is not a code of its list")]
    Code,
    /// No amount of the currency: not a number, zero, or with too many decimals.
    #[error("the value is no amount of the currency")]
    Amount,
}

impl Path {
    /// The payload as a whole.
    pub const PAYLOAD: Path = Path { id: None, within: None };

    const fn of(id: u8) -> Self {
        Path { id: Some(id), within: None }
    }

    const fn within(template: u8, id: u8) -> Self {
        Path { id: Some(template), within: Some(id) }
    }

    const fn wrong(self, problem: QrProblem) -> QrError {
        QrError { path: self, problem }
    }
}

/// Reads the objects of a payload or of a template, one after the other. After one error it ends.
#[must_use]
pub const fn objects(text: &str) -> Objects<'_> {
    Objects { rest: text }
}

/// Iterator of [`objects`].
#[derive(Clone, Debug)]
pub struct Objects<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Objects<'a> {
    type Item = Result<Object<'a>, QrError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let object = self.read();
        if object.is_err() {
            self.rest = "";
        }
        Some(object)
    }
}

impl<'a> Objects<'a> {
    fn read(&mut self) -> Result<Object<'a>, QrError> {
        let id = self.take(2).map_err(|problem| Path::PAYLOAD.wrong(problem))?;
        let id = number(id).ok_or(Path::PAYLOAD.wrong(QrProblem::NotNumeric))?;
        let wrong = |problem| Path::of(id).wrong(problem);
        let len = self.take(2).map_err(wrong)?;
        let value = match number(len).ok_or(wrong(QrProblem::NotNumeric))? {
            0 => return Err(wrong(QrProblem::Empty)),
            len => self.take(len.into()).map_err(wrong)?,
        };
        Ok(Object { id, value })
    }

    /// The next `count` characters.
    fn take(&mut self, count: usize) -> Result<&'a str, QrProblem> {
        let last = self.rest.char_indices().nth(count - 1).ok_or(QrProblem::Truncated)?;
        let (piece, rest) = self.rest.split_at(last.0 + last.1.len_utf8());
        self.rest = rest;
        Ok(piece)
    }
}

/// The value of two ASCII digits.
fn number(text: &str) -> Option<u8> {
    match text.as_bytes() {
        [a @ b'0'..=b'9', b @ b'0'..=b'9'] => Some(10 * (a - b'0') + b - b'0'),
        _ => None,
    }
}

/// Reads a payload: its objects in their order, 63 aside, none of them twice, the checksum right.
///
/// # Errors
/// The first of these that does not hold, and `Version`, `Misplaced`, `Missing` for objects 00 and 63.
pub fn parse(text: &str) -> Result<Vec<Object<'_>>, QrError> {
    let mut read = unique(objects(text), Path::PAYLOAD)?;
    let place = |id| read.iter().position(|object: &Object<'_>| object.id == id);
    let last = read.len().checked_sub(1).ok_or(Path::of(0).wrong(QrProblem::Missing))?;
    for (id, expected) in [(0, 0), (63, last)] {
        match place(id) {
            None => return Err(Path::of(id).wrong(QrProblem::Missing)),
            Some(at) if at != expected => return Err(Path::of(id).wrong(QrProblem::Misplaced)),
            Some(_) => {}
        }
    }
    let checksum = read.pop().map(|object| object.value).unwrap_or_default();
    let covered = text.get(..text.len() - checksum.len()).unwrap_or_default();
    if !checksum.eq_ignore_ascii_case(&format!("{:04X}", crc(covered.as_bytes()))) {
        return Err(Path::of(63).wrong(QrProblem::WrongChecksum));
    }
    match read.first() {
        Some(Object { value: "01", .. }) => Ok(read),
        _ => Err(Path::of(0).wrong(QrProblem::Version)),
    }
}

/// Writes `objects` in their order, and the checksum behind them. Template values are those of [`template`].
///
/// # Errors
/// `Empty`, `Length` (99 characters each, [`LEN_MAX`] together), `Duplicate`, and `Version`, `Misplaced`, `Missing` for
/// object 00; `Misplaced` when 63 is given.
pub fn build(objects: &[Object<'_>]) -> Result<String, QrError> {
    match objects.first() {
        Some(Object { id: 0, value: "01" }) => {}
        Some(Object { id: 0, .. }) => return Err(Path::of(0).wrong(QrProblem::Version)),
        _ => return Err(Path::of(0).wrong(QrProblem::Misplaced)),
    }
    if objects.iter().any(|object| object.id == 63) {
        return Err(Path::of(63).wrong(QrProblem::Misplaced));
    }
    let mut text = template(objects)?;
    text.push_str("6304");
    let checksum = crc(text.as_bytes());
    text.push_str(&format!("{checksum:04X}"));
    if text.chars().count() > LEN_MAX { Err(Path::PAYLOAD.wrong(QrProblem::Length)) } else { Ok(text) }
}

/// Writes `objects` one after the other, as the value of a template.
///
/// # Errors
/// `Empty`, `Length`, `Duplicate`, `NotNumeric` for an id above 99.
pub fn template(objects: &[Object<'_>]) -> Result<String, QrError> {
    let objects = unique(objects.iter().map(|object| Ok(*object)), Path::PAYLOAD)?;
    let mut text = String::new();
    for Object { id, value } in objects {
        let problem = match value.chars().count() {
            _ if id > 99 => QrProblem::NotNumeric,
            0 => QrProblem::Empty,
            len @ 1..=99 => {
                text.push_str(&format!("{id:02}{len:02}{value}"));
                continue;
            }
            _ => QrProblem::Length,
        };
        return Err(Path::of(id).wrong(problem));
    }
    Ok(text)
}

/// Collects objects none of which may be there twice; errors get the path of the template they are in.
fn unique<'a>(
    objects: impl Iterator<Item = Result<Object<'a>, QrError>>,
    around: Path,
) -> Result<Vec<Object<'a>>, QrError> {
    let within = |error: QrError| match (around.id, error.path.id) {
        (Some(template), Some(id)) => Path::within(template, id).wrong(error.problem),
        (Some(template), None) => Path::of(template).wrong(error.problem),
        (None, _) => error,
    };
    let (mut read, mut seen) = (Vec::new(), 0_u128);
    for object in objects {
        let object = object.map_err(within)?;
        let bit = 1 << (object.id & 127);
        if seen & bit != 0 {
            return Err(within(Path::of(object.id).wrong(QrProblem::Duplicate)));
        }
        seen |= bit;
        read.push(object);
    }
    Ok(read)
}

/// CRC-16/CCITT-FALSE: polynomial 1021, initial value FFFF, nothing reflected (ISO/IEC 13239 as section 4.7.3 has it).
fn crc(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xFFFF, |crc, byte| {
        (0..8).fold(
            crc ^ u16::from(*byte) << 8,
            |crc, _| {
                if crc & 0x8000 == 0 { crc << 1 } else { crc << 1 ^ 0x1021 }
            },
        )
    })
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.id, self.within) {
            (None, _) => f.write_str("payload"),
            (Some(id), None) => write!(f, "object {id:02}"),
            (Some(template), Some(id)) => write!(f, "object {template:02}.{id:02}"),
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_checksum_is_ccitt_false() {
        // The check value of the CRC catalogue.
        assert_eq!(super::crc(b"123456789"), 0x29B1);
    }
}
