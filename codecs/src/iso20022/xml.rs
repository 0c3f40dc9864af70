//! The reader: bytes in, elements out, one at a time.
//!
//! quick-xml finds the tags; what XML 1.0, its namespaces and caution ask for beyond that is checked here. The reader
//! is total on arbitrary bytes, holds one token and the names of the open elements, and says nothing after an error but
//! that error.

use std::io::BufRead;

use quick_xml::events::{BytesDecl, Event as Token};

use super::business::{Report, Rules};
use super::error::{At, Fault};
use super::names::{characters, is_space, reference};
use super::open::Open;
use super::schema::Validator;
use super::source::{BeginError, Reached, Source};
use super::tag::{Attributes, Scope, Tag};
use super::{Element, Limits, XmlError};

/// What comes next in a document.
#[derive(Debug)]
pub enum Event<'a> {
    /// An element begins.
    Start {
        /// Its name without a prefix.
        name: &'a str,
        /// Its namespace; empty without one.
        namespace: &'a str,
        /// Its attributes.
        attributes: Attributes<'a>,
    },
    /// All the text between two tags in one piece, references resolved, white space kept. White space that only sets
    /// out elements is left out.
    Text(&'a str),
    /// The innermost element ends; an empty element has a start and an end.
    End,
    /// The document ended as it should.
    Eof,
}

/// Reads a document in one pass.
///
/// ```
/// use codecs::iso20022::{Event, Limits, Reader};
/// let mut reader = Reader::new(&b"<a><b Ccy='ILS'>5 &amp; 6</b></a>"[..], Limits::message());
/// reader.next()?;
/// assert!(matches!(reader.next()?, Event::Start { name: "b", attributes, .. } if attributes.get("Ccy") == Some("ILS")));
/// assert_eq!(reader.path(), "a/b");
/// assert!(matches!(reader.next()?, Event::Text("5 & 6")));
/// # Ok::<(), codecs::iso20022::XmlError>(())
/// ```
#[derive(Debug)]
pub struct Reader<R> {
    tokens: quick_xml::Reader<Source<R>>,
    limits: Limits,
    buffer: Vec<u8>,
    text: String,
    tag: Tag,
    scope: Scope,
    open: Open,
    elements: u64,
    pending: Option<Kind>,
    last: Option<Kind>,
    state: State,
    failed: Option<XmlError>,
    validator: Option<Validator>,
    rules: Option<Rules>,
}

/// Where in a document the reader is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Beginning,
    Prolog,
    Root,
    Epilog,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Start,
    Text,
    End,
    Eof,
}

impl<R: BufRead> Reader<R> {
    /// A reader that checks XML alone.
    pub fn new(source: R, limits: Limits) -> Self {
        let mut tokens = quick_xml::Reader::from_reader(Source::new(source, &limits));
        let config = tokens.config_mut();
        config.check_comments = true;
        config.expand_empty_elements = true;
        Self {
            tokens,
            limits,
            buffer: Vec::new(),
            text: String::new(),
            tag: Tag::default(),
            scope: Scope::default(),
            open: Open::default(),
            elements: 0,
            pending: None,
            last: None,
            state: State::Beginning,
            failed: None,
            validator: None,
            rules: None,
        }
    }

    /// Also holds every element against the schema of its message before it is given out (layer `schema`).
    ///
    /// The message is told by the namespace of its root, `Document` or `AppHdr`. Any other root is taken for the
    /// envelope of a network, with a header and a document inside.
    #[must_use]
    pub fn validating(mut self) -> Self {
        self.validator = Some(Validator::new());
        self
    }

    /// Also holds it against the rules no schema can say (layer `business`). Some of them are known to be broken only at
    /// the end: a message may be acted upon after [`Event::Eof`].
    #[must_use]
    pub fn checking(mut self) -> Self {
        self.rules = Some(Rules::default());
        self.validating()
    }

    /// What a [checking](Self::checking) reader has read; complete after [`Event::Eof`].
    #[must_use]
    pub fn report(&self) -> Report {
        let message = self.message().unwrap_or_default();
        self.rules.as_ref().unwrap_or(&Rules::default()).report(message)
    }

