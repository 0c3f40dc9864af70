//! Composite fields of every form, filled with anything.
//!
//! Taking a field apart ends, and what comes apart goes together again; parts that make no sense are said with their
//! field, and the message around them is still a message.

use std::sync::LazyLock;

use codecs::iso8583::{Attr, Draft, Mode, Profile, build_subfields, decode, describe, subfields};

use super::input::Input;

/// One field of each form.
static SITE: LazyLock<Profile> = LazyLock::new(|| {
    Profile::from_toml(
        r#"
        base = "iso93-abin"
        [fields.48.sub]
        form = "tlv"
        tag = 4
        tag_attr = "n"
        len = "lllvar"
        [fields.60.sub]
        form = "repeating"
        parts = [{ name = "key", until = "=", max = 20 }, { name = "value", until = ";", max = 20 }]
        [fields.61.sub]
        form = "positional"
        parts = [{ name = "one", attr = "n", max = 1 }, { name = "counted", len = "llvar", max = 10 }, { name = "rest", len = "rest", max = 40 }]
        [fields.62]
        attr = "b"
        [fields.62.sub]
        form = "ber"
        [fields.63]
        attr = "b"
        [fields.63.sub]
        form = "tlv"
        tag = 2
        tag_attr = "n"
        len = "llvar"
        length = "binary"
        attr = "b"
        [fields.112]
        attr = "b"
        [fields.112.sub]
        form = "bitmap"
        parts = [{ bit = 1, name = "packed", attr = "n", charset = "bcd", max = 3 }, { bit = 3, name = "text", len = "llvar", max = 20 }, { bit = 64, name = "sum", attr = "x+n", charset = "bcd", max = 9 }]
        "#,
    )
    .expect("a good file")
});

const FIELDS: [u8; 9] = [43, 48, 54, 56, 60, 61, 62, 63, 112];

/// Takes the rest of `bytes` apart as one composite field. True when every part made sense.
pub fn subfields_of(bytes: &[u8]) -> bool {
    let mut input = Input(bytes);
    let n = input.one_of(&FIELDS);
    let site = &*SITE;
    let mut draft = Draft::new("1200".parse().expect("a message type"));
    if site.field(n).is_some_and(|field| field.attr == Attr::B) {
        draft.set_bytes(n, input.0);
    } else {
        draft.set(n, String::from_utf8_lossy(input.0).into_owned());
    }
    let mut wire = Vec::new();
    if draft.encode(site, &mut wire).is_err() {
        return false;
    }
    let message = decode(site, &wire, Mode::Strict).expect("just written");
    assert!(!describe(&message).to_string().is_empty());
    let parts: Result<Vec<_>, _> = subfields(&message, n).expect("laid out").collect();
    let parts = match parts {
        Ok(parts) => parts,
        Err(error) => {
            assert_eq!(error.field, n);
            assert!(error.to_string().starts_with(&format!("field {n} (")), "{error}");
            return false;
        }
    };
    let values: Vec<(&str, &str)> = parts.iter().map(|part| (&*part.tag, part.value.as_str())).collect();
    let text = build_subfields(site, n, &values).expect("what came apart goes together");
    let mut again = Draft::new(message.mti());
    again.set(n, text);
    let mut wire = Vec::new();
    match again.encode(site, &mut wire) {
        Ok(()) => {}
        // Written with its last separator, a row may be one character longer than it came.
        Err(_) if n == 60 => return true,
        Err(error) => panic!("{error}"),
    }
    let message = decode(site, &wire, Mode::Strict).expect("just written");
    let read: Result<Vec<_>, _> = subfields(&message, n).expect("laid out").collect();
    assert_eq!(read.as_ref(), Ok(&parts), "the parts are not what was put together");
    true
}
