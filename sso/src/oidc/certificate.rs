//! The certificate of a client's TLS connection: its subject and its thumbprint (RFC 8705).

use sha2::{Digest, Sha256};
use switch_core::clock::Timestamp;
use x509_parser::prelude::{FromDer, X509Certificate, X509Name};

use crate::jose::base64url;

/// The certificate the listener verified, DER; put into a request's extensions by the listener only.
#[derive(Debug, Clone)]
pub struct PeerCertificate(pub Vec<u8>);

impl PeerCertificate {
    /// `x5t#S256` (RFC 8705 section 3.1).
    #[must_use]
    pub fn thumbprint(&self) -> String {
        base64url(&Sha256::digest(&self.0))
    }

    /// Whether it is valid now and its subject is a distinguished name as RFC 4514 writes it. Values are
    /// compared as they are, not by the matching rules of directories: one text, one client.
    #[must_use]
    pub fn is_of(&self, subject: &str, now: Timestamp) -> bool {
        let Ok((rest, certificate)) = X509Certificate::from_der(&self.0) else { return false };
        let validity = certificate.validity();
        let now_s = now.0.div_euclid(1000);
        let is_valid = (validity.not_before.timestamp()..=validity.not_after.timestamp()).contains(&now_s);
        let names = (distinguished(certificate.subject()), parse(subject));
        rest.is_empty() && is_valid && matches!(names, (Some(is), Some(wanted)) if is == wanted)
    }
}

/// One attribute: type, value.
type Attribute = (String, String);
/// Each set sorted, the sets from the most special to the most general, as RFC 4514 section 2.1 has them.
type Name = Vec<Vec<Attribute>>;

fn distinguished(name: &X509Name<'_>) -> Option<Name> {
    let mut sets = Vec::new();
    for set in name.iter_rdn() {
        let mut attributes = set
            .iter()
            .map(|one| Some((one.attr_type().to_id_string(), one.as_str().ok()?.to_owned())))
            .collect::<Option<Vec<_>>>()?;
        attributes.sort_unstable();
        sets.push(attributes);
    }
    sets.reverse();
    (!sets.is_empty()).then_some(sets)
}

/// The short names of RFC 4514 section 3.
const SHORT: [(&str, &str); 9] = [
    ("CN", "2.5.4.3"),
    ("L", "2.5.4.7"),
    ("ST", "2.5.4.8"),
    ("O", "2.5.4.10"),
    ("OU", "2.5.4.11"),
    ("C", "2.5.4.6"),
    ("STREET", "2.5.4.9"),
    ("DC", "0.9.2342.19200300.100.1.25"),
    ("UID", "0.9.2342.19200300.100.1.1"),
];

/// A name in text: `CN=agent,OU=tills,O=Company\, Ltd,C=PS`. `None` when it is not one.
fn parse(text: &str) -> Option<Name> {
    let mut sets = vec![Vec::new()];
    let mut rest = text;
    loop {
        let (kind, after) = rest.split_once('=')?;
        let (value, end, next) = value(after)?;
        let kind = kind.trim_start();
        let number = |k: &str| k.contains('.') && k.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        let known = SHORT.iter().find(|(short, _)| short.eq_ignore_ascii_case(kind)).map(|(_, oid)| *oid);
        let oid = known.or_else(|| number(kind).then_some(kind))?;
        sets.last_mut()?.push((oid.to_owned(), value));
        match end {
            None => break,
            Some('+') => {}
            Some(_) => sets.push(Vec::new()),
        }
        rest = next;
    }
    sets.iter_mut().for_each(|set| set.sort_unstable());
    Some(sets)
}

/// A value with its escapes taken away, what ended it, and what follows.
fn value(text: &str) -> Option<(String, Option<char>, &str)> {
    let mut bytes = Vec::new();
    let mut rest = text;
    loop {
        let mut chars = rest.chars();
        match chars.next() {
            None => return Some((String::from_utf8(bytes).ok()?, None, "")),
            Some(end @ (',' | '+')) => {
                return Some((String::from_utf8(bytes).ok()?, Some(end), chars.as_str()));
            }
            Some('\\') => {
                let hex = chars.as_str().get(..2).and_then(|two| u8::from_str_radix(two, 16).ok());
                if let Some(byte) = hex {
                    bytes.push(byte);
                    rest = &chars.as_str()[2..];
                    continue;
                }
                bytes.extend(chars.next()?.to_string().bytes());
            }
            Some('"' | ';' | '<' | '>' | '\0') => return None,
            Some(plain) => bytes.extend(plain.to_string().bytes()),
        }
        rest = chars.as_str();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_rfc_4514_writes_them() {
        let one = |kind: &str, value: &str| vec![(kind.to_owned(), value.to_owned())];
        let name = parse(r"CN=agent 7,O=Company\, Ltd,C=PS").expect("a name");
        assert_eq!(name, [one("2.5.4.3", "agent 7"), one("2.5.4.10", "Company, Ltd"), one("2.5.4.6", "PS")]);
        assert_eq!(parse(r"CN=\D8\B3+OU=x"), parse("ou=x+cn=\u{633}"));
        for wrong in ["", "agent", "XX=a", "CN=a;O=b", "CN=a\\", "=a", "CN=a,", "CN=\\ff"] {
            assert_eq!(parse(wrong), None, "{wrong:?}");
        }
    }
}
