//! Why a message of the family cannot be read or written: what is wrong, and where.
//!
//! A path names elements of the scheme only, never what stands in them: names, numbers and phones of payers must not
//! reach a log through an error.

use std::fmt;

use crate::amount::AmountError;

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $name:literal, $says:literal;)*) => {
        /// The kind of a fault. It never carries data of the message.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum FaultKind {
            $($(#[$doc])* $kind,)*
        }

        impl FaultKind {
            /// Every kind.
            pub const ALL: &'static [FaultKind] = &[$(FaultKind::$kind,)*];

            /// The name used in reports and metrics, such as `AMOUNT_INVALID`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(FaultKind::$kind => $name,)* }
            }

            const fn says(self) -> &'static str {
                match self { $(FaultKind::$kind => $says,)* }
            }
        }
    };
}

kinds! {
    /// Not well-formed JSON or XML, or not UTF-8.
    Syntax = "SYNTAX", "the text is not well-formed";
    /// A document type or an entity of one: always refused.
    Forbidden = "FORBIDDEN", "document types and their entities are refused";
    /// More bytes than the limit.
    TooLarge = "TOO_LARGE", "the message is longer than the limit";
    /// Nested deeper than the limit.
    TooDeep = "TOO_DEEP", "the message is nested deeper than the limit";
    /// More members or records than the limit, or records with next to nothing in them.
    TooMany = "TOO_MANY", "there are more elements than the limit";
    /// There is no `MFEP` in the document.
    NotMfep = "NOT_MFEP", "there is no MFEP message";
    /// The other side answered a SOAP fault in place of a message.
    SoapFault = "SOAP_FAULT", "the answer is a SOAP fault";
    /// An element that may stand once stands twice.
    Duplicate = "DUPLICATE", "the element stands more than once";
    /// A mandatory element is missing or empty.
    Missing = "MISSING", "the element is missing or empty";
    /// An object where a value belongs, or the other way round.
    WrongType = "WRONG_TYPE", "the element is not of the agreed type";
    /// Longer than the scheme allows.
    TooLong = "TOO_LONG", "the value is longer than allowed";
    /// A control character.
    CharacterInvalid = "CHARACTER_INVALID", "a character cannot be carried";
    /// Not a plain decimal number, or negative.
    AmountInvalid = "AMOUNT_INVALID", "the amount is not a plain decimal number";
    /// More digits than decimal(12,3), or more decimals than the currency.
    AmountTooFine = "AMOUNT_TOO_FINE", "the amount has more digits than allowed";
    /// Not a date or date and time of the calendar.
    DateInvalid = "DATE_INVALID", "the date is not valid";
    /// Not a whole number.
    NumberInvalid = "NUMBER_INVALID", "the value is not a whole number";
    /// Neither true nor false.
    FlagInvalid = "FLAG_INVALID", "the value is neither true nor false";
    /// No currency of ISO 4217.
    CurrencyUnknown = "CURRENCY_UNKNOWN", "the currency is not known";
    /// A request or answer type that is not in the table.
    TypeUnknown = "TYPE_UNKNOWN", "the type of the message is not known";
    /// `ReqTyp` with an answer's type, or both types, or a body that does not belong to the type.
    TypeMismatch = "TYPE_MISMATCH", "the type does not fit the message";
    /// `RecCount` is not the number of records.
    CountMismatch = "COUNT_MISMATCH", "the count is not that of the records";
    /// The profile does not carry such a message.
    Unsupported = "UNSUPPORTED", "the profile cannot carry this";
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.says())
    }
}

impl std::error::Error for FaultKind {}

/// What is wrong with a message, and the path to it, such as `MsgBody/Transactions/TrxInf[0]/PaidAmt`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What is wrong.
    pub kind: FaultKind,
    /// Names of elements below `MFEP`, numbered where they may repeat; empty for the message as a whole.
    pub path: String,
}

impl Fault {
    pub(super) const fn new(kind: FaultKind) -> Self {
        Fault { kind, path: String::new() }
    }

    pub(super) fn at(kind: FaultKind, name: &str) -> Self {
        Fault { kind, path: name.to_owned() }
    }

    /// The same fault seen from one element further out.
    pub(super) fn within(mut self, name: &str) -> Self {
        if !self.path.is_empty() {
            self.path.insert(0, '/');
        }
        self.path.insert_str(0, name);
        self
    }

    /// The same fault, whose path begins with the element, in the element of that number.
    pub(super) fn numbered(mut self, name: &str, index: usize) -> Self {
        if self.path.starts_with(name) {
            self.path.insert_str(name.len(), &format!("[{index}]"));
            return self;
        }
        self.within_nth(name, index)
    }

    /// The same fault in the element of that number.
    pub(super) fn within_nth(self, name: &str, index: usize) -> Self {
        self.within(&format!("{name}[{index}]"))
    }
}

impl From<FaultKind> for Fault {
    fn from(kind: FaultKind) -> Self {
        Fault::new(kind)
    }
}

impl From<AmountError> for FaultKind {
    fn from(error: AmountError) -> Self {
        match error {
            AmountError::Syntax | AmountError::Negative | AmountError::NoMinorUnit => {
                FaultKind::AmountInvalid
            }
            AmountError::TooManyDecimals | AmountError::TooLarge => FaultKind::AmountTooFine,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path.as_str() {
            "" => write!(f, "{}", self.kind),
            path => write!(f, "{path}: {}", self.kind),
        }
    }
}

impl std::error::Error for Fault {}
