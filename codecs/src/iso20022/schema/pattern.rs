//! The regular expressions of the schemas, matched in one walk over the text whatever it is.
//!
//! Their grammar is small: characters, classes, groups, counts. Every place of the expression where a character is
//! taken is a bit; a set of places says where a match may be (Glushkov's construction). At most 128 places.

/// A regular expression over the whole text.
#[derive(Debug, Default)]
pub(super) struct Pattern {
    /// The characters taken at each place.
    classes: Vec<Class>,
    /// Where a match may go on after each place.
    follow: Vec<u128>,
    first: u128,
    last: u128,
    takes_nothing: bool,
}

/// A set of ASCII characters; all but line ends for the full stop.
#[derive(Clone, Copy, Debug)]
enum Class {
    Of(u128),
    Any,
}

impl Class {
    fn has(self, c: char) -> bool {
        match self {
            Class::Of(set) => c.is_ascii() && set >> u32::from(c) & 1 == 1,
            Class::Any => !matches!(c, '\n' | '\r'),
        }
    }
}

/// Where a part may begin and end.
#[derive(Clone, Copy)]
struct Span {
    first: u128,
    last: u128,
    takes_nothing: bool,
}

const NOTHING: Span = Span { first: 0, last: 0, takes_nothing: true };

impl Pattern {
    /// Reads an expression; `None` for what is beyond the grammar.
    pub(super) fn new(text: &str) -> Option<Self> {
        let mut pattern = Self::default();
        let (span, rest) = pattern.sequence(text)?;
        pattern.first = span.first;
        pattern.last = span.last;
        pattern.takes_nothing = span.takes_nothing;
        rest.is_empty().then_some(pattern)
    }

    /// True if the whole text is one the expression describes.
    pub(super) fn matches(&self, text: &str) -> bool {
        let mut chars = text.chars();
        let Some(c) = chars.next() else { return self.takes_nothing };
        let mut at = self.take(self.first, c);
        for c in chars {
            if at == 0 {
                return false;
            }
            let next = places(at).fold(0, |next, place| next | self.follow[place]);
            at = self.take(next, c);
        }
        at & self.last != 0
    }

    fn take(&self, from: u128, c: char) -> u128 {
        places(from).filter(|place| self.classes[*place].has(c)).fold(0, |at, place| at | 1 << place)
    }

    fn sequence<'t>(&mut self, mut text: &'t str) -> Option<(Span, &'t str)> {
        let mut whole = NOTHING;
        while !text.is_empty() && !text.starts_with(')') {
            let begin = text;
            let (mut part, rest) = self.atom(begin)?;
            let atom = &begin[..begin.len() - rest.len()];
            let (min, max, rest) = count(rest)?;
            // A counted part is written out: the first copy is read already.
            let mut repeated = if min == 0 { Span { takes_nothing: true, ..part } } else { part };
            if max.is_none() {
                self.join(part.last, part.first);
            }
            for copy in 1..max.unwrap_or(min.max(1)) {
                part = self.atom(atom)?.0;
                part.takes_nothing |= copy >= min;
                repeated = self.chain(repeated, part);
            }
            whole = self.chain(whole, repeated);
            text = rest;
        }
        Some((whole, text))
    }

    fn chain(&mut self, a: Span, b: Span) -> Span {
        self.join(a.last, b.first);
        Span {
            first: a.first | if a.takes_nothing { b.first } else { 0 },
            last: b.last | if b.takes_nothing { a.last } else { 0 },
            takes_nothing: a.takes_nothing && b.takes_nothing,
        }
    }

    fn join(&mut self, from: u128, to: u128) {
        for place in places(from) {
            self.follow[place] |= to;
        }
    }

    fn atom<'t>(&mut self, text: &'t str) -> Option<(Span, &'t str)> {
        if let Some(inner) = text.strip_prefix('(') {
            let (span, rest) = self.sequence(inner)?;
            return Some((span, rest.strip_prefix(')')?));
        }
        let (class, rest) = match text.strip_prefix('[') {
            Some(class) => read_class(class)?,
            None if text.starts_with('.') => (Class::Any, &text[1..]),
            None => read_char(text, "-").map(|(c, rest)| (Class::Of(1 << c), rest))?,
        };
        let place = self.classes.len();
        let bit = 1_u128.checked_shl(u32::try_from(place).ok()?)?;
        self.classes.push(class);
        self.follow.push(0);
        Some((Span { first: bit, last: bit, takes_nothing: false }, rest))
    }
}

