//! The schemas of all messages in one table, made from the published XSDs.
//!
//! `table.txt` has a line for every message and every type that differs, types shared by name. It is written by
//! `tests/iso20022_table.rs` and compared with the XSDs there at every run.

use std::collections::HashMap;
use std::str::SplitAsciiWhitespace;
use std::sync::LazyLock;

use super::simple::Simple;

/// Everything there is to know about the messages.
#[derive(Debug, Default)]
pub(in crate::iso20022) struct Table {
    messages: Vec<Message>,
    types: Vec<Type>,
    particles: Vec<Particle>,
}

/// A version of a message.
#[derive(Clone, Copy, Debug)]
pub(in crate::iso20022) struct Message {
    /// Such as `pacs.008.001.08`.
    pub(in crate::iso20022) name: &'static str,
    /// `Document` or `AppHdr`.
    pub(super) root: Particle,
}

/// What an element may hold.
#[derive(Debug)]
pub(in crate::iso20022) enum Type {
    /// A text, in an amount with its currency as an attribute.
    Text { simple: Simple, attribute: Option<(&'static str, TypeId)> },
    /// Elements one after the other.
    Sequence(Particles),
    /// One of several elements.
    Choice(Particles),
    /// One element of another's making, of this namespace if there is one.
    Any(Option<&'static str>),
}

/// The place of a type in the table.
pub(super) type TypeId = u16;

/// A range of particles in the table.
#[derive(Clone, Copy, Debug)]
pub(in crate::iso20022) struct Particles {
    begin: u32,
    end: u32,
}

/// An element where it may stand, and how often.
#[derive(Clone, Copy, Debug)]
pub(super) struct Particle {
    pub(super) name: &'static str,
    pub(super) type_id: TypeId,
    pub(super) min: u32,
    pub(super) max: u32,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    Table::read(include_str!("table.txt")).expect("the table is written and read back by the tests")
});

/// The table.
pub(in crate::iso20022) fn table() -> &'static Table {
    &TABLE
}

impl Table {
    pub(super) fn message(&self, name: &str) -> Option<&Message> {
        let place = self.messages.binary_search_by(|message| message.name.cmp(name)).ok()?;
        self.messages.get(place)
    }

    pub(in crate::iso20022) fn messages(&self) -> impl Iterator<Item = &Message> {
        self.messages.iter()
    }

    pub(super) fn type_of(&self, id: TypeId) -> &Type {
        &self.types[usize::from(id)]
    }

    pub(super) fn particles(&self, particles: Particles) -> &[Particle] {
        &self.particles[particles.begin as usize..particles.end as usize]
    }

    fn read(text: &'static str) -> Option<Self> {
        let mut table = Self::default();
        let lines = || text.lines().filter(|line| !line.starts_with('#'));
        let types = lines().filter(|line| !line.contains(" message ")).map(|line| line.split(' ').next());
        let names: HashMap<&str, TypeId> =
            types.zip(0..).map(|(name, id)| Some((name?, id))).collect::<Option<_>>()?;
        for line in lines() {
            let mut words = line.split_ascii_whitespace();
            let (name, kind) = (words.next()?, words.next()?);
            let read = match kind {
                "message" => {
                    let root = Particle::read(words.next()?, &names)?;
                    table.messages.push(Message { name, root });
                    continue;
                }
                "sequence" => Type::Sequence(table.read_particles(words, &names)?),
                "choice" => Type::Choice(table.read_particles(words, &names)?),
                "any" => Type::Any(words.next()),
                "with" => {
                    let (attribute, type_name) = words.next()?.split_once(':')?;
                    let attribute = Some((attribute, *names.get(type_name)?));
                    Type::Text { simple: Simple::read(words)?, attribute }
                }
                "text" => Type::Text { simple: Simple::read(words)?, attribute: None },
                _ => return None,
            };
            table.types.push(read);
        }
        Some(table)
    }

    fn read_particles(
        &mut self,
        words: SplitAsciiWhitespace<'static>,
        names: &HashMap<&str, TypeId>,
    ) -> Option<Particles> {
        let begin = u32::try_from(self.particles.len()).ok()?;
        for word in words {
            self.particles.push(Particle::read(word, names)?);
        }
        Some(Particles { begin, end: u32::try_from(self.particles.len()).ok()? })
    }
}

impl Particle {
    /// `Name:Type`, then nothing, `?`, `*` or `{min,max}`; `{1,}` has no maximum.
    fn read(word: &'static str, names: &HashMap<&str, TypeId>) -> Option<Self> {
        let (name, rest) = word.split_once(':')?;
        let (type_name, min, max) = match rest.strip_suffix('}').and_then(|rest| rest.split_once('{')) {
            Some((type_name, counts)) => {
                let (min, max) = counts.split_once(',')?;
                (type_name, min.parse().ok()?, if max.is_empty() { u32::MAX } else { max.parse().ok()? })
            }
            None => match rest.as_bytes().last()? {
                b'?' => (&rest[..rest.len() - 1], 0, 1),
                b'*' => (&rest[..rest.len() - 1], 0, u32::MAX),
                _ => (rest, 1, 1),
            },
        };
        Some(Self { name, type_id: *names.get(type_name)?, min, max })
    }
}
