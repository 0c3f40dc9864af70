//! Palestinian mobile numbers as people type them. `codecs` knows them too, for bills; identity may not
//! use it, and needs only this much.

/// Why a text is no mobile number. Never carries the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotAPhone {
    /// Nothing but blanks.
    Empty,
    /// Neither a digit nor a blank, a hyphen, or a plus sign at the beginning.
    Character,
    /// More or fewer digits than a national (ten) or international number has.
    Length,
    /// Another country, a landline, or an operator whose messages do not arrive.
    Operator,
}

/// The number in E.164, under the country code it was typed with: `+970591234567`. Mobile numbers begin
/// with 059 or 056 and have seven digits more.
///
/// # Errors
/// [`NotAPhone`].
pub fn mobile(typed: &str) -> Result<String, NotAPhone> {
    let western = look::digits::western(typed);
    let bare: String = western.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
    if bare.is_empty() {
        return Err(NotAPhone::Empty);
    }
    let (international, digits) = match bare.strip_prefix('+').or_else(|| bare.strip_prefix("00")) {
        Some(rest) => (true, rest),
        None => (false, bare.as_str()),
    };
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(NotAPhone::Character);
    }
    let (country, national) = match (international, digits.len()) {
        (true, 12) => digits.split_at(3),
        (false, 12) if digits.starts_with("97") => digits.split_at(3),
        (false, 10) => ("970", digits.strip_prefix('0').ok_or(NotAPhone::Operator)?),
        _ => return Err(NotAPhone::Length),
    };
    let known = matches!(country, "970" | "972") && matches!(national.get(..2), Some("59" | "56"));
    if known { Ok(format!("+{country}{national}")) } else { Err(NotAPhone::Operator) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_people_type_them() {
        for (typed, read) in [
            ("0591234567", Ok("+970591234567")),
            ("056-123 4567", Ok("+970561234567")),
            ("٠٥٩١٢٣٤٥٦٧", Ok("+970591234567")),
            ("+970 59 123 4567", Ok("+970591234567")),
            ("00972561234567", Ok("+972561234567")),
            ("970591234567", Ok("+970591234567")),
            (" ", Err(NotAPhone::Empty)),
            ("+", Err(NotAPhone::Character)),
            ("05912345a7", Err(NotAPhone::Character)),
            ("059123456", Err(NotAPhone::Length)),
            ("+97059123456789", Err(NotAPhone::Length)),
            ("022951234", Err(NotAPhone::Length)),
            ("0521234567", Err(NotAPhone::Operator)),
            ("1591234567", Err(NotAPhone::Operator)),
            ("+962791234567", Err(NotAPhone::Operator)),
        ] {
            assert_eq!(mobile(typed), read.map(str::to_owned), "{typed}");
        }
    }
}
