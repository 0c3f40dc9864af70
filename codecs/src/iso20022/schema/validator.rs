//! Holds elements against the table while they pass: constant memory, a few comparisons an element.

use std::borrow::Cow;

use super::simple::Simple;
use super::table::{Message, Particle, Table, Type, TypeId, table};
use crate::iso20022::error::Fault;
use crate::iso20022::tag::Attributes;
use crate::iso20022::{Layer, NAMESPACE};

/// What is expected in each open element.
#[derive(Debug)]
pub(in crate::iso20022) struct Validator {
    table: &'static Table,
    open: Vec<Open>,
    message: Option<&'static Message>,
    envelope: Envelope,
    /// Elements open inside one of another's making.
    foreign: usize,
    has_text: bool,
}

/// An element that may wrap a header and a document, as networks send them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Envelope {
    is_open: bool,
    headers: u8,
    documents: u8,
}

#[derive(Clone, Copy, Debug)]
struct Open {
    name: &'static str,
    type_id: TypeId,
    /// The particle of the last child and how many of it there were.
    at: usize,
    count: u32,
}

/// No child yet in a choice.
const NONE: usize = usize::MAX;

fn fault(reason: impl Into<Cow<'static, str>>) -> Fault {
    Fault { layer: Layer::Schema, reason: reason.into(), at: None }
}

impl Validator {
    pub(in crate::iso20022) fn new() -> Self {
        let envelope = Envelope::default();
        Self { table: table(), open: Vec::new(), message: None, envelope, foreign: 0, has_text: false }
    }

    /// The message being read, or read last.
    pub(in crate::iso20022) fn message(&self) -> Option<&'static str> {
        self.message.map(|message| message.name)
    }

    /// The name of the innermost open element and its type if it is a text; `None` outside of messages and inside
    /// elements of another's making.
    pub(in crate::iso20022) fn innermost(&self) -> Option<(&'static str, Option<&'static Simple>)> {
        let open = self.open.last().filter(|_| self.foreign == 0)?;
        match self.table.type_of(open.type_id) {
            Type::Text { simple, .. } => Some((open.name, Some(simple))),
            _ => Some((open.name, None)),
        }
    }

    /// An element begins.
    pub(in crate::iso20022) fn start(
        &mut self,
        name: &str,
        namespace: &str,
        attributes: Attributes<'_>,
    ) -> Result<(), Fault> {
        self.has_text = false;
        if self.foreign > 0 {
            self.foreign += 1;
            return Ok(());
        }
        let child = match self.open.last_mut() {
            None => return self.start_root(name, namespace, attributes),
            Some(parent) => match self.table.type_of(parent.type_id) {
                Type::Text { .. } => return Err(fault("an element inside a text")),
                Type::Any(wanted) => {
                    parent.count += 1;
                    if parent.count > 1 || wanted.is_some_and(|wanted| wanted != namespace) {
                        return Err(fault("the element is not expected here"));
                    }
                    // Only a message of the same version is known here, and it is then held to its schema.
                    match self.message.filter(|m| m.root.name == name && is_of(m, namespace)) {
                        Some(message) => message.root,
                        None => {
                            self.foreign = 1;
                            return Ok(());
                        }
                    }
                }
                Type::Sequence(particles) => {
                    parent.next_of_sequence(self.table.particles(*particles), name)?
                }
                Type::Choice(particles) => parent.next_of_choice(self.table.particles(*particles), name)?,
            },
        };
        if self.message.is_none_or(|message| !is_of(message, namespace)) {
            return Err(fault("the element is of another namespace than its message"));
        }
        self.push(child, attributes)
    }

    fn push(&mut self, child: Particle, attributes: Attributes<'_>) -> Result<(), Fault> {
        let Particle { name, type_id, .. } = child;
        let at = if matches!(self.table.type_of(type_id), Type::Choice(_)) { NONE } else { 0 };
        self.open.push(Open { name, type_id, at, count: 0 });
        let wanted = match self.table.type_of(type_id) {
            Type::Text { attribute, .. } => *attribute,
            _ => None,
        };
        for (name, value) in attributes.iter() {
            match wanted.filter(|(wanted, _)| *wanted == name).map(|(_, id)| self.table.type_of(id)) {
                Some(Type::Text { simple, .. }) => {
                    simple
                        .check(value)
                        .map_err(|reason| fault(format!("{}: {reason}", child_attribute(wanted))))?;
                }
                _ => return Err(fault("an attribute the element does not have")),
            }
        }
        match wanted.filter(|(wanted, _)| attributes.get(wanted).is_none()) {
            Some((wanted, _)) => Err(fault(format!("the attribute {wanted} is missing"))),
            None => Ok(()),
        }
    }

    fn start_root(&mut self, name: &str, namespace: &str, attributes: Attributes<'_>) -> Result<(), Fault> {
        let is_message = matches!(name, "Document" | "AppHdr");
        if !is_message {
            if self.envelope.is_open {
                return Err(fault("neither AppHdr nor Document"));
            }
            self.envelope.is_open = true;
            return Ok(());
        }
        let known = namespace.strip_prefix(NAMESPACE).and_then(|message| self.table.message(message));
        let message = known.ok_or_else(|| fault(format!("no schema is known for {}", shown(namespace))))?;
        if message.root.name != name {
            return Err(fault(format!("the root of {} is {}", message.name, message.root.name)));
        }
        if self.envelope.is_open {
            self.envelope.admit(name)?;
        }
        self.message = Some(message);
        self.push(message.root, attributes)
    }

    /// The text of an element, whole.
    pub(in crate::iso20022) fn text(&mut self, text: &str) -> Result<(), Fault> {
        if self.foreign > 0 {
            return Ok(());
        }
        self.has_text = true;
        match self.open.last().map(|open| self.table.type_of(open.type_id)) {
            Some(Type::Text { simple, .. }) => simple.check(text).map_err(fault),
            _ if text.bytes().all(|b| matches!(b, b' ' | b'\t' | b'\r' | b'\n')) => Ok(()),
            _ => Err(fault("text where elements are expected")),
        }
    }

    /// The innermost element ends.
    pub(in crate::iso20022) fn end(&mut self) -> Result<(), Fault> {
        if self.foreign > 0 {
            self.foreign -= 1;
            return Ok(());
        }
        let has_text = std::mem::replace(&mut self.has_text, true);
        let Some(open) = self.open.last() else { return self.envelope.close() };
        match self.table.type_of(open.type_id) {
            Type::Text { simple, .. } if !has_text => simple.check("").map_err(fault)?,
            Type::Text { .. } => {}
            Type::Any(_) if open.count == 0 => return Err(fault("an element is missing")),
            Type::Any(_) => {}
            Type::Sequence(particles) => open.end_of_sequence(self.table.particles(*particles))?,
            Type::Choice(particles) => open.end_of_choice(self.table.particles(*particles))?,
        }
        self.open.pop();
        Ok(())
    }
}

