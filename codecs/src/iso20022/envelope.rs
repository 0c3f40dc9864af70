//! Header and message in one document: `AppHdr` and `Document` under an element whose name the network chooses.

use super::elem::{Elem, elem};
use super::error::Fault;
use super::message::{AnyMessage, Message, Parsed, body, finish, put, unknown};
use super::read::Reading;
use super::rule::Problem;
use super::version::{Family, Version};
use super::write::{BuildError, Writer, escape};
use super::xml::{Event, Reader};
use super::{Head001, Layer, Limits, XmlError};

/// The element around header and message, as a network's profile names it. ISO 20022 itself names none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    name: String,
    namespace: Option<String>,
}

/// Where errors about the header and the message as a pair are shown.
const NAME: Elem = elem("AppHdr/MsgDefIdr");

impl Envelope {
    /// An element called `name`, in a namespace or none. `None` unless the name is letters, digits, `_`, `-` and `.` of
    /// ASCII, begins with a letter, and is not one of those inside.
    #[must_use]
    pub fn new(name: &str, namespace: Option<&str>) -> Option<Self> {
        let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.bytes().all(|c| c.is_ascii_alphanumeric() || b"_-.".contains(&c))
            && !matches!(name, "AppHdr" | "Document")
            && !name.get(..3).is_some_and(|head| head.eq_ignore_ascii_case("xml"));
        let is_space = namespace.is_none_or(|space| {
            !space.is_empty() && space.bytes().all(|c| c.is_ascii_graphic() && !b"<>\"'&".contains(&c))
        });
        (is_name && is_space).then(|| Self { name: name.to_owned(), namespace: namespace.map(str::to_owned) })
    }

    /// Builds header and message, each in its version.
    ///
    /// # Errors
    /// Those of [`build`](super::build), for either; `OtherFamily` when the header names another message than the one in
    /// the document.
    pub fn build<M: Message>(
        &self,
        header: &Head001,
        header_version: Version,
        message: &M,
        version: Version,
    ) -> Result<Vec<u8>, BuildError> {
        let mut head = Writer::new(header_version);
        if header.message_name != version.name() {
            return Err(head.error(&NAME, Problem::OtherFamily(version)));
        }
        head.declaration();
        head.out.push(b'<');
        head.out.extend_from_slice(self.name.as_bytes());
        if let Some(namespace) = &self.namespace {
            head.out.extend_from_slice(b" xmlns=\"");
            escape(namespace, &mut head.out);
            head.out.push(b'"');
        }
        head.out.push(b'>');
        put(header, &mut head)?;
        let mut to = Writer::new(version);
        to.out = head.out;
        put(message, &mut to)?;
        to.out.extend_from_slice(format!("</{}>", self.name).as_bytes());
        Ok(to.out)
    }
}

/// A message that was read, with its header if it came in an envelope that has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// The name of the element around both; `None` for a message alone.
    pub envelope: Option<String>,
    /// `AppHdr`
    pub header: Option<Parsed<Head001>>,
    /// `Document`
    pub document: Parsed<AnyMessage>,
}

/// Reads a message alone, or header and message in an envelope of any name.
///
/// # Errors
/// What [`Reader`] refuses; a message or version that is not known; a header that names another message than the one in
/// the document (layer `business`).
pub fn open(bytes: &[u8]) -> Result<Opened, XmlError> {
    let mut reader = Reader::new(bytes, Limits::message()).validating();
    let (name, version) = root(&mut reader)?.unwrap_or_default();
    if matches!(&*name, "Document" | "AppHdr") {
        let mut from = reading(reader, version)?;
        let document = parsed(&mut from)?;
        finish(&mut from)?;
        return Ok(Opened { envelope: None, header: None, document });
    }
    let (mut header, mut document) = (None, None);
    while let Some((name, version)) = root(&mut reader)? {
        let mut from = reading(reader, version)?;
        match (&*name, from.version.family()) {
            ("AppHdr", Family::Head001) if header.is_none() && document.is_none() => {
                let message = body::<Head001, _>(&mut from)?;
                header = Some(Parsed { message, version: from.version, passed_over: from.passed_over });
            }
            ("Document", _) if document.is_none() => document = Some(parsed(&mut from)?),
            _ => return Err(from.error(Problem::OutOfPlace)),
        }
        reader = from.reader;
    }
    let Some(document) = document else {
        return Err(reader.error(Fault {
            layer: Layer::Schema,
            reason: "there is no Document".into(),
            at: None,
        }));
    };
    if header.as_ref().is_some_and(|header| header.message.message_name != document.version.name()) {
        let reason = "MsgDefIdr of the header is not the message in the document".into();
        return Err(reader.error(Fault { layer: Layer::Business, reason, at: None }));
    }
    match reader.next()? {
        Event::Eof => Ok(Opened { envelope: Some(name), header, document }),
        _ => Err(reader.error(unknown())),
    }
}

/// The element that begins next, and the version its namespace names; `None` at the end of the one around it.
fn root(reader: &mut Reader<&[u8]>) -> Result<Option<(String, Option<Version>)>, XmlError> {
    match reader.next()? {
        Event::Start { name, namespace, .. } => Ok(Some((name.to_owned(), Version::by_namespace(namespace)))),
        Event::End | Event::Eof => Ok(None),
        Event::Text(_) => Err(reader.error(unknown())),
    }
}

fn reading(mut reader: Reader<&[u8]>, version: Option<Version>) -> Result<Reading<&[u8]>, XmlError> {
    match version {
        Some(version) => Ok(Reading::new(reader, version)),
        None => Err(reader.error(unknown())),
    }
}

fn parsed(from: &mut Reading<&[u8]>) -> Result<Parsed<AnyMessage>, XmlError> {
    let message = AnyMessage::body(from)?;
    Ok(Parsed { message, version: from.version, passed_over: std::mem::take(&mut from.passed_over) })
}
