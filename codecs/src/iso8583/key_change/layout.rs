//! The `[key_change]` table of a profile: codes, ciphers, and where in which field the key stands.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{KeyChangeProblem, NewKey};
use crate::hex;
use crate::iso8583::field::{Attr, FieldSpec, Length};
use crate::keys::{CheckMethod, CheckValue, KeyKind, Wrap};

/// How a host changes keys. Immutable; part of a [`Profile`](super::super::Profile).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyChange {
    pub(super) code_field: u8,
    pub(super) request: String,
    pub(super) deliver: String,
    pub(super) accepted: String,
    pub(super) mismatch: String,
    pub(super) malformed: String,
    pub(super) failed: String,
    pub(super) wrap: Wrap,
    pub(super) kind: KeyKind,
    pub(super) check: CheckMethod,
    pub(super) fields: Vec<(u8, Template)>,
}

/// The table as a file has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::iso8583) struct KeyChangeFile {
    code_field: Option<u8>,
    request: String,
    deliver: Option<String>,
    accepted: Option<String>,
    mismatch: Option<String>,
    malformed: Option<String>,
    failed: Option<String>,
    wrap: Wrap,
    key: KeyKind,
    key_bytes: usize,
    check: Option<CheckMethod>,
    #[serde(default)]
    check_digits: usize,
    fields: BTreeMap<String, String>,
}

/// The text of one field: what stands fixed, and where key and check value go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Template(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    /// So many hexadecimal digits of the wrapped key.
    Key(usize),
    /// So many hexadecimal digits of the check value.
    Check(usize),
    /// So many characters that are not looked at, written as zeros.
    Any(usize),
}

/// A key of the table and what is wrong with it.
type Wrong = (String, String);

impl KeyChange {
    /// The code of an answer that accepts: `00`, `800` in 1993.
    #[must_use]
    pub fn accepted(&self) -> &str {
        &self.accepted
    }

    /// The code when the check value of a key is wrong: `63` (security violation), `921` in 1993.
    #[must_use]
    pub fn mismatch(&self) -> &str {
        &self.mismatch
    }

    /// The code when a field is not as agreed: `30`, `904` in 1993.
    #[must_use]
    pub fn malformed(&self) -> &str {
        &self.malformed
    }

    /// The code when the vault fails: `96`, `909` in 1993.
    #[must_use]
    pub fn failed(&self) -> &str {
        &self.failed
    }

    /// The field the key stands in.
    #[must_use]
    pub fn key_field(&self) -> u8 {
        let has_key =
            |(_, template): &&(u8, Template)| template.0.iter().any(|part| matches!(part, Part::Key(_)));
        self.fields.iter().find(has_key).map_or(0, |(n, _)| *n)
    }

    /// # Errors
    /// The key of the table that makes no sense, and why.
    pub(in crate::iso8583) fn from_file(
        file: KeyChangeFile,
        mti_version: u8,
        field: impl Fn(u8) -> Option<FieldSpec>,
    ) -> Result<Self, Wrong> {
        // What is usual in 1987 and 1993; later editions have no usage to follow.
        let code = |key: &str, own: Option<String>, old: &str, new: &str| match (own, mti_version) {
            (Some(own), _) => Ok(own),
            (None, 0) => Ok(old.to_owned()),
            (None, 1) => Ok(new.to_owned()),
            (None, _) => Err((key.to_owned(), "is missing".to_owned())),
        };
        let wrong = |key: &str, problem: &str| Err((key.to_owned(), problem.to_owned()));
        let check = file.check.unwrap_or(CheckMethod::EncryptZeros);
        let digits = match file.check_digits {
            digits if (1..CheckValue::DIGITS_MIN).contains(&digits) || digits > 2 * check.bytes() => {
                return wrong("check_digits", "is 0 for none, or from 4 to what the method gives");
            }
            digits => digits,
        };
        let sizes: &[usize] = if file.key == KeyKind::Des { &[8, 16, 24] } else { &[16, 24, 32] };
        let block_bytes = file.wrap.block_bytes(file.key_bytes).filter(|_| sizes.contains(&file.key_bytes));
        let Some(block_bytes) = block_bytes else {
            return wrong("key_bytes", "is no length of such a key, or cannot be wrapped so");
        };
        if check == CheckMethod::Cmac && file.key == KeyKind::Des {
            return wrong("check", "is cmac for aes keys only");
        }
        let fields = templates(&file.fields, 2 * block_bytes, digits, field)?;
        let code_field = file.code_field.unwrap_or(if mti_version == 0 { 70 } else { 24 });
        Ok(KeyChange {
            code_field,
            deliver: file.deliver.unwrap_or_else(|| file.request.clone()),
            request: file.request,
            accepted: code("accepted", file.accepted, "00", "800")?,
            mismatch: code("mismatch", file.mismatch, "63", "921")?,
            malformed: code("malformed", file.malformed, "30", "904")?,
            failed: code("failed", file.failed, "96", "909")?,
            wrap: file.wrap,
            kind: file.key,
            check,
            fields,
        })
    }
}