    /// The message being read, such as `pacs.008.001.08`; told by a [validating](Self::validating) reader.
    #[must_use]
    pub fn message(&self) -> Option<&'static str> {
        self.validator.as_ref().and_then(Validator::message)
    }

    /// What comes next. After [`Event::Eof`] it stays there, after an error it stays an error.
    ///
    /// # Errors
    /// Whatever makes the document unfit to be read on: layers `xml` and `security`; whatever
    /// else the reader was told to check.
    #[expect(
        clippy::should_implement_trait,
        reason = "an event borrows the reader, which no iterator can say"
    )]
    pub fn next(&mut self) -> Result<Event<'_>, XmlError> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        match self.step() {
            Ok(kind) => Ok(self.event(kind)),
            Err(fault) => Err(self.error(fault)),
        }
    }

    fn event(&self, kind: Kind) -> Event<'_> {
        match kind {
            Kind::Start => Event::Start {
                name: self.tag.name(),
                namespace: self.namespace(),
                attributes: Attributes { tag: &self.tag },
            },
            Kind::Text => Event::Text(&self.text),
            Kind::End => Event::End,
            Kind::Eof => Event::Eof,
        }
    }

    /// The open elements by name from the root on, such as `Document/FIToFICstmrCdtTrf/CdtTrfTxInf[2]/Amt`. The number
    /// says which of its name it is among its neighbours; the first has none. Empty outside the root.
    #[must_use]
    pub fn path(&self) -> String {
        self.open.path()
    }

    /// How many elements are open; the root alone is one.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.open.depth()
    }

    /// The line the reader came to, from one.
    #[must_use]
    pub fn line(&self) -> u64 {
        self.tokens.get_ref().line()
    }

    /// The namespace of the element last started.
    #[must_use]
    pub fn namespace(&self) -> &str {
        self.scope.of(self.tag.prefix()).unwrap_or_default()
    }

    /// How much is taken.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The bytes read so far.
    #[must_use]
    pub fn consumed(&self) -> u64 {
        self.tokens.get_ref().consumed()
    }

    /// The element last started, if nothing was read since.
    pub(super) fn started(&self) -> Option<Element> {
        let attributes = Attributes { tag: &self.tag };
        (self.last == Some(Kind::Start)).then(|| Element {
            name: self.tag.name().to_owned(),
            attributes: attributes.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            ..Element::default()
        })
    }

    /// The fault with the place the reader is at; the reader stays there.
    pub(super) fn error(&mut self, fault: Fault) -> XmlError {
        let Fault { layer, reason, at } = fault;
        let At { path, line } = at.unwrap_or_else(|| At { path: self.path(), line: self.line() });
        let error = XmlError { layer, path, line, reason };
        self.failed = Some(error.clone());
        error
    }

    fn step(&mut self) -> Result<Kind, Fault> {
        let kind = match self.pending.take() {
            Some(kind) => kind,
            None => {
                self.text.clear();
                let kind = self.markup()?;
                if self.has_text(kind) {
                    self.pending = Some(kind);
                    Kind::Text
                } else {
                    kind
                }
            }
        };
        if kind == Kind::Start {
            self.enter()?;
        }
        self.validate(kind)?;
        if kind == Kind::End {
            self.leave();
        }
        self.last = Some(kind);
        Ok(kind)
    }

    fn validate(&mut self, kind: Kind) -> Result<(), Fault> {
        let Some(validator) = &mut self.validator else { return Ok(()) };
        let attributes = Attributes { tag: &self.tag };
        match kind {
            Kind::Start => {
                let namespace = self.scope.of(self.tag.prefix()).unwrap_or_default();
                validator.start(self.tag.name(), namespace, attributes)?;
            }
            Kind::Text => validator.text(&self.text)?,
            Kind::End | Kind::Eof => {}
        }
        let innermost = validator.innermost();
        if kind == Kind::End {
            validator.end()?;
        }
        if let (Some(rules), Some((name, simple))) = (&mut self.rules, innermost) {
            match (kind, simple) {
                (Kind::Start, _) => rules.start(name, validator.message().unwrap_or_default(), attributes)?,
                (Kind::Text, Some(simple)) => {
                    rules.text(&self.text, simple, &|| (self.open.path(), self.tokens.get_ref().line()))?;
                }
                (Kind::End, _) => rules.end()?,
                _ => {}
            }
        }
        Ok(())
    }

    /// White space is text only where it is all there is inside an element.
    fn has_text(&self, before: Kind) -> bool {
        let is_value = before == Kind::End && self.last == Some(Kind::Start);
        !self.text.is_empty() && (is_value || !self.text.chars().all(is_space))
    }

    fn enter(&mut self) -> Result<(), Fault> {
        self.state = State::Root;
        self.elements += 1;
        if self.limits.elements_max.is_some_and(|max| self.elements > max) {
            return Err(Fault::security("more elements than are taken"));
        }
        if self.open.depth() >= usize::from(self.limits.depth_max) {
            return Err(Fault::security("elements inside each other deeper than is taken"));
        }
        self.open.push(self.tag.name());
        self.scope.enter();
        self.tag.declare(&mut self.scope)?;
        match self.scope.of(self.tag.prefix()) {
            Some(_) => Ok(()),
            None => Err(Fault::xml("a prefix without a namespace")),
        }
    }

    fn leave(&mut self) {
        self.open.pop();
        self.scope.leave();
        if self.open.depth() == 0 {
            self.state = State::Epilog;
        }
    }

    /// Reads up to the next tag or the end and collects the text before it.
    fn markup(&mut self) -> Result<Kind, Fault> {
        loop {
            let is_first = self.state == State::Beginning;
            if is_first {
                self.tokens.get_mut().begin_document().map_err(begin_fault)?;
                self.state = State::Prolog;
            }
            self.buffer.clear();
            self.tokens.get_mut().begin_token();
            let token = match self.tokens.read_event_into(&mut self.buffer) {
                Ok(token) => token,
                Err(error) => return Err(token_fault(&error, &self.buffer, self.tokens.get_ref().reached())),
            };
            match token {
                Token::Start(start) => {
                    if self.state == State::Epilog {
                        return Err(Fault::xml("another element after the root"));
                    }
                    self.tag.read(
                        start.name().as_ref(),
                        start.attributes_raw(),
                        self.limits.attributes_max,
                    )?;
                    return Ok(Kind::Start);
                }
                Token::End(_) => return Ok(Kind::End),
                Token::Eof => return self.end_of_document(),
                Token::Text(text) => {
                    let text = text.into_inner();
                    if text.contains("]]>") {
                        return Err(Fault::xml("]]> outside a CDATA section"));
                    }
                    push_text(&mut self.text, &characters(&text)?, self.limits.text_max)?;
                    if self.state != State::Root && !self.text.chars().all(is_space) {
                        return Err(Fault::xml("text outside the root"));
                    }
                }
                Token::CData(_) | Token::GeneralRef(_) if self.state != State::Root => {
                    return Err(match token {
                        Token::GeneralRef(name) => reference(&name).err(),
                        _ => None,
                    }
                    .unwrap_or(Fault::xml("text outside the root")));
                }
                Token::CData(text) => {
                    push_text(&mut self.text, &characters(&text.into_inner())?, self.limits.text_max)?;
                }
                Token::GeneralRef(name) => {
                    let mut own = [0; 4];
                    let c = reference(&name)?.encode_utf8(&mut own);
                    push_text(&mut self.text, c, self.limits.text_max)?;
                }
                Token::Comment(text) => {
                    characters(&text.into_inner())?;
                }
                Token::Decl(declaration) if is_first => check_declaration(&declaration)?,
                Token::Decl(_) => {
                    return Err(Fault::xml("an XML declaration that is not at the very beginning"));
                }
                Token::PI(_) => return Err(Fault::security("a processing instruction")),
                Token::DocType(_) => return Err(Fault::security("a document type declaration")),
                Token::Empty(_) => return Err(Fault::xml("an empty element")),
            }
        }
    }

    fn end_of_document(&self) -> Result<Kind, Fault> {
        match self.state {
            State::Epilog => Ok(Kind::Eof),
            State::Root => Err(Fault::xml("the document ends inside an element")),
            State::Beginning | State::Prolog => Err(Fault::xml("the document has no element")),
        }
    }
}

