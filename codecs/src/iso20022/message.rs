//! Whole messages: built as bytes of one version, read from bytes of any version known.

use std::io::BufRead;

use super::elem::Elem;
use super::error::Fault;
use super::part::Content;
use super::read::{Children, PassedOver, Reading};
use super::rule::Problem;
use super::specimen::{Chance, Dice, Filling};
use super::version::{Family, Version};
use super::write::{BuildError, Writer};
use super::xml::{Event, Reader};
use super::{
    Camt029, Camt056, Head001, Layer, Limits, Pacs002, Pacs003, Pacs004, Pacs008, Pacs009, Pacs028, Pain001,
    Pain002, Pain008, Pain013, Pain014, XmlError,
};

/// A family of messages as a struct. Nothing outside implements it.
#[expect(private_bounds, reason = "how messages are written and read is known here alone")]
pub trait Message: Root {
    /// Which family.
    const FAMILY: Family;
}

/// The element of a message.
pub(crate) trait Root: Content {
    /// As a table, so that it can be looked for.
    const ELEMENT: &'static [Elem];
    /// False for the header, which is a root of its own.
    const IN_DOCUMENT: bool = true;
}

/// Names the family and the element of a message.
macro_rules! message {
    ($message:ident, $name:literal) => {
        impl $crate::iso20022::message::Message for $message {
            const FAMILY: $crate::iso20022::Family = $crate::iso20022::Family::$message;
        }

        impl $crate::iso20022::message::Root for $message {
            const ELEMENT: &'static [$crate::iso20022::elem::Elem] = &[$crate::iso20022::elem::elem($name)];
        }
    };
}
pub(super) use message;

/// A message that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parsed<M> {
    /// What it says.
    pub message: M,
    /// In which version it came.
    pub version: Version,
    /// What it says beyond the structs.
    pub passed_over: PassedOver,
}

/// Builds `message` in `version`: one line of UTF-8, the same for the same message.
///
/// # Errors
/// The element that is missing, too long, not of this version or otherwise not what the schema takes.
pub fn build<M: Message>(message: &M, version: Version) -> Result<Vec<u8>, BuildError> {
    let mut to = Writer::new(version);
    to.declaration();
    put(message, &mut to)?;
    Ok(to.out)
}

/// Writes the document of a message, without the XML declaration.
pub(super) fn put<M: Message>(message: &M, to: &mut Writer) -> Result<(), BuildError> {
    let element = &M::ELEMENT[0];
    if to.version.family() != M::FAMILY {
        return Err(to.error(element, Problem::OtherFamily(to.version)));
    }
    to.declare_namespace();
    if M::IN_DOCUMENT {
        to.open("Document");
    }
    message.write(element, to)?;
    if M::IN_DOCUMENT {
        to.close();
    }
    Ok(())
}

/// Reads a message of one family in any version known, and holds it against its schema. Its size is held to
/// [`Limits::message`]; the structs may take several times that, so that files of many payments belong to
/// [`TransferReader`](super::TransferReader) and [`OrderReader`](super::OrderReader).
///
/// # Errors
/// What [`Reader`] refuses; a message of another family or of a version that is not known; lists of empty parts that
/// would take many times the document.
pub fn parse<M: Message>(bytes: &[u8]) -> Result<Parsed<M>, XmlError> {
    let mut from = start(Reader::new(bytes, Limits::message()).validating())?;
    if from.version.family() != M::FAMILY {
        return Err(from.error(Problem::OtherFamily(from.version)));
    }
    let message = body(&mut from)?;
    finish(&mut from)?;
    Ok(Parsed { message, version: from.version, passed_over: from.passed_over })
}

/// Goes into the root, which tells the version.
pub(super) fn start<R: BufRead>(mut reader: Reader<R>) -> Result<Reading<R>, XmlError> {
    let version = match reader.next()? {
        Event::Start { namespace, .. } => Version::by_namespace(namespace),
        Event::Text(_) | Event::End | Event::Eof => None,
    };
    match version {
        Some(version) => Ok(Reading::new(reader, version)),
        None => Err(reader.error(unknown())),
    }
}

