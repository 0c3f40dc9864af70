//! A start tag in parts: its name, its attributes, the namespaces it declares.

use super::error::Fault;
use super::names::{characters, is_space, reference, split};

/// The namespace of `xsi:schemaLocation` and its like, which may stand on any element.
pub(super) const INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";
const XML: &str = "http://www.w3.org/XML/1998/namespace";
const XMLNS: &str = "http://www.w3.org/2000/xmlns/";

/// The attributes of an element as written, without namespace declarations and hints where a schema lies.
#[derive(Clone, Copy, Debug)]
pub struct Attributes<'a> {
    pub(super) tag: &'a Tag,
}

impl<'a> Attributes<'a> {
    /// The value of the attribute called `name`.
    #[must_use]
    pub fn get(self, name: &str) -> Option<&'a str> {
        self.iter().find(|(own, _)| *own == name).map(|(_, value)| value)
    }

    /// Names (with their prefix, if any) and values, in the order of the document.
    pub fn iter(self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let tag = self.tag;
        tag.attributes.iter().map(|a| (tag.part(a.name), tag.part(a.value)))
    }

    /// True without any.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.tag.attributes.is_empty()
    }
}

/// The tag last read. Its parts lie in one text that is used again for the next.
#[derive(Debug, Default)]
pub(super) struct Tag {
    text: String,
    prefix_end: usize,
    name_end: usize,
    attributes: Vec<Attribute>,
}

#[derive(Clone, Copy, Debug)]
struct Attribute {
    name: Part,
    value: Part,
}

type Part = (usize, usize);

impl Tag {
    pub(super) fn prefix(&self) -> &str {
        &self.text[..self.prefix_end]
    }

    /// The name without its prefix.
    pub(super) fn name(&self) -> &str {
        &self.text[self.prefix_end..self.name_end]
    }

    fn part(&self, (from, to): Part) -> &str {
        &self.text[from..to]
    }

    /// Reads what stands between `<` and `>`.
    ///
    /// # Errors
    /// Whatever is not well-formed in it, and more attributes than the limit.
    pub(super) fn read(&mut self, name: &str, attributes: &str, attributes_max: u16) -> Result<(), Fault> {
        let (prefix, local) = split_short(name)?;
        self.text.clear();
        self.attributes.clear();
        self.text.push_str(prefix);
        self.prefix_end = self.text.len();
        self.text.push_str(local);
        self.name_end = self.text.len();
        let mut rest = attributes;
        while let Some((name, value, after)) = next_attribute(rest)? {
            if self.attributes.len() >= usize::from(attributes_max) {
                return Err(Fault::security(format!("more than {attributes_max} attributes")));
            }
            self.push(name, value)?;
            rest = after;
        }
        Ok(())
    }

    fn push(&mut self, name: &str, value: &str) -> Result<(), Fault> {
        split_short(name)?;
        if self.attributes.iter().any(|a| self.part(a.name) == name) {
            return Err(Fault::xml("an attribute is given twice"));
        }
        let from = self.text.len();
        self.text.push_str(name);
        let middle = self.text.len();
        push_value(&mut self.text, value)?;
        self.attributes.push(Attribute { name: (from, middle), value: (middle, self.text.len()) });
        Ok(())
    }

    /// Takes the declarations into `scope` and the names apart: what is left are attributes proper.
    ///
    /// # Errors
    /// A prefix without a namespace, a declaration that namespaces forbid, the same attribute by two prefixes.
    pub(super) fn declare(&mut self, scope: &mut Scope) -> Result<(), Fault> {
        for attribute in &self.attributes {
            match self.part(attribute.name) {
                "xmlns" => scope.declare("", self.part(attribute.value))?,
                name => {
                    if let Some(prefix) = name.strip_prefix("xmlns:") {
                        scope.declare(prefix, self.part(attribute.value))?;
                    }
                }
            }
        }
        let mut kept = std::mem::take(&mut self.attributes);
        let mut wrong = None;
        let mut seen: Vec<(&str, &str)> = Vec::new();
        kept.retain(|attribute| {
            let name = self.part(attribute.name);
            let Some((prefix, local)) = name.split_once(':') else { return name != "xmlns" };
            if prefix == "xmlns" {
                return false;
            }
            let Some(namespace) = scope.of(prefix) else {
                wrong = Some("a prefix without a namespace");
                return false;
            };
            if seen.contains(&(namespace, local)) {
                wrong = Some("an attribute is given twice");
            }
            seen.push((namespace, local));
            !(namespace == INSTANCE && matches!(local, "schemaLocation" | "noNamespaceSchemaLocation"))
        });
        self.attributes = kept;
        wrong.map_or(Ok(()), |reason| Err(Fault::xml(reason)))
    }
}