fn places(mut set: u128) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let place = set.trailing_zeros();
        (set != 0).then(|| {
            set &= set - 1;
            place as usize
        })
    })
}

/// `{min,max}`, `{count}`, `*` or nothing. Counts beyond a byte are beyond the grammar.
fn count(text: &str) -> Option<(u8, Option<u8>, &str)> {
    if let Some(rest) = text.strip_prefix('*') {
        return Some((0, None, rest));
    }
    let Some(inner) = text.strip_prefix('{') else { return Some((1, Some(1), text)) };
    let (counts, rest) = inner.split_once('}')?;
    let (min, max) = counts.split_once(',').unwrap_or((counts, counts));
    let (min, max) = (min.parse().ok()?, max.parse().ok()?);
    (min <= max && max > 0).then_some((min, Some(max), rest))
}

/// One ASCII character that is itself, among those of `plain` too, or stands after a backslash.
fn read_char<'t>(text: &'t str, plain: &str) -> Option<(u32, &'t str)> {
    let (text, is_escaped) = match text.strip_prefix('\\') {
        Some(text) => (text, true),
        None => (text, false),
    };
    let c = text.chars().next().filter(char::is_ascii)?;
    let is_itself =
        if is_escaped { !c.is_ascii_alphanumeric() } else { c.is_ascii_alphanumeric() || plain.contains(c) };
    is_itself.then_some((u32::from(c), &text[1..]))
}

/// What needs no backslash between brackets.
const IN_CLASS: &str = "-+()/ ";

fn read_class(mut text: &str) -> Option<(Class, &str)> {
    let mut set = 0;
    loop {
        if let Some(rest) = text.strip_prefix(']') {
            return Some((Class::Of(set), rest));
        }
        let (from, rest) = read_char(text, IN_CLASS)?;
        let range = rest.strip_prefix('-').filter(|rest| !rest.starts_with(']'));
        let (to, rest) = match range {
            Some(rest) => read_char(rest, IN_CLASS)?,
            None => (from, rest),
        };
        (from..=to).for_each(|c| set |= 1 << c);
        text = rest;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_mean_what_xml_schema_says() {
        #[rustfmt::skip]
        let table: &[(&str, &[&str], &[&str])] = &[
            ("[A-Z]{2,2}",           &["AB"],               &["", "A", "ABC", "Ab", "A1"]),
            ("[A-Z]{2}[0-9]{1,3}",   &["AB1", "AB123"],     &["AB", "AB1234", "A12"]),
            ("[+]{0,1}[0-9]{1,15}",  &["1", "+1"],          &["+", "++1", "1+"]),
            ("[\\+]{0,1}[0-9]",      &["1", "+1"],          &["\\1"]),
            (".*Z",                  &["Z", "aZ", "ZZ"],    &["", "Za", "a\nZ"]),
            ("\\+[0-9]-[0-9()+\\-]{1,3}", &["+1-2", "+1-()+", "+1--"], &["1-2", "+1-", "+1-2222", "+1-\\"]),
            ("[A-Z]{4,4}([A-Z0-9]{3,3}){0,1}", &["ABCD", "ABCDE1F"], &["ABCDE", "ABCDE1", "ABCDE1F2", "ABCD\u{661}23"]),
            ("([a-b]{1,2}c){0,2}",   &["", "ac", "abcbc"],  &["a", "acc", "acacac"]),
            ("[89ab]-4",             &["8-4", "b-4"],       &["c-4", "8-"]),
        ];
        for (pattern, right, wrong) in table {
            let read = Pattern::new(pattern).expect(pattern);
            right.iter().for_each(|text| assert!(read.matches(text), "{pattern} {text:?}"));
            wrong.iter().for_each(|text| assert!(!read.matches(text), "{pattern} {text:?}"));
        }
        for beyond in ["a|b", "a+", "a?", "[^a]", "\\d", "(a", "a)", "[a", "a{2", "a{3,2}", "a{200}", "^a$"] {
            assert!(Pattern::new(beyond).is_none(), "{beyond}");
        }
    }
}
