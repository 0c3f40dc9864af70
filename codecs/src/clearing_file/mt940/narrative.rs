//! The text of field 86 in the form German-speaking banks and their customers elsewhere agreed on: a code of three
//! digits, then subfields of a separator and two digits (`166?00GUTSCHRIFT?20EREF+...?32NAME`).

/// Field 86 taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Narrative {
    /// What kind of business it is, three digits.
    pub business_code: String,
    /// Subfields with their two digits, in the order of the file.
    pub subfields: Vec<(u8, String)>,
}

impl Narrative {
    /// Takes the text of field 86 apart; `None` when it is free text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let whole: String = text.split('\n').collect();
        let (business_code, rest) = whole.split_at_checked(3)?;
        if !business_code.bytes().all(|c| c.is_ascii_digit()) {
            return None;
        }
        // The separator is whatever stands first, by agreement a question mark.
        let separator = rest.chars().next().filter(|c| c.is_ascii_punctuation())?;
        let mut subfields: Vec<(u8, String)> = Vec::new();
        for part in rest[1..].split(separator) {
            match part.split_at_checked(2).and_then(|(number, text)| Some((two_digits(number)?, text))) {
                Some((number, text)) => subfields.push((number, text.to_owned())),
                // The separator inside a text.
                None => {
                    let (_, text) = subfields.last_mut()?;
                    text.push(separator);
                    text.push_str(part);
                }
            }
        }
        Some(Self { business_code: business_code.to_owned(), subfields })
    }

    /// What the payer wrote: subfields 20 to 29 and 60 to 63, joined.
    #[must_use]
    pub fn remittance(&self) -> String {
        let written = self.subfields.iter().filter(|(number, _)| matches!(number, 20..=29 | 60..=63));
        written.map(|(_, text)| text.as_str()).collect()
    }

    /// The other side's name: subfields 32 and 33.
    #[must_use]
    pub fn name(&self) -> String {
        self.subfields
            .iter()
            .filter(|(number, _)| matches!(number, 32 | 33))
            .map(|(_, text)| text.as_str())
            .collect()
    }
}

fn two_digits(text: &str) -> Option<u8> {
    text.parse().ok().filter(|_| text.bytes().all(|c| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn structured_text_is_taken_apart_and_free_text_is_left() {
        let text =
            "166?00GUTSCHRIFT?20EREF+EndToEndId TFNR 22 004?21 00001?22\nSVWZ+Why? not?32KARL?33 KAUFMANN";
        let narrative = Narrative::parse(text).expect("structured");
        assert_eq!(narrative.business_code, "166");
        assert_eq!(narrative.remittance(), "EREF+EndToEndId TFNR 22 004 00001SVWZ+Why? not");
        assert_eq!(narrative.name(), "KARL KAUFMANN");
        for free in ["", "PASSPORT FEE", "12", "123 456", "رسم", "166?x"] {
            assert_eq!(Narrative::parse(free), None, "{free}");
        }
    }
}
