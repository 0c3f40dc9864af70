//! Message type identifiers: four digits, version, class, function and origin.

use std::fmt;
use std::str::FromStr;

/// A message type such as 0200. Any four digits are representable; meaning is asked for with the methods.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Mti([u8; 4]);

/// Not four decimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a message type is four decimal digits")]
pub struct MtiError;

/// First digit: the edition of the standard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Version {
    /// 0: ISO 8583:1987.
    V1987,
    /// 1: ISO 8583:1993.
    V1993,
    /// 2: ISO 8583:2003.
    V2003,
    /// 3 to 9: reserved, national or private.
    Other(u8),
}

/// Second digit: what the message is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// 1
    Authorisation,
    /// 2
    Financial,
    /// 3
    FileAction,
    /// 4
    Reversal,
    /// 5
    Reconciliation,
    /// 6
    Administrative,
    /// 7
    FeeCollection,
    /// 8
    NetworkManagement,
    /// 0 and 9: reserved.
    Other(u8),
}

/// Third digit: where the message stands in its exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Function {
    /// 0
    Request,
    /// 1
    RequestResponse,
    /// 2
    Advice,
    /// 3
    AdviceResponse,
    /// 4
    Notification,
    /// 5 (2003)
    NotificationAcknowledgement,
    /// 6 (2003)
    Instruction,
    /// 7 (2003)
    InstructionAcknowledgement,
    /// 8 and 9: reserved.
    Other(u8),
}

/// What a request and its response have in common: version, class, the exchange (0/1, 2/3, ...) and the side that
/// opened it. 0200, 0201 and 0210 share one; 0420, 0421 and 0430 share another; 0410 shares none with them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FoldKey([u8; 4]);

impl Mti {
    /// From four digit values (0 to 9), `None` otherwise.
    #[must_use]
    pub const fn from_digits(digits: [u8; 4]) -> Option<Self> {
        let [a, b, c, d] = digits;
        if a > 9 || b > 9 || c > 9 || d > 9 { None } else { Some(Mti(digits)) }
    }

    /// The four digit values.
    #[must_use]
    pub const fn digits(self) -> [u8; 4] {
        self.0
    }

    /// Edition of the standard.
    #[must_use]
    pub const fn version(self) -> Version {
        match self.0[0] {
            0 => Version::V1987,
            1 => Version::V1993,
            2 => Version::V2003,
            other => Version::Other(other),
        }
    }

    /// What the message is about.
    #[must_use]
    pub const fn class(self) -> Class {
        match self.0[1] {
            1 => Class::Authorisation,
            2 => Class::Financial,
            3 => Class::FileAction,
            4 => Class::Reversal,
            5 => Class::Reconciliation,
            6 => Class::Administrative,
            7 => Class::FeeCollection,
            8 => Class::NetworkManagement,
            other => Class::Other(other),
        }
    }

    /// Where the message stands in its exchange.
    #[must_use]
    pub const fn function(self) -> Function {
        match self.0[2] {
            0 => Function::Request,
            1 => Function::RequestResponse,
            2 => Function::Advice,
            3 => Function::AdviceResponse,
            4 => Function::Notification,
            5 => Function::NotificationAcknowledgement,
            6 => Function::Instruction,
            7 => Function::InstructionAcknowledgement,
            other => Function::Other(other),
        }
    }

    /// Fourth digit: 0 acquirer, 2 issuer, 4 other; the odd ones are their repeats.
    #[must_use]
    pub const fn origin(self) -> u8 {
        self.0[3]
    }

    /// True for 0201, 0421 and the like: the same message sent again.
    #[must_use]
    pub const fn is_repeat(self) -> bool {
        matches!(self.0[3], 1 | 3 | 5)
    }

    /// True for answers: 0210, 0430, 0810.
    #[must_use]
    pub const fn is_response(self) -> bool {
        matches!(self.0[2], 1 | 3 | 5 | 7)
    }

    /// The type of the answer, the repeat digit dropped: 0200 and 0201 give 0210, 0421 gives 0430.
    /// `None` when this is itself an answer, or asks for none (a notification).
    #[must_use]
    pub const fn response_of(self) -> Option<Self> {
        let [version, class, function, origin] = self.0;
        match function {
            0 | 2 | 6 => Some(Mti([version, class, function + 1, first_of_pair(origin)])),
            _ => None,
        }
    }

    /// The type of the repeat: 0420 gives 0421; a repeat gives itself.
    #[must_use]
    pub const fn repeat(self) -> Self {
        let [version, class, function, origin] = self.0;
        Mti([version, class, function, if origin < 6 { origin | 1 } else { origin }])
    }

    /// The key under which a response finds its request.
    #[must_use]
    pub const fn fold_key(self) -> FoldKey {
        let [version, class, function, origin] = self.0;
        FoldKey([version, class, first_of_pair(function), first_of_pair(origin)])
    }
}

const fn first_of_pair(digit: u8) -> u8 {
    digit & !1
}

impl FromStr for Mti {
    type Err = MtiError;

    fn from_str(text: &str) -> Result<Self, MtiError> {
        let digits: [u8; 4] = text.as_bytes().try_into().map_err(|_| MtiError)?;
        Mti::from_digits(digits.map(|digit| digit.wrapping_sub(b'0'))).ok_or(MtiError)
    }
}

impl fmt::Display for Mti {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [version, class, function, origin] = self.0;
        write!(f, "{version}{class}{function}{origin}")
    }
}

impl fmt::Debug for Mti {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mti(text: &str) -> Mti {
        text.parse().expect("a literal of this test")
    }

    #[test]
    fn requests_know_their_answers() {
        let table = [
            ("0200", Some("0210")),
            ("0201", Some("0210")),
            ("0421", Some("0430")),
            ("0802", Some("0812")),
            ("1804", Some("1814")),
            ("0210", None),
            ("0440", None),
        ];
        for (request, answer) in table {
            assert_eq!(mti(request).response_of(), answer.map(mti), "{request}");
        }
    }

    #[test]
    fn an_answer_finds_its_own_request_only() {
        let table = [
            ("0210", "0200", true),
            ("0210", "0201", true),
            ("0430", "0420", true),
            ("0430", "0421", true),
            ("0410", "0200", false),
            ("0410", "0420", false),
            ("0810", "0802", false),
            ("1210", "0200", false),
        ];
        for (answer, request, same) in table {
            assert_eq!(mti(answer).fold_key() == mti(request).fold_key(), same, "{answer} {request}");
        }
    }

    #[test]
    fn digits_have_names() {
        let advice = mti("0421");
        assert_eq!((advice.version(), advice.class()), (Version::V1987, Class::Reversal));
        assert_eq!((advice.function(), advice.origin()), (Function::Advice, 1));
        assert!(advice.is_repeat() && !advice.is_response() && mti("0420").repeat() == advice);
        assert_eq!("02X0".parse::<Mti>(), Err(MtiError));
        assert_eq!("02000".parse::<Mti>(), Err(MtiError));
        assert_eq!(advice.to_string(), "0421");
    }
}
