//! Keys as objects of a token: by label, in one object or in two halves.
//!
//! A retail MAC needs the halves of its key apart, and PKCS#11 has no way to take one out of a key of double length.
//! So a DES key for MACs is two objects with the same label, told apart by their identifier: single DES, or where the
//! token has that no more, triple DES with the same eight bytes three times, which computes the same.

use codecs::keys::{KeyKind, KeyUse, VaultError};
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::Session;
use zeroize::Zeroizing;

use crate::failed;

/// The objects of one key.
pub(crate) struct Found {
    name: String,
    pub(crate) kind: KeyKind,
    pub(crate) usage: KeyUse,
    /// The key, or its left half.
    pub(crate) left: ObjectHandle,
    /// The right half of a MAC key of double length.
    pub(crate) right: Option<ObjectHandle>,
    /// How the halves are kept.
    pub(crate) halves: Halves,
}

/// How a token computes single DES.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Halves {
    /// Objects of eight bytes.
    Single,
    /// Objects of the same eight bytes three times: encrypting, decrypting and encrypting with one key is to encrypt.
    Tripled,
}

impl Halves {
    /// What this token can do, by trying: SoftHSM lists single DES even where the cryptography below it has dropped it.
    pub(crate) fn of_token(session: &Session) -> Result<Self, VaultError> {
        let mut probe = template("", KeyKind::Des, Halves::Single, (Part::Left, Lives::InSession));
        probe.push(Attribute::Value(vec![0x2A; 8]));
        let Ok(object) = session.create_object(&probe) else { return Ok(Halves::Tripled) };
        let single = session.encrypt(&Mechanism::DesEcb, object, &[0; 8]).is_ok();
        session.destroy_object(object).map_err(failed)?;
        Ok(if single { Halves::Single } else { Halves::Tripled })
    }

    /// Eight bytes, or blocks, as often as the object has them.
    pub(crate) fn repeat(self, half: &[u8]) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(half.repeat(if self == Halves::Single { 1 } else { 3 }))
    }
}

/// How long an object is there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lives {
    InSession,
    OnToken,
}

/// Which part of a key an object is; its identifier (`CKA_ID`) on the token.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Whole,
    Left,
    Right,
}

impl Part {
    const fn id(self) -> u8 {
        match self {
            Part::Whole => 0,
            Part::Left => 1,
            Part::Right => 2,
        }
    }
}

impl Found {
    /// Objects that were made this moment.
    pub(crate) fn new(name: &str, kind: KeyKind, halves: Halves, left: ObjectHandle) -> Self {
        Found { name: name.to_owned(), kind, usage: KeyUse::Mac, left, right: None, halves }
    }
}

/// The key of that name, for one use.
pub(crate) fn find(session: &Session, name: &str, usage: KeyUse) -> Result<Found, VaultError> {
    let found = find_any(session, name)?;
    if found.usage == usage { Ok(found) } else { Err(VaultError::WrongUse(name.to_owned())) }
}

/// The key of that name, whatever it is for.
pub(crate) fn find_any(session: &Session, name: &str) -> Result<Found, VaultError> {
    let mut found: Option<Found> = None;
    for object in by_label(session, name)? {
        let wanted = [AttributeType::KeyType, AttributeType::Unwrap, AttributeType::Id];
        let (mut kind, mut usage, mut right) = (KeyKind::Des, KeyUse::Mac, false);
        let mut halves = Halves::Tripled;
        for attribute in session.get_attributes(object, &wanted).map_err(failed)? {
            match attribute {
                Attribute::KeyType(KeyType::AES) => kind = KeyKind::Aes,
                Attribute::KeyType(KeyType::DES) => halves = Halves::Single,
                Attribute::Unwrap(true) => usage = KeyUse::Unwrap,
                Attribute::Id(id) => right = id == [Part::Right.id()],
                _ => {}
            }
        }
        match &mut found {
            Some(found) if right => found.right = Some(object),
            Some(found) => found.right = Some(std::mem::replace(&mut found.left, object)),
            None => {
                let name = name.to_owned();
                found = Some(Found { name, kind, usage, left: object, right: None, halves });
            }
        }
    }
    found.ok_or_else(|| VaultError::UnknownKey(name.to_owned()))
}

/// Whether any key has that name.
pub(crate) fn exists(session: &Session, name: &str) -> Result<bool, VaultError> {
    by_label(session, name).map(|objects| !objects.is_empty())
}

/// Destroys all objects of a key.
pub(crate) fn destroy(session: &Session, found: &Found) -> Result<(), VaultError> {
    for object in [Some(found.left), found.right].into_iter().flatten() {
        session.destroy_object(object).map_err(failed)?;
    }
    Ok(())
}

fn by_label(session: &Session, name: &str) -> Result<Vec<ObjectHandle>, VaultError> {
    let template = [
        Attribute::Class(ObjectClass::SECRET_KEY),
        Attribute::Token(true),
        Attribute::Label(name.as_bytes().to_vec()),
    ];
    session.find_objects(&template).map_err(failed)
}

/// The template of a MAC key: it never leaves the token, and does nothing but what its code needs. The halves of a DES
/// key encrypt and decrypt, because the token has no retail MAC of its own.
pub(crate) fn template(
    name: &str,
    kind: KeyKind,
    halves: Halves,
    (part, lives): (Part, Lives),
) -> Vec<Attribute> {
    let is_aes = kind == KeyKind::Aes;
    let key_type = match (kind, halves) {
        (KeyKind::Aes, _) => KeyType::AES,
        (KeyKind::Des, Halves::Single) => KeyType::DES,
        (KeyKind::Des, Halves::Tripled) => KeyType::DES3,
    };
    vec![
        Attribute::Class(ObjectClass::SECRET_KEY),
        Attribute::KeyType(key_type),
        Attribute::Label(name.as_bytes().to_vec()),
        Attribute::Id(vec![part.id()]),
        Attribute::Token(lives == Lives::OnToken),
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Extractable(false),
        Attribute::Sign(is_aes),
        Attribute::Verify(is_aes),
        Attribute::Encrypt(!is_aes),
        Attribute::Decrypt(!is_aes),
        Attribute::Wrap(false),
        Attribute::Unwrap(false),
        Attribute::Derive(false),
    ]
}

impl std::fmt::Debug for Found {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Found({:?}, ****)", self.name)
    }
}