/// The layouts by field, with one key among them, and one check value when any comes.
fn templates(
    files: &BTreeMap<String, String>,
    key_digits: usize,
    check_digits: usize,
    field: impl Fn(u8) -> Option<FieldSpec>,
) -> Result<Vec<(u8, Template)>, Wrong> {
    let mut fields = Vec::new();
    for (number, layout) in files {
        let wrong = |problem: &str| (format!("fields.{number}"), problem.to_owned());
        let n = number.parse::<u8>().map_err(|_| wrong("is not a field number"))?;
        let spec = field(n).ok_or_else(|| wrong("is not a field of this dialect"))?;
        let template = Template::parse(layout, key_digits, check_digits).map_err(wrong)?;
        let per_unit = if spec.attr == Attr::B { 2 } else { 1 };
        let (len, max) = (template.len(), per_unit * usize::from(spec.max));
        if len > max || spec.length == Length::Fixed && len != max {
            return Err(wrong("has a layout that is not as long as the field"));
        }
        fields.push((n, template));
    }
    fields.sort_by_key(|(n, _)| *n);
    let count = |wanted: fn(&Part) -> bool| {
        fields.iter().flat_map(|(_, template)| &template.0).filter(|part| wanted(part)).count()
    };
    if count(|part| matches!(part, Part::Key(_))) != 1 {
        return Err(("fields".to_owned(), "need {key} once".to_owned()));
    }
    if count(|part| matches!(part, Part::Check(_))) != usize::from(check_digits > 0) {
        return Err(("fields".to_owned(), "need {check} once, or check_digits = 0 without".to_owned()));
    }
    Ok(fields)
}

impl Template {
    /// Reads `0{key}{check}`: fixed text, `{key}`, `{check}`, and `{any:4}` for four characters of any kind.
    fn parse(layout: &str, key_digits: usize, check_digits: usize) -> Result<Self, &'static str> {
        const ANY_MAX: usize = 999;
        let mut parts = Vec::new();
        let mut rest = layout;
        while let Some((text, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}').ok_or("has a brace that is not closed")?;
            if !text.is_empty() {
                parts.push(Part::Text(text.to_owned()));
            }
            parts.push(match name.split_once(':') {
                None if name == "key" => Part::Key(key_digits),
                None if name == "check" => Part::Check(check_digits),
                Some(("any", count)) => Part::Any(
                    count.parse().ok().filter(|count| *count <= ANY_MAX).ok_or("has no such {any}")?,
                ),
                _ => return Err("knows {key}, {check} and {any:4} only"),
            });
            rest = after;
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        Ok(Template(parts))
    }

    fn len(&self) -> usize {
        self.0.iter().map(Part::len).sum()
    }

    /// # Errors
    /// `Length` for a key of another length, `Missing` for a check value that is not there.
    pub(super) fn write(&self, block: &str, check: Option<&str>) -> Result<String, KeyChangeProblem> {
        let mut out = String::with_capacity(self.len());
        for part in &self.0 {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Key(digits) if block.len() == *digits => out.push_str(block),
                Part::Key(_) => return Err(KeyChangeProblem::Length),
                Part::Check(digits) => {
                    let given = check.ok_or(KeyChangeProblem::Missing)?;
                    out.push_str(given.get(..*digits).ok_or(KeyChangeProblem::Length)?);
                }
                Part::Any(count) => out.extend(std::iter::repeat_n('0', *count)),
            }
        }
        Ok(out)
    }

    /// Finds key and check value in `text`.
    ///
    /// # Errors
    /// `Length`, `Text`, `NotHex`.
    pub(super) fn read(&self, text: &str, key: &mut NewKey) -> Result<(), KeyChangeProblem> {
        if text.len() != self.len() {
            return Err(KeyChangeProblem::Length);
        }
        let mut rest = text;
        for part in &self.0 {
            let (piece, after) = rest.split_at_checked(part.len()).ok_or(KeyChangeProblem::Text)?;
            rest = after;
            match part {
                Part::Text(agreed) if piece != agreed => return Err(KeyChangeProblem::Text),
                Part::Text(_) | Part::Any(_) => {}
                Part::Key(_) => key.block = hex::decode(piece.as_bytes()).ok_or(KeyChangeProblem::NotHex)?,
                Part::Check(_) if piece.bytes().all(|digit| digit.is_ascii_hexdigit()) => {
                    key.check = Some(piece.to_ascii_uppercase());
                }
                Part::Check(_) => return Err(KeyChangeProblem::NotHex),
            }
        }
        Ok(())
    }
}

impl Part {
    const fn len(&self) -> usize {
        match self {
            Part::Text(text) => text.len(),
            Part::Key(count) | Part::Check(count) | Part::Any(count) => *count,
        }
    }
}
