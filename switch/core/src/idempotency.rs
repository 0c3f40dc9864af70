//! Idempotency: one key of one client names one effect, for ever.
//!
//! Semantics of `draft-ietf-httpapi-idempotency-key-header-07`; the arbitration
//! itself is the database's unique key (client, key), never memory.

use sha2::{Digest, Sha256};

/// A client-made key: 16 to 64 characters of `A-Z a-z 0-9 . _ ~ -`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(String);

/// Why a header is not a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not 16 to 64 characters.
    #[error("must have 16 to 64 characters")]
    Length,
    /// A character outside the alphabet, or an unclosed quotation.
    #[error("may have letters, digits and . _ ~ - only, in double quotes or bare")]
    Alphabet,
}

impl IdempotencyKey {
    /// Reads a header value: a quoted string (RFC 9651) or the bare token; both
    /// forms of the same key are the same key.
    ///
    /// # Errors
    /// [`KeyError`] names the rule that is broken.
    pub fn parse(header: &str) -> Result<Self, KeyError> {
        let header = header.trim_matches([' ', '\t']);
        let token = match header.strip_prefix('"') {
            Some(rest) => rest.strip_suffix('"').ok_or(KeyError::Alphabet)?,
            None => header,
        };
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b"._~-".contains(&b);
        if !token.bytes().all(allowed) {
            return Err(KeyError::Alphabet);
        }
        if !(16..=64).contains(&token.len()) {
            return Err(KeyError::Length);
        }
        Ok(Self(token.to_owned()))
    }

    /// A key the switch derives itself, such as a terminal's trace and time.
    #[must_use]
    pub fn derived(text: String) -> Self {
        Self(text)
    }

    /// The normalised key.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a request means, independent of white space and field order: a digest
/// over version, method, route and the parsed fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// Changes when the canonical form changes; stored with every key, so an
    /// upgrade compares old keys by the old form.
    pub const VERSION: u8 = 1;

    /// The digest of the parts, each with its length before it, so that no two
    /// different lists of parts give the same bytes.
    #[must_use]
    pub fn of(parts: &[&str]) -> Self {
        let mut hash = Sha256::new();
        hash.update([Self::VERSION]);
        for part in parts {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        Self(hash.finalize().into())
    }

    /// The 32 bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// From its 32 stored bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

/// The answer that was given, kept word for word for whoever asks again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status, or 0 where the channel has none.
    pub status: u16,
    /// The body as it was sent.
    pub body: String,
}

/// What became of a key that was used before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Repeat {
    /// Same meaning, and the answer is known: give it again.
    Replay(Answer),
    /// Same meaning, still at work: ask again in a second.
    InProgress,
    /// The key already stands for something else.
    Reused,
}

/// Decides a repeat from what is stored under its key.
#[must_use]
pub fn repeat(stored: &Fingerprint, asked: &Fingerprint, answer: Option<Answer>) -> Repeat {
    match answer {
        _ if stored != asked => Repeat::Reused,
        Some(answer) => Repeat::Replay(answer),
        None => Repeat::InProgress,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_of_a_key_are_one_key() {
        let bare = IdempotencyKey::parse("8e03978e-40d5-43dd-bc93-6894a57f9324");
        let quoted = IdempotencyKey::parse("\"8e03978e-40d5-43dd-bc93-6894a57f9324\"");
        assert!(bare.is_ok());
        assert_eq!(bare, quoted);
    }

    #[test]
    fn what_is_not_a_key_is_refused_by_its_rule() {
        for (header, error) in [
            ("", KeyError::Length),
            ("short", KeyError::Length),
            ("\"0123456789abcde\"", KeyError::Length),
            (&"a".repeat(65), KeyError::Length),
            ("0123456789 abcdef", KeyError::Alphabet),
            ("\"0123456789abcdef", KeyError::Alphabet),
            ("0123456789abcdef\"", KeyError::Alphabet),
            ("0123456789abcdefé", KeyError::Alphabet),
            ("0123456789abcdef;x=1", KeyError::Alphabet),
        ] {
            assert_eq!(IdempotencyKey::parse(header), Err(error), "{header:?}");
        }
    }

    #[test]
    fn parts_do_not_run_into_each_other() {
        assert_ne!(Fingerprint::of(&["ab", "c"]), Fingerprint::of(&["a", "bc"]));
        assert_ne!(Fingerprint::of(&["ab"]), Fingerprint::of(&["ab", ""]));
        assert_eq!(Fingerprint::of(&["ab", "c"]), Fingerprint::of(&["ab", "c"]));
    }

    #[test]
    fn another_meaning_is_refused_even_when_the_answer_is_known() {
        let (a, b) = (Fingerprint::of(&["a"]), Fingerprint::of(&["b"]));
        let answer = Answer { status: 201, body: "{}".into() };
        assert_eq!(repeat(&a, &b, Some(answer.clone())), Repeat::Reused);
        assert_eq!(repeat(&a, &a, Some(answer.clone())), Repeat::Replay(answer));
        assert_eq!(repeat(&a, &a, None), Repeat::InProgress);
    }
}