/// Bytes of a name. The longest of ISO 20022 has 35; a name appears in every path of an error.
const NAME_MAX: usize = 256;

fn split_short(name: &str) -> Result<(&str, &str), Fault> {
    if name.len() > NAME_MAX {
        return Err(Fault::security("a name longer than is taken"));
    }
    split(name)
}

/// The first attribute of what is left of a tag, and what is left after it.
fn next_attribute(rest: &str) -> Result<Option<(&str, &str, &str)>, Fault> {
    const MALFORMED: &str = "an attribute is not written as name=\"value\"";
    let begin = rest.trim_start_matches(is_space);
    if begin.is_empty() {
        return Ok(None);
    }
    if begin.len() == rest.len() {
        return Err(Fault::xml("no space before an attribute"));
    }
    let (name, after) = begin.split_once('=').ok_or(Fault::xml(MALFORMED))?;
    let after = after.trim_start_matches(is_space);
    let quote = after.chars().next().filter(|c| matches!(c, '"' | '\'')).ok_or(Fault::xml(MALFORMED))?;
    let (value, after) = after[1..].split_once(quote).ok_or(Fault::xml(MALFORMED))?;
    Ok(Some((name.trim_end_matches(is_space), value, after)))
}

/// Appends the value with its references resolved and its white space as section 3.3.3 wants it.
fn push_value(text: &mut String, value: &str) -> Result<(), Fault> {
    if value.contains('<') {
        return Err(Fault::xml("a < inside an attribute"));
    }
    let value = characters(value)?;
    let mut rest = &*value;
    while let Some((before, after)) = rest.split_once('&') {
        text.extend(before.chars().map(|c| if is_space(c) { ' ' } else { c }));
        let (name, after) =
            after.split_once(';').ok_or(Fault::xml("an ampersand that begins no reference"))?;
        text.push(reference(name)?);
        rest = after;
    }
    text.extend(rest.chars().map(|c| if is_space(c) { ' ' } else { c }));
    Ok(())
}

/// Which prefix means which namespace, here.
#[derive(Debug, Default)]
pub(super) struct Scope {
    declared: Vec<Declared>,
    depth: usize,
}

#[derive(Debug)]
struct Declared {
    depth: usize,
    prefix: String,
    namespace: String,
}

impl Scope {
    /// An element begins.
    pub(super) fn enter(&mut self) {
        self.depth += 1;
    }

    /// An element ends, and what it declared is forgotten.
    pub(super) fn leave(&mut self) {
        while self.declared.pop_if(|d| d.depth == self.depth).is_some() {}
        self.depth = self.depth.saturating_sub(1);
    }

    fn declare(&mut self, prefix: &str, namespace: &str) -> Result<(), Fault> {
        let is_forbidden = match prefix {
            "" => matches!(namespace, XML | XMLNS),
            "xml" => namespace != XML,
            "xmlns" => true,
            _ => matches!(namespace, "" | XML | XMLNS),
        };
        if is_forbidden {
            return Err(Fault::xml("a namespace declaration that XML forbids"));
        }
        self.declared.push(Declared {
            depth: self.depth,
            prefix: prefix.to_owned(),
            namespace: namespace.to_owned(),
        });
        Ok(())
    }

    /// The namespace of a prefix; that of the empty prefix is the default one, empty without a declaration.
    pub(super) fn of(&self, prefix: &str) -> Option<&str> {
        let declared = self.declared.iter().rev().find(|d| d.prefix == prefix);
        match (declared, prefix) {
            (Some(declared), _) => Some(&declared.namespace),
            (None, "") => Some(""),
            (None, "xml") => Some(XML),
            (None, _) => None,
        }
    }
}
