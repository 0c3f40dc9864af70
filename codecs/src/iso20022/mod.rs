//! ISO 20022: XML messages read safely, validated against their schemas, checked by the rules no schema can say.
//!
//! [`Reader`] turns bytes into elements and refuses what a payment message never needs and an attacker does: document
//! types, entities, other encodings, sizes beyond [`Limits`]. Everything here works in one pass over the input.

mod error;
mod limits;
mod names;
mod schema;
mod source;
mod tag;
mod tree;
mod xml;

pub use error::{Layer, XmlError};
pub use limits::Limits;
pub use tag::Attributes;
pub use tree::Element;
pub use xml::{Event, Reader};

/// The names of all messages whose schemas are known, such as `pacs.008.001.08`, in order.
pub fn messages() -> impl Iterator<Item = &'static str> {
    schema::table().messages().map(|message| message.name)
}

/// What every namespace of a message starts with; the message's name follows.
pub const NAMESPACE: &str = "urn:iso:std:iso:20022:tech:xsd:";
