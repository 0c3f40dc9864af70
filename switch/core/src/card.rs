//! A card as the switch may hold it: number and expiry, in memory only, printed
//! masked. There is no type for a CVV, a track or a PIN: they cannot be stored.

use std::fmt;

use zeroize::Zeroizing;

/// A primary account number, 12 to 19 digits that pass the Luhn check.
#[derive(Clone, PartialEq, Eq)]
pub struct Pan(Zeroizing<String>);

/// Why a text is not a card number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CardError {
    /// Not 12 to 19 digits.
    #[error("must be 12 to 19 digits")]
    PanLength,
    /// The last digit is not the Luhn check of the others (ISO/IEC 7812-1).
    #[error("is not a card number: its check digit is wrong")]
    PanCheckDigit,
    /// Not `YYMM` with a month from 01 to 12.
    #[error("must be YYMM")]
    Expiry,
}

impl Pan {
    /// Reads a card number.
    ///
    /// # Errors
    /// [`CardError`] when length or check digit are wrong.
    pub fn parse(text: &str) -> Result<Self, CardError> {
        if !(12..=19).contains(&text.len()) || !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(CardError::PanLength);
        }
        let sum: u32 = text
            .bytes()
            .rev()
            .enumerate()
            .map(|(i, b)| {
                let digit = u32::from(b - b'0');
                if i % 2 == 1 { digit * 2 / 10 + digit * 2 % 10 } else { digit }
            })
            .sum();
        if sum.is_multiple_of(10) {
            Ok(Self(Zeroizing::new(text.to_owned())))
        } else {
            Err(CardError::PanCheckDigit)
        }
    }

    /// The digits, for the wire and the vault only.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// First six and last four digits, as PCI DSS 3.4.1 allows to be shown.
    #[must_use]
    pub fn masked(&self) -> String {
        let digits = self.0.as_str();
        format!("{}{}{}", &digits[..6], "*".repeat(digits.len() - 10), &digits[digits.len() - 4..])
    }
}

impl fmt::Debug for Pan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

/// A card for one payment.
#[derive(Clone, PartialEq, Eq)]
pub struct Card {
    /// The number.
    pub pan: Pan,
    /// `YYMM` (ISO 8583 field 14).
    pub expiry: String,
}

impl Card {
    /// A card from its number and `YYMM` expiry.
    ///
    /// # Errors
    /// [`CardError`] names the rule that is broken.
    pub fn new(pan: Pan, expiry: &str) -> Result<Self, CardError> {
        let digits = expiry.len() == 4 && expiry.bytes().all(|b| b.is_ascii_digit());
        if digits && ("01"..="12").contains(&&expiry[2..]) {
            Ok(Self { pan, expiry: expiry.to_owned() })
        } else {
            Err(CardError::Expiry)
        }
    }
}

impl fmt::Debug for Card {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Card({:?}, ****)", self.pan)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_number_is_checked_and_never_printed_whole() {
        let pan = Pan::parse("4111111111111111").expect("public test number");
        assert_eq!(format!("{pan:?}"), "411111******1111");
        assert_eq!(Pan::parse("4111111111111112"), Err(CardError::PanCheckDigit));
        assert_eq!(Pan::parse("411111111111111a"), Err(CardError::PanLength));
        assert_eq!(Pan::parse("4111"), Err(CardError::PanLength));
        let card = Card::new(pan, "2812").expect("valid expiry");
        assert!(!format!("{card:?}").contains("2812"));
    }

    #[test]
    fn an_expiry_has_a_real_month() {
        let pan = Pan::parse("4111111111111111").expect("public test number");
        for bad in ["2800", "2813", "281", "28a1", "28012", "０1２"] {
            assert_eq!(Card::new(pan.clone(), bad), Err(CardError::Expiry), "{bad}");
        }
    }
}
