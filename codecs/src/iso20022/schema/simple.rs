//! Simple types: what a text has to look like.

use std::borrow::Cow;

use super::lexical;
use super::pattern::Pattern;

/// A simple type with its facets.
#[derive(Debug)]
pub(in crate::iso20022) struct Simple {
    base: Base,
    /// In characters; in bytes for Base64.
    length: (usize, usize),
    total_digits: usize,
    fraction_digits: usize,
    is_not_negative: bool,
    pattern: Option<Pattern>,
    /// Empty where any text is allowed.
    words: Vec<&'static str>,
}

/// The primitive types the schemas build on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Base {
    String,
    Decimal,
    Boolean,
    Date,
    DateTime,
    Time,
    Year,
    YearMonth,
    Base64,
}

impl Base {
    fn by_name(name: &str) -> Option<Self> {
        Some(match name {
            "string" => Base::String,
            "decimal" => Base::Decimal,
            "boolean" => Base::Boolean,
            "date" => Base::Date,
            "dateTime" => Base::DateTime,
            "time" => Base::Time,
            "gYear" => Base::Year,
            "gYearMonth" => Base::YearMonth,
            "base64Binary" => Base::Base64,
            _ => return None,
        })
    }
}

impl Simple {
    /// Reads the words of a line of the table: `decimal total=18 fraction=5 least=0`.
    pub(super) fn read(mut words: std::str::SplitAsciiWhitespace<'static>) -> Option<Self> {
        let mut simple = Self {
            base: Base::by_name(words.next()?)?,
            length: (0, usize::MAX),
            total_digits: usize::MAX,
            fraction_digits: usize::MAX,
            is_not_negative: false,
            pattern: None,
            words: Vec::new(),
        };
        for word in words {
            if let Some(pattern) = word.strip_prefix('/').and_then(|word| word.strip_suffix('/')) {
                simple.pattern = Some(Pattern::new(pattern)?);
                continue;
            }
            match word.split_once('=') {
                None => simple.words.push(word),
                Some(("min", value)) => simple.length.0 = value.parse().ok()?,
                Some(("max", value)) => simple.length.1 = value.parse().ok()?,
                Some(("total", value)) => simple.total_digits = value.parse().ok()?,
                Some(("fraction", value)) => simple.fraction_digits = value.parse().ok()?,
                Some(("least", "0")) => simple.is_not_negative = true,
                Some(_) => return None,
            }
        }
        Some(simple)
    }

    /// The most decimals a number may have.
    pub(in crate::iso20022) fn fraction_digits(&self) -> usize {
        self.fraction_digits
    }

    /// Says what is wrong with the text, never what it is.
    pub(super) fn check(&self, text: &str) -> Result<(), Cow<'static, str>> {
        if self.base == Base::String {
            self.check_length(|| text.chars().count(), text.len())?;
            return self.check_words(text);
        }
        let text = lexical::collapse(text);
        let is_right = match self.base {
            Base::Decimal => return self.check_number(text),
            Base::Base64 => match lexical::base64_length(text) {
                Some(length) => return self.check_length(|| length, length),
                None => false,
            },
            Base::Boolean => matches!(text, "true" | "false" | "1" | "0"),
            Base::Date => lexical::is_date(text),
            Base::DateTime => lexical::is_date_time(text),
            Base::Time => lexical::is_time(text),
            Base::Year => lexical::is_year(text),
            Base::YearMonth => lexical::is_year_month(text),
            Base::String => true,
        };
        if !is_right {
            return Err(Cow::Borrowed(self.base.says()));
        }
        self.check_words(text)
    }

    fn check_length(&self, length: impl FnOnce() -> usize, bytes: usize) -> Result<(), Cow<'static, str>> {
        let (min, max) = self.length;
        // A character is at least a byte: most texts need not be counted.
        if bytes <= max && min <= 1 {
            return if bytes >= min { Ok(()) } else { Err("the text is empty".into()) };
        }
        match length() {
            length if length < min => Err(format!("shorter than {min}").into()),
            length if length > max => Err(format!("longer than {max}").into()),
            _ => Ok(()),
        }
    }

    fn check_words(&self, text: &str) -> Result<(), Cow<'static, str>> {
        if !self.words.is_empty() && !self.words.contains(&text) {
            return Err("not one of the codes of this element".into());
        }
        match &self.pattern {
            Some(pattern) if !pattern.matches(text) => Err("not in the form this element asks for".into()),
            _ => Ok(()),
        }
    }

    fn check_number(&self, text: &str) -> Result<(), Cow<'static, str>> {
        let number = lexical::number(text).ok_or(Cow::Borrowed("not a decimal number"))?;
        if number.decimals.len() > self.fraction_digits {
            return Err(format!("more than {} decimals", self.fraction_digits).into());
        }
        if number.whole.len() + number.decimals.len() > self.total_digits {
            return Err(format!("more than {} digits", self.total_digits).into());
        }
        let is_zero = number.whole.is_empty() && number.decimals.is_empty();
        if self.is_not_negative && number.is_negative && !is_zero {
            return Err("less than zero".into());
        }
        self.check_words(text)
    }
}

impl Base {
    fn says(self) -> &'static str {
        match self {
            Base::String => "not a text",
            Base::Decimal => "not a decimal number",
            Base::Boolean => "neither true nor false",
            Base::Date => "not a date",
            Base::DateTime => "not a date and time",
            Base::Time => "not a time of day",
            Base::Year => "not a year",
            Base::YearMonth => "not a year and month",
            Base::Base64 => "not Base64",
        }
    }
}
