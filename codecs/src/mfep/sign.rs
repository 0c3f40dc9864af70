//! What of a message is signed, and whether its signature is right.
//!
//! The signature of the scheme is not specified in public: one client signs the text of `MsgBody` in UTF-16, with RSA
//! and SHA-256, in base64. All of that is the profile's. It is always over the text as it was sent, never over what
//! would be written again.

use std::borrow::Cow;
use std::ops::Range;

use super::decode::Decoded;
use super::profile::{Encoding, Format, Over, Profile};
use crate::signature::{Algorithm, SignatureError, Verifier};

/// Checks the signature of a received message against the profile of who sent it.
///
/// # Errors
/// `Missing` without a signature, `Mismatch` when it is not over this body or not by this key, `Algorithm` when the
/// verifier is not of the profile's algorithm.
pub fn verify(decoded: &Decoded<'_>, profile: &Profile, verifier: &Verifier) -> Result<(), SignatureError> {
    if verifier.algorithm() != profile.signing().kind {
        return Err(SignatureError::Algorithm);
    }
    if verifier.algorithm() == Algorithm::None {
        return Ok(());
    }
    let signature = decoded.message.signature.as_deref().ok_or(SignatureError::Missing)?;
    let format_over = content(decoded.body_text(), decoded.format, profile.signing().over);
    verifier.verify_base64(&encoded(format_over, profile.signing().encoding), signature)
}

/// The bytes the profile has signed of a body.
pub(super) fn signed_bytes<'t>(body: &'t str, profile: &Profile) -> Cow<'t, [u8]> {
    let signing = profile.signing();
    encoded(content(body, profile.format(), signing.over), signing.encoding)
}

fn encoded(text: &str, encoding: Encoding) -> Cow<'_, [u8]> {
    match encoding {
        Encoding::Utf8 => Cow::Borrowed(text.as_bytes()),
        Encoding::Utf16Le => Cow::Owned(text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
    }
}

fn content(body: &str, format: Format, over: Over) -> &str {
    match (over, format) {
        (Over::Element, _) => body,
        (Over::Content, Format::Json) => {
            body.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or_default()
        }
        (Over::Content, Format::Xml) => {
            let begin = start_tag_end(body);
            let end = body.rfind('<').unwrap_or_default();
            body.get(begin..end).unwrap_or_default()
        }
    }
}

/// Behind the `>` of the first tag; one in the value of an attribute is passed over.
fn start_tag_end(body: &str) -> usize {
    let mut quote = None;
    for (at, c) in body.char_indices() {
        match (quote, c) {
            (None, '>') => return at + 1,
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), _) if open == c => quote = None,
            _ => {}
        }
    }
    body.len()
}

/// The element whose start tag ends where `range` begins: `<` stands in no tag but at its beginning.
pub(super) fn element_around(text: &str, range: Range<usize>) -> Range<usize> {
    let begin = text.get(..range.start).and_then(|before| before.rfind('<')).unwrap_or(range.start);
    begin..range.end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_content_is_what_is_between_the_tags_or_the_braces() {
        let xml = |body| content(body, Format::Xml, Over::Content);
        assert_eq!(xml("<MsgBody a='>'> <A>1</A></MsgBody>"), " <A>1</A>");
        assert_eq!(xml("<MsgBody/>"), "");
        assert_eq!(xml(""), "");
        assert_eq!(content("{\"A\":1}", Format::Json, Over::Content), "\"A\":1");
        assert_eq!(content("<B>1</B>", Format::Xml, Over::Element), "<B>1</B>");
    }

    #[test]
    fn utf_16_is_written_low_byte_first() {
        assert_eq!(encoded("a\u{627}", Encoding::Utf16Le).as_ref(), [0x61, 0, 0x27, 0x06]);
    }
}