fn push_text(text: &mut String, more: &str, text_max: usize) -> Result<(), Fault> {
    if text.len() + more.len() > text_max {
        return Err(Fault::security("a text longer than is taken"));
    }
    text.push_str(more);
    Ok(())
}

fn begin_fault(error: BeginError) -> Fault {
    Fault::xml(match error {
        BeginError::Unreadable => "the input cannot be read",
        BeginError::Encoding => "the encoding is not UTF-8",
    })
}

/// What the parser could not read. A document type is refused as such even where it is itself broken.
fn token_fault(error: &quick_xml::Error, begin: &[u8], reached: Option<Reached>) -> Fault {
    use quick_xml::Error as E;
    if begin.get(..3).is_some_and(|b| b.eq_ignore_ascii_case(b"<!d")) {
        return Fault::security("a document type declaration");
    }
    match (reached, error) {
        (Some(Reached::Document), _) => Fault::security("a document larger than is taken"),
        (Some(Reached::Token), _) => Fault::security("a text, tag or comment longer than is taken"),
        (None, E::Io(_)) => Fault::xml("the input cannot be read"),
        (None, E::Syntax(_)) => Fault::xml("a tag, comment or section that is not closed or not one of XML"),
        (None, E::IllFormed(_)) => {
            Fault::xml("tags that do not match, or a comment or reference that is not one")
        }
        (None, E::Encoding(_)) => Fault::xml("bytes that are not UTF-8"),
        (None, _) => Fault::xml("not well-formed"),
    }
}

/// Production 23: version, then encoding, then standalone. Only version 1.0 and UTF-8 are taken.
fn check_declaration(declaration: &BytesDecl<'_>) -> Result<(), Fault> {
    let mut tag = Tag::default();
    let text = &**declaration;
    tag.read("xml", text.get(3..).unwrap_or_default(), 3)?;
    let mut rest = Attributes { tag: &tag }.iter().peekable();
    match rest.next() {
        Some(("version", "1.0")) => {}
        _ => return Err(Fault::xml("the XML declaration does not begin with version 1.0")),
    }
    let encoding = rest.next_if(|(name, _)| *name == "encoding").map_or("UTF-8", |(_, encoding)| encoding);
    if !encoding.eq_ignore_ascii_case("UTF-8") {
        return Err(Fault::xml("the encoding is not UTF-8"));
    }
    match (rest.next(), rest.next()) {
        (None, _) | (Some(("standalone", "yes" | "no")), None) => Ok(()),
        _ => Err(Fault::xml("the XML declaration says what it must not")),
    }
}
