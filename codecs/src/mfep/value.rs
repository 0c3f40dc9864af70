//! Values: texts, codes, amounts, dates, flags and the words of the scheme.
//!
//! An amount is read from the characters of the message, whether JSON wrote it as a text or as a number: no float is
//! ever made of it. Empty means absent for everything but a text.

use std::fmt;

use super::encode::Writer;
use super::fault::{Fault, FaultKind};
use super::record::Value;
use super::source::{Reader, Source};
use super::stamp::Stamp;
use crate::amount::Decimal;
use crate::iso4217::Currency;

/// Digits of an amount in all, and after the point: decimal(12,3).
const AMOUNT_DECIMALS: u8 = 3;
const AMOUNT_THOUSANDTHS_MAX: i64 = 999_999_999_999;

/// A code of a party: of a biller, a bank, a sender or a receiver. A whole number in every integration read; what is
/// written otherwise is kept as it stands, leading zeros included.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Code(Box<str>);

impl Code {
    /// One to twenty ASCII letters, digits, `-`, `_` or `.`.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let is_plain = |c: u8| c.is_ascii_alphanumeric() || b"-_.".contains(&c);
        ((1..=20).contains(&text.len()) && text.bytes().all(is_plain)).then(|| Code(text.into()))
    }

    /// As it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As a number, where it is one.
    #[must_use]
    pub fn number(&self) -> Option<u32> {
        whole(&self.0)
    }

    /// True when JSON may write it as a number and read the same back.
    pub(super) fn is_plain_number(&self) -> bool {
        self.number().is_some_and(|number| number.to_string() == *self.0)
    }
}

impl From<u32> for Code {
    fn from(number: u32) -> Self {
        Code(number.to_string().into())
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text that must not be shown: a token or a password. Wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(zeroize::Zeroizing<String>);

impl Secret {
    /// Takes the text over.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Secret(zeroize::Zeroizing::new(text.to_owned()))
    }

    /// The text itself, for those who must send it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("****")
    }
}

