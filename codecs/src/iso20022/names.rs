//! Which characters XML 1.0 (fifth edition) allows, and what a reference stands for.

use std::borrow::Cow;

use super::error::Fault;

/// Production 2, `Char`. What UTF-8 cannot hold anyway is not asked for.
pub(super) fn is_char(c: char) -> bool {
    !matches!(c, '\0'..='\x08' | '\x0b' | '\x0c' | '\x0e'..='\x1f' | '\u{fffe}' | '\u{ffff}')
}

/// Production 3, `S`.
pub(super) fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

/// Production 4, without the colon: namespaces take it.
fn starts_name(c: char) -> bool {
    matches!(c, 'A'..='Z' | 'a'..='z' | '_' | '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{2ff}'
        | '\u{370}'..='\u{37d}' | '\u{37f}'..='\u{1fff}' | '\u{200c}' | '\u{200d}' | '\u{2070}'..='\u{218f}'
        | '\u{2c00}'..='\u{2fef}' | '\u{3001}'..='\u{d7ff}' | '\u{f900}'..='\u{fdcf}' | '\u{fdf0}'..='\u{fffd}'
        | '\u{10000}'..='\u{effff}')
}

/// Production 4a, without the colon.
fn continues_name(c: char) -> bool {
    starts_name(c)
        || matches!(c, '0'..='9' | '-' | '.' | '\u{b7}' | '\u{300}'..='\u{36f}' | '\u{203f}' | '\u{2040}')
}

fn is_ncname(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(starts_name) && chars.all(continues_name)
}

/// The prefix, empty without one, and the local part of a qualified name.
///
/// # Errors
/// It is no qualified name.
pub(super) fn split(name: &str) -> Result<(&str, &str), Fault> {
    let (prefix, local) = name.split_once(':').unwrap_or(("", name));
    let is_name = is_ncname(local) && (is_ncname(prefix) || prefix.is_empty() && !name.contains(':'));
    if is_name { Ok((prefix, local)) } else { Err(Fault::xml("a name has a character names do not have")) }
}

/// The text with line ends as XML wants them (section 2.11), its characters checked.
///
/// # Errors
/// A character that XML does not allow.
pub(super) fn characters(text: &str) -> Result<Cow<'_, str>, Fault> {
    // Most text is plain ASCII in one line; every byte that could be wrong stands out.
    if text.bytes().all(|b| matches!(b, b' '..=0x7f | b'\t' | b'\n')) {
        return Ok(Cow::Borrowed(text));
    }
    if !text.chars().all(is_char) {
        return Err(Fault::xml("a character that XML does not allow"));
    }
    if !text.contains('\r') {
        return Ok(Cow::Borrowed(text));
    }
    Ok(Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n")))
}

/// What stands for `&name;`.
///
/// # Errors
/// An entity beyond the five of XML itself (security), a character reference that is wrong.
pub(super) fn reference(name: &str) -> Result<char, Fault> {
    let digits = match name.strip_prefix('#') {
        Some(digits) => digits,
        None => return entity(name),
    };
    let (digits, radix) = match digits.strip_prefix('x') {
        Some(digits) => (digits, 16),
        None => (digits, 10),
    };
    let is_number = !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix));
    let number = is_number.then(|| u32::from_str_radix(digits, radix).ok()).flatten();
    number
        .and_then(char::from_u32)
        .filter(|c| is_char(*c))
        .ok_or(Fault::xml("a character reference to what is no character of XML"))
}

fn entity(name: &str) -> Result<char, Fault> {
    match name {
        "amp" => Ok('&'),
        "lt" => Ok('<'),
        "gt" => Ok('>'),
        "quot" => Ok('"'),
        "apos" => Ok('\''),
        _ if is_ncname(name) => Err(Fault::security("a reference to an entity")),
        _ => Err(Fault::xml("an ampersand that begins no reference")),
    }
}