impl Open {
    fn next_of_sequence(&mut self, particles: &[Particle], name: &str) -> Result<Particle, Fault> {
        while let Some(particle) = particles.get(self.at) {
            if particle.name == name && self.count < particle.max {
                self.count += 1;
                return Ok(*particle);
            }
            if self.count < particle.min {
                return Err(fault(format!("{} is missing before it", particle.name)));
            }
            (self.at, self.count) = (self.at + 1, 0);
        }
        Err(fault("the element is not expected here"))
    }

    fn end_of_sequence(&self, particles: &[Particle]) -> Result<(), Fault> {
        let mut count = self.count;
        for particle in particles.iter().skip(self.at) {
            if count < particle.min {
                return Err(fault(format!("{} is missing", particle.name)));
            }
            count = 0;
        }
        Ok(())
    }

    fn next_of_choice(&mut self, particles: &[Particle], name: &str) -> Result<Particle, Fault> {
        if self.at == NONE {
            self.at = particles.iter().position(|particle| particle.name == name).unwrap_or(NONE);
        }
        let chosen =
            particles.get(self.at).filter(|particle| particle.name == name && self.count < particle.max);
        self.count += 1;
        chosen.copied().ok_or_else(|| fault("the element is not expected here"))
    }

    fn end_of_choice(&self, particles: &[Particle]) -> Result<(), Fault> {
        let is_enough = match particles.get(self.at) {
            Some(chosen) => self.count >= chosen.min,
            None => particles.iter().any(|particle| particle.min == 0),
        };
        if is_enough { Ok(()) } else { Err(fault("one of the elements to choose from is missing")) }
    }
}

impl Envelope {
    /// A header may come first, a document has to come.
    fn admit(&mut self, name: &str) -> Result<(), Fault> {
        let (headers, documents) = if name == "AppHdr" { (1, 0) } else { (0, 1) };
        if self.documents > 0 || self.headers + headers > 1 {
            return Err(fault("an envelope holds one header, then one document"));
        }
        (self.headers, self.documents) = (self.headers + headers, self.documents + documents);
        Ok(())
    }

    fn close(&self) -> Result<(), Fault> {
        if self.documents == 1 { Ok(()) } else { Err(fault("the envelope holds no Document")) }
    }
}

fn is_of(message: &Message, namespace: &str) -> bool {
    namespace.strip_prefix(NAMESPACE) == Some(message.name)
}

fn child_attribute(wanted: Option<(&'static str, TypeId)>) -> &'static str {
    wanted.map_or("", |(name, _)| name)
}

/// A namespace, cut to what a log line bears.
fn shown(namespace: &str) -> String {
    match namespace {
        "" => "an element without a namespace".to_owned(),
        _ => format!(
            "the namespace {}",
            namespace.chars().filter(|c| c.is_ascii_graphic()).take(80).collect::<String>()
        ),
    }
}