/// A whole number of at most nine digits.
fn whole(text: &str) -> Option<u32> {
    let is_number = (1..=9).contains(&text.len()) && text.bytes().all(|c| c.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

/// Characters both formats can carry.
fn check_characters(text: &str) -> Result<(), FaultKind> {
    let is_bad = |c: char| {
        (c.is_control() && !matches!(c, '\t' | '\n' | '\r')) || matches!(c, '\u{FFFE}' | '\u{FFFF}')
    };
    if text.contains(is_bad) { Err(FaultKind::CharacterInvalid) } else { Ok(()) }
}

fn is_too_long(text: &str, max: u16) -> bool {
    text.len() > usize::from(max) && text.chars().count() > usize::from(max)
}

impl Value for Box<str> {
    fn read<S: Source>(reader: &mut Reader<S>, max: u16) -> Result<Option<Self>, Fault> {
        let Some(text) = reader.source.text()? else { return Ok(None) };
        check_characters(text)?;
        let (is_too_long, text) = (is_too_long(text, max), Box::<str>::from(text));
        if is_too_long {
            reader.broken(FaultKind::TooLong)?;
        }
        reader.charge(text.len())?;
        Ok(Some(text))
    }

    fn write(&self, name: &'static str, max: u16, out: &mut Writer<'_>) -> Result<(), Fault> {
        write_text(self, name, max, out)
    }
}

fn write_text(text: &str, name: &'static str, max: u16, out: &mut Writer<'_>) -> Result<(), Fault> {
    let text = text.trim();
    check_characters(text).map_err(|kind| Fault::at(kind, name))?;
    if is_too_long(text, max) {
        return Err(Fault::at(FaultKind::TooLong, name));
    }
    out.text(name, text);
    Ok(())
}

impl Value for Secret {
    fn read<S: Source>(reader: &mut Reader<S>, max: u16) -> Result<Option<Self>, Fault> {
        let Some(text) = reader.source.text()?.filter(|text| !text.is_empty()) else { return Ok(None) };
        check_characters(text)?;
        if is_too_long(text, max) {
            return Err(FaultKind::TooLong.into());
        }
        Ok(Some(Secret::new(text)))
    }

    fn write(&self, name: &'static str, max: u16, out: &mut Writer<'_>) -> Result<(), Fault> {
        write_text(self.expose(), name, max, out)
    }
}

/// Reads a value that is absent when it is empty.
fn read_with<S: Source, T>(
    reader: &mut Reader<S>,
    parse: impl FnOnce(&str) -> Result<T, FaultKind>,
) -> Result<Option<T>, Fault> {
    match reader.source.text()? {
        None | Some("") => Ok(None),
        Some(text) => Ok(Some(parse(text)?)),
    }
}

impl Value for Code {
    fn read<S: Source>(reader: &mut Reader<S>, max: u16) -> Result<Option<Self>, Fault> {
        let code = read_with(reader, |text| Code::new(text).ok_or(FaultKind::NumberInvalid))?;
        reader.charge(code.as_ref().map_or(0, |code| code.0.len()))?;
        if code.as_ref().is_some_and(|code| is_too_long(&code.0, max)) {
            reader.broken(FaultKind::TooLong)?;
        }
        Ok(code)
    }

    fn write(&self, name: &'static str, max: u16, out: &mut Writer<'_>) -> Result<(), Fault> {
        if is_too_long(&self.0, max) {
            return Err(Fault::at(FaultKind::TooLong, name));
        }
        out.code(name, self);
        Ok(())
    }
}

impl Value for u32 {
    fn read<S: Source>(reader: &mut Reader<S>, _max: u16) -> Result<Option<Self>, Fault> {
        read_with(reader, |text| whole(text).ok_or(FaultKind::NumberInvalid))
    }

    fn write(&self, name: &'static str, _max: u16, out: &mut Writer<'_>) -> Result<(), Fault> {
        if *self > 999_999_999 {
            return Err(Fault::at(FaultKind::NumberInvalid, name));
        }
        out.code(name, &Code::from(*self));
        Ok(())
    }
}

/// Whether an amount may stand in a message: not negative, decimal(12,3).
fn check_amount(amount: Decimal) -> Result<Decimal, FaultKind> {
    if amount.units() < 0 {
        return Err(FaultKind::AmountInvalid);
    }
    // Decimals beyond the third may only be zeros; some libraries write four whatever the value.
    let amount = if amount.scale() > AMOUNT_DECIMALS { amount.to_scale(AMOUNT_DECIMALS)? } else { amount };
    match amount.to_scale(AMOUNT_DECIMALS) {
        Ok(thousandths) if thousandths.units() <= AMOUNT_THOUSANDTHS_MAX => Ok(amount),
        _ => Err(FaultKind::AmountTooFine),
    }
}

impl Value for Decimal {
    fn read<S: Source>(reader: &mut Reader<S>, _max: u16) -> Result<Option<Self>, Fault> {
        read_with(reader, |text| check_amount(Decimal::parse(text)?))
    }

    fn write(&self, name: &'static str, _max: u16, out: &mut Writer<'_>) -> Result<(), Fault> {
        check_amount(*self).and_then(|amount| out.amount(name, amount)).map_err(|kind| Fault::at(kind, name))
    }
}

impl Value for Stamp {
    fn read<S: Source>(reader: &mut Reader<S>, _max: u16) -> Result<Option<Self>, Fault> {
        read_with(reader, str::parse)
    }

    fn write(&self, name: &'static str, _max: u16, out: &mut Writer<'_>) -> Result<(), Fault> {
        out.stamp(name, *self);
        Ok(())
    }
}

impl Value for bool {
    fn read<S: Source>(reader: &mut Reader<S>, _max: u16) -> Result<Option<Self>, Fault> {
        read_with(reader, |text| match text {
            "1" => Ok(true),
            "0" => Ok(false),
            _ if text.eq_ignore_ascii_case("true") => Ok(true),
            _ if text.eq_ignore_ascii_case("false") => Ok(false),
            _ => Err(FaultKind::FlagInvalid),
        })
    }

    fn write(&self, name: &'static str, _max: u16, out: &mut Writer<'_>) -> Result<(), Fault> {
        out.flag(name, *self);
        Ok(())
    }
}

impl Value for Currency {
    fn read<S: Source>(reader: &mut Reader<S>, _max: u16) -> Result<Option<Self>, Fault> {
        read_with(reader, |text| {
            let by_number =
                || whole(text).filter(|_| text.len() == 3).and_then(|n| Currency::by_number(n as u16));
            Currency::by_code(&text.to_ascii_uppercase()).or_else(by_number).ok_or(FaultKind::CurrencyUnknown)
        })
    }

    fn write(&self, name: &'static str, _max: u16, out: &mut Writer<'_>) -> Result<(), Fault> {
        out.text(name, self.code());
        Ok(())
    }
}

macro_rules! words {
    ($(#[$doc:meta])* pub enum $Name:ident { $($(#[$vdoc:meta])* $Word:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub enum $Name {
            $($(#[$vdoc])* $Word,)*
            /// A word the scheme's tables do not have, kept as it stands. It must not be taken for one of the others.
            Other(Box<str>),
        }

        impl $Name {
            /// The word as it is written.
            #[must_use]
            pub fn word(&self) -> &str {
                match self {
                    $($Name::$Word => $text,)*
                    $Name::Other(word) => word,
                }
            }

            /// The word of the scheme in any case, or another one.
            #[must_use]
            pub fn of(word: &str) -> Self {
                match word {
                    $(_ if word.eq_ignore_ascii_case($text) => $Name::$Word,)*
                    _ => $Name::Other(word.into()),
                }
            }
        }

        impl Value for $Name {
            fn read<S: Source>(reader: &mut Reader<S>, max: u16) -> Result<Option<Self>, Fault> {
                let Some(word) = Box::<str>::read(reader, max)? else { return Ok(None) };
                Ok((!word.is_empty()).then(|| $Name::of(&word)))
            }

            fn write(&self, name: &'static str, max: u16, out: &mut Writer<'_>) -> Result<(), Fault> {
                write_text(self.word(), name, max, out)
            }
        }
    };
}

words! {
    /// How grave a result is.
    pub enum Severity {
        /// All is well.
        Info = "Info",
        /// It was not done.
        Error = "Error",
    }
}

words! {
    /// How far a payment has come.
    pub enum PmtStatus {
        /// The money was taken; the biller is told.
        New = "PmtNew",
        /// The biller has been told.
        Sent = "PmtSent",
        /// The biller has answered.
        Complete = "PmtComplt",
    }
}

words! {
    /// How a bill stands.
    pub enum BillStatus {
        /// Not seen before.
        New = "BillNew",
        /// Replaces an earlier one.
        Updated = "BillUpdated",
        /// Paid in full.
        Paid = "BillPaid",
        /// Paid in part.
        PartiallyPaid = "BillPartiallyPaid",
        /// More was paid than was due.
        OverPaid = "BillOverPaid",
    }
}

words! {
    /// Whether a bill was there before the payment.
    pub enum PaymentType {
        /// Without a bill: the payer chose the amount, and it was validated first.
        Prepaid = "Prepaid",
        /// Against a bill.
        Postpaid = "Postpaid",
    }
}
