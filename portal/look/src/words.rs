//! What pages say: messages of Fluent, by key, in one language and one set of digits.
//!
//! There is no fallback from one language to the other: a page in two languages is a fault, so a missing
//! word is shown as its key in guillemets, and tests refuse pages that have one.

use std::borrow::Cow;
use std::collections::HashMap;

use fluent_templates::StaticLoader;
use fluent_templates::fluent_bundle::FluentValue;

use crate::digits::shifted;
use crate::{Digits, Language};

// The words of the frame around every page.
fluent_templates::static_loader! {
    pub(crate) static OWN = { locales: "./locales", fallback_language: "ar" };
}

/// The words for one visitor. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Words {
    /// The language they are in.
    pub language: Language,
    /// The digits they are shown with.
    pub digits: Digits,
    loader: &'static StaticLoader,
}

/// What a message is filled with.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// Shown as it is, isolated from the direction of the sentence around it.
    Text(Cow<'a, str>),
    /// Shown in the visitor's digits; plural forms (`one`, `two`, `few`, `many`, ...) follow it.
    Count(i64),
}

impl Words {
    /// The words of a crate, which its `static_loader!` made, with those of this crate behind them.
    pub fn new(language: Language, digits: Digits, loader: &'static StaticLoader) -> Self {
        Self { language, digits, loader }
    }

    /// A message without variables.
    pub fn say(&self, key: &str) -> String {
        self.fill::<&str>(key, &[])
    }

    /// A message with its variables: `words.fill("attempts-left", &[("count", 3)])`.
    pub fn fill<'a, V: Into<Value<'a>> + Clone>(&self, key: &str, values: &[(&'static str, V)]) -> String {
        let mut given = HashMap::new();
        let mut great = Vec::new();
        for (at, (name, value)) in values.iter().enumerate() {
            let value = match value.clone().into() {
                Value::Text(text) => FluentValue::from(sheltered(&text)),
                Value::Count(count) if self.language == Language::Arabic && count > 100 => {
                    let stand_in = stand_in(count, at);
                    great.push((stand_in, count));
                    FluentValue::from(stand_in)
                }
                Value::Count(count) => FluentValue::from(count),
            };
            given.insert(*name, value);
        }
        let bundle = self.language.bundle();
        let found = [self.loader, &*OWN]
            .into_iter()
            .find_map(|loader| loader.lookup_single_language(&bundle, key, Some(&given)).ok());
        let Some::<String>(mut text) = found else { return format!("«{key}»") };
        for (stand_in, count) in great {
            text = text.replace(&stand_in.to_string(), &count.to_string());
        }
        unsheltered(&self.digits.show(&text))
    }
}

/// A number with the plural form of a count above 100, and a text that no message has: 3.000001 for 103.
///
/// The rules of Arabic look at the last two digits (CLDR: `n % 100 = 3..10` is "few"), and the library of
/// Fluent, intl_pluralrules 7.0.2, looks at the whole number: it would say "103 minutes" as it says "100".
/// It takes the whole part alone for "few" and "many", and calls everything from 100 on "other".
fn stand_in(count: i64, at: usize) -> f64 {
    let whole = match count % 100 {
        last @ 3..=99 => last,
        _ => 100,
    };
    (whole as f64 * 1e6 + (at + 1) as f64) / 1e6
}

/// Where the digits of a given text are while the message around it is put into the visitor's digits: a
/// reference or a telephone number stays as it was given. Private use, so that no text has them.
const SHELTER: char = '\u{F0030}';
const EASTERN_SHELTER: char = '\u{F0660}';

fn sheltered(text: &str) -> String {
    let hide = |c| shifted(shifted(c, '0', SHELTER as u32), '\u{0660}', EASTERN_SHELTER as u32);
    text.chars().map(hide).collect()
}

fn unsheltered(text: &str) -> String {
    let show = |c| shifted(shifted(c, SHELTER, '0' as u32), EASTERN_SHELTER, 0x0660);
    text.chars().map(show).collect()
}

macro_rules! texts {
    ($($from:ty),*) => {$(
        impl<'a> From<$from> for Value<'a> {
            fn from(text: $from) -> Self {
                Self::Text(text.into())
            }
        }
    )*};
}
texts!(&'a str, &'a String, String);

macro_rules! counts {
    ($($from:ty),*) => {$(
        impl From<$from> for Value<'_> {
            fn from(count: $from) -> Self {
                Self::Count(i64::try_from(count).unwrap_or(i64::MAX))
            }
        }
    )*};
}
counts!(u8, u16, u32, u64, usize, i32, i64);

#[cfg(test)]
mod tests {
    use super::*;

    fn arabic(digits: Digits) -> Words {
        Words::new(Language::Arabic, digits, &OWN)
    }

    #[test]
    fn a_count_chooses_among_the_six_forms_of_arabic() {
        let said = |count: i32| arabic(Digits::Western).fill("minutes", &[("count", count)]);
        let forms: Vec<String> = [0, 1, 2, 3, 11, 100].map(said).to_vec();
        for (form, word) in
            forms.iter().zip(["أقل من دقيقة", "دقيقة واحدة", "دقيقتان", "دقائق", "دقيقة", "دقيقة"])
        {
            assert!(form.contains(word), "{form:?} has no {word:?}");
        }
        assert_ne!(forms[3].replace('3', ""), forms[4].replace("11", ""));
    }

    #[test]
    fn above_a_hundred_the_last_two_digits_choose() {
        for digits in [Digits::Western, Digits::Eastern] {
            for (count, word) in
                [(100, "دقيقة"), (101, "دقيقة"), (102, "دقيقة"), (103, "دقائق"), (110, "دقائق")]
                    .into_iter()
                    .chain([(111, "دقيقة"), (199, "دقيقة"), (200, "دقيقة"), (1_000_003, "دقائق")])
            {
                let said = arabic(digits).fill("minutes", &[("count", count)]);
                let shown = digits.show(&count.to_string());
                assert_eq!(said, format!("\u{2068}{shown}\u{2069} {word}"), "{count}");
            }
        }
    }

    #[test]
    fn digits_follow_the_visitor_and_given_texts_do_not() {
        let eastern = arabic(Digits::Eastern);
        assert!(eastern.fill("minutes", &[("count", 15)]).contains("١٥"));
        assert!(eastern.fill("page-title", &[("title", "HK-204"), ("portal", "٧")]).contains("HK-204"));
        let western = arabic(Digits::Western);
        assert!(western.fill("page-title", &[("title", "HK-204"), ("portal", "٧")]).contains("٧"));
    }

    #[test]
    fn a_given_text_is_isolated_from_the_direction_of_its_sentence() {
        let said = arabic(Digits::Western).fill("signed-in-as", &[("name", "Salma")]);
        assert!(said.contains("\u{2068}Salma\u{2069}"), "{said:?}");
    }

    #[test]
    fn a_missing_word_is_visible_and_never_in_the_other_language() {
        for language in Language::ALL {
            let words = Words::new(language, Digits::Western, &OWN);
            assert_eq!(words.say("no-such-word"), "«no-such-word»");
            assert_eq!(words.say("minutes"), "«minutes»", "a missing variable is a missing word");
        }
    }
}
