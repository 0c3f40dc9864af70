//! ISO 8583 on a link: one dialect and its MAC in both directions, and the key that ties an answer to its request.

use std::sync::Arc;

use codecs::iso8583::{DecodeError, Draft, EncodeError, FoldKey, Mac, Message, Mode, Mti, Profile, decode};

/// Fields a match key may be made of, and the longest of each on any wire.
const KEY_FIELDS: [(u8, usize); 8] =
    [(7, 10), (11, 6), (12, 6), (13, 4), (32, 11), (37, 12), (41, 8), (42, 15)];

/// All of [`KEY_FIELDS`], each with its length before it.
const KEY_BYTES_MAX: usize = 80;

/// How messages of one link are written, read and authenticated.
#[derive(Debug, Clone)]
pub(crate) struct Wire {
    pub(crate) dialect: Arc<Profile>,
    pub(crate) mac: Option<Mac>,
}

impl Wire {
    /// Appends the message, with its MAC where the link has one.
    pub(crate) fn write(&self, draft: &Draft<'_>, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        match &self.mac {
            Some(mac) => draft.encode_with_mac(&self.dialect, mac, out),
            None => draft.encode(&self.dialect, out),
        }
    }

    /// Reads a message, strictly. Its MAC is not verified yet.
    pub(crate) fn read<'a>(&'a self, payload: &'a [u8]) -> Result<Message<'a>, DecodeError> {
        decode(&self.dialect, payload, Mode::Strict)
    }

    /// Verifies the MAC of a received message; true on a link without.
    pub(crate) fn is_authentic(&self, message: &Message<'_>) -> bool {
        let field = if message.bitmap().needs_secondary() { 128 } else { 64 };
        self.mac.as_ref().is_none_or(|mac| mac.verify(message, field).is_ok())
    }
}

/// The answer to a received request: the same fields under the answer's type, without MAC. `None` for a message
/// that asks for none.
pub(crate) fn answer_to<'a>(request: &Message<'a>) -> Option<Draft<'a>> {
    let mut answer = request.to_draft();
    answer.set_mti(request.mti().response_of()?);
    for field in [64, 128] {
        answer.remove(field);
    }
    Some(answer)
}

/// What an answer has in common with its request: the folded message type and the bytes of the key fields, as
/// they stand on the wire. Two requests in flight never share one.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct MatchKey {
    fold: FoldKey,
    len: u8,
    bytes: [u8; KEY_BYTES_MAX],
}

impl MatchKey {
    /// The key of a message. A field that is absent, or longer than it can be, counts as empty.
    pub(crate) fn of(message: &Message<'_>, fields: &[u8]) -> Self {
        let mut key = Self { fold: message.mti().fold_key(), len: 0, bytes: [0; KEY_BYTES_MAX] };
        for field in fields {
            let wire = message.wire(*field).unwrap_or_default();
            let start = usize::from(key.len);
            if let Some(place) = key.bytes.get_mut(start..start + 1 + wire.len())
                && let Some((len, body)) = place.split_first_mut()
            {
                *len = wire.len() as u8;
                body.copy_from_slice(wire);
                key.len += 1 + wire.len() as u8;
            }
        }
        key
    }
}

/// Whether a match key may be made of these fields.
pub(crate) fn is_key_field(field: u8) -> bool {
    KEY_FIELDS.iter().any(|(known, _)| *known == field)
}

/// Text of a field without the spaces that fill it up.
pub(crate) fn trimmed<'a>(message: &Message<'a>, field: u8) -> Option<std::borrow::Cow<'a, str>> {
    use std::borrow::Cow;
    Some(match message.text(field)? {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim_end_matches(' ')),
        Cow::Owned(text) => Cow::Owned(text.trim_end_matches(' ').to_owned()),
    })
}

/// A message type known when the program is written.
pub(crate) const fn mti(digits: [u8; 4]) -> Mti {
    match Mti::from_digits(digits) {
        Some(mti) => mti,
        None => panic!("not four decimal digits"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_allowed_key_fits() {
        let total: usize = KEY_FIELDS.iter().map(|(_, max)| max + 1).sum();
        assert_eq!(total, KEY_BYTES_MAX);
    }

    #[test]
    fn a_stan_used_again_has_another_key() {
        let dialect = Profile::by_name("iso87-ascii").expect("built in");
        let wire = Wire { dialect, mac: None };
        let key = |kind: &str, de7: u64, stan: u64, fields: &[u8]| {
            let mut draft = Draft::new(kind.parse().expect("a literal"));
            draft.set_number(7, de7).set_number(11, stan);
            let mut bytes = Vec::new();
            wire.write(&draft, &mut bytes).expect("two numbers");
            MatchKey::of(&wire.read(&bytes).expect("just written"), fields)
        };
        let request = key("0200", 1_122_103_105, 1, &[7, 11, 37, 41]);
        assert!(request == key("0210", 1_122_103_105, 1, &[7, 11, 37, 41]));
        assert!(request != key("0410", 1_122_103_105, 1, &[7, 11, 37, 41]), "another class");
        assert!(request != key("0210", 1_122_103_106, 1, &[7, 11, 37, 41]), "another second");
        assert!(request != key("0210", 1_122_103_105, 2, &[7, 11, 37, 41]), "another trace");
    }
}