pub(super) fn unknown() -> Fault {
    Fault { layer: Layer::Schema, reason: "a message or version that is not known".into(), at: None }
}

/// Reads the message from its root, which was just started, to the end of the root.
pub(super) fn body<M: Message, R: BufRead>(from: &mut Reading<R>) -> Result<M, XmlError> {
    if !M::IN_DOCUMENT {
        return M::read(&M::ELEMENT[0], from);
    }
    let mut children = Children::new(M::ELEMENT);
    if !children.take(from)? {
        return Err(from.missing(&M::ELEMENT[0]));
    }
    let message = M::read(&M::ELEMENT[0], from)?;
    children.next_row();
    children.finish(from)?;
    Ok(message)
}

/// After the root there is nothing.
pub(super) fn finish<R: BufRead>(from: &mut Reading<R>) -> Result<(), XmlError> {
    match from.reader.next()? {
        Event::Eof => Ok(()),
        _ => Err(from.error(Problem::OutOfPlace)),
    }
}

/// An invented message that `version` can carry, filled as `filling` says.
///
/// # Errors
/// `OtherFamily` when the version is of another family.
pub fn specimen<M: Message>(
    version: Version,
    filling: Filling,
    chance: &mut Chance<'_>,
) -> Result<M, BuildError> {
    let element = &M::ELEMENT[0];
    if version.family() != M::FAMILY {
        return Err(Writer::new(version).error(element, Problem::OtherFamily(version)));
    }
    Ok(M::specimen(element, version, &mut Dice::new(filling, chance)))
}

macro_rules! any {
    ($($family:ident)*) => {
        /// A message of any family.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum AnyMessage {
            $(
                #[doc = concat!("[`", stringify!($family), "`]")]
                $family(Box<$family>),
            )*
        }

        $(impl From<$family> for AnyMessage {
            fn from(message: $family) -> Self {
                AnyMessage::$family(Box::new(message))
            }
        })*

        impl AnyMessage {
            /// Which family.
            #[must_use]
            pub fn family(&self) -> Family {
                match self { $(AnyMessage::$family(_) => Family::$family,)* }
            }

            /// Builds it in `version`; see [`build`].
            ///
            /// # Errors
            /// Those of [`build`].
            pub fn build(&self, version: Version) -> Result<Vec<u8>, BuildError> {
                match self { $(AnyMessage::$family(message) => build(&**message, version),)* }
            }


            /// See [`specimen`]; the family is that of the version.
            #[must_use]
            pub fn specimen(version: Version, filling: Filling, chance: &mut Chance<'_>) -> Self {
                let mut dice = Dice::new(filling, chance);
                match version.family() {
                    $(Family::$family => $family::specimen(&$family::ELEMENT[0], version, &mut dice).into(),)*
                }
            }

            /// Reads the message whose root was just started.
            pub(super) fn body<R: BufRead>(from: &mut Reading<R>) -> Result<Self, XmlError> {
                match from.version.family() { $(Family::$family => body::<$family, R>(from).map(Self::from),)* }
            }
        }
    };
}

any! {
    Head001 Pacs002 Pacs003 Pacs004 Pacs008 Pacs009 Pacs028 Pain001 Pain002 Pain008 Pain013 Pain014 Camt029 Camt056
}

/// Reads a message of any family and version known, and holds it against its schema.
///
/// # Errors
/// What [`Reader`] refuses; a message or version that is not known.
pub fn parse_any(bytes: &[u8]) -> Result<Parsed<AnyMessage>, XmlError> {
    let mut from = start(Reader::new(bytes, Limits::message()).validating())?;
    let message = AnyMessage::body(&mut from)?;
    finish(&mut from)?;
    Ok(Parsed { message, version: from.version, passed_over: from.passed_over })
}
