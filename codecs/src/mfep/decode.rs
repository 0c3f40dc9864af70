//! Reading: bytes to the model, whichever format and envelope they come in.
//!
//! The header is read first, wherever it stands, because it says what the body is. Both passes check the same syntax;
//! nothing is kept of the document but the model, and where in the input the body was, for its signature.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use super::fault::{Fault, FaultKind};
use super::json::Json;
use super::kind::{Kind, Shape};
use super::model::{
    Bills, Body, Credentials, Footer, Header, Inquiry, Message, RawHeader, TokenConf, Validation,
};
use super::profile::Format;
use super::record::{Record, Slot, Value, read_again, read_once, read_wrapped};
use super::require;
use super::source::{Reader, Source};
use super::value::Code;
use super::xml::{Call, Opened, Xml};

/// The longest message that is read: 4 MiB, far more than the longest list of billers.
pub const BYTES_MAX: usize = 4 << 20;

/// How strictly a message is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// Lengths, counts and the time of the header are checked.
    Strict,
    /// What leaves the meaning certain is counted and let pass: texts longer than the scheme allows, a wrong
    /// `RecCount`, a header without its time. Amounts, dates, types and syntax are checked as strictly as ever.
    Lenient,
}

/// A message as it was received. Printed without its text, in which payers are named.
#[derive(Clone)]
pub struct Decoded<'i> {
    /// What it says.
    pub message: Message,
    /// The syntax it came in.
    pub format: Format,
    /// The SOAP operation it was an argument of.
    pub operation: Option<Box<str>>,
    /// Members that are not of the scheme, or not where it has them. They were passed over.
    pub unknown: u32,
    /// Rules of the scheme the message broke, in lenient reading.
    pub tolerated: u32,
    /// The document, and where the body is in it.
    text: Cow<'i, str>,
    body: Range<usize>,
}

impl fmt::Debug for Decoded<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoded")
            .field("message", &self.message)
            .field("format", &self.format)
            .field("operation", &self.operation)
            .field("unknown", &self.unknown)
            .field("tolerated", &self.tolerated)
            .finish_non_exhaustive()
    }
}

impl Decoded<'_> {
    /// The body exactly as it was received, tags or braces included; empty where there was none.
    #[must_use]
    pub fn body_text(&self) -> &str {
        self.text.get(self.body.clone()).unwrap_or_default()
    }
}

/// Reads a message, JSON or XML, bare or in a SOAP envelope. What it is shows in its first character.
///
/// # Errors
/// [`Fault`] names the element; it never says what stood there.
pub fn decode(bytes: &[u8], mode: Mode) -> Result<Decoded<'_>, Fault> {
    if bytes.len() > BYTES_MAX {
        return Err(FaultKind::TooLarge.into());
    }
    let text = std::str::from_utf8(bytes).map_err(|_| FaultKind::Syntax)?;
    let is_strict = mode == Mode::Strict;
    match text.trim_start_matches(['\u{FEFF}', ' ', '\t', '\r', '\n']).bytes().next() {
        Some(b'<') => decode_xml(text, is_strict),
        _ => decode_json(text, is_strict),
    }
}

fn decode_json(text: &str, is_strict: bool) -> Result<Decoded<'_>, Fault> {
    let is_wrapped = has_mfep(text)?;
    let open = || open_json(text, is_wrapped);
    let budget = budget(text.len(), 4);
    let mut reader = Reader::new(open()?, budget, is_strict);
    let mut outer = read_outer(&mut reader)?;
    let body = read_body(open()?, &mut outer, budget, is_strict)?;
    finish(Cow::Borrowed(text), Format::Json, (outer, body), Call::default(), is_strict)
}

/// A source that stands inside the message.
fn open_json(text: &str, is_wrapped: bool) -> Result<Json<'_>, Fault> {
    let mut json = Json::new(text.as_bytes())?;
    if !is_wrapped {
        return Ok(json);
    }
    while let Some(member) = json.next()? {
        match member.name {
            Some("MFEP") if json.enter().map_err(|fault| fault.within("MFEP"))? => return Ok(json),
            Some("MFEP") => break,
            _ => json.skip()?,
        }
    }
    Err(FaultKind::NotMfep.into())
}

/// Whether the message stands under `MFEP`, as it should, or is the outermost object itself. Two of them are refused.
fn has_mfep(text: &str) -> Result<bool, Fault> {
    let mut json = Json::new(text.as_bytes())?;
    let (mut wrapped, mut bare) = (0_u8, false);
    while let Some(member) = json.next()? {
        match member.name {
            Some("MFEP") => wrapped = wrapped.saturating_add(1),
            Some("MsgHeader" | "MsgBody") => bare = true,
            _ => {}
        }
        json.skip()?;
    }
    json.finish()?;
    match (wrapped, bare) {
        (1, false) => Ok(true),
        (0, true) => Ok(false),
        (0, false) => Err(FaultKind::NotMfep.into()),
        _ => Err(Fault::at(FaultKind::Duplicate, "MFEP")),
    }
}

fn decode_xml(text: &str, is_strict: bool) -> Result<Decoded<'_>, Fault> {
    match Xml::open(text.as_bytes())? {
        Opened::Message(xml, call) => {
            let parts = read_parts(text, xml, budget(text.len(), 4), is_strict)?;
            finish(Cow::Borrowed(text), Format::Xml, parts, call, is_strict)
        }
        Opened::Bare(call) => from_call(text, call, is_strict),
        Opened::Embedded(inner, call) => {
            // An envelope in an envelope has no place in the scheme.
            let parts = match Xml::open(inner.as_bytes())? {
                Opened::Message(xml, none) if none == Call::default() => {
                    // The text itself is held as well.
                    read_parts(&inner, xml, budget(inner.len(), 3), is_strict)?
                }
                _ => return Err(FaultKind::NotMfep.into()),
            };
            finish(Cow::Owned(inner), Format::Xml, parts, call, is_strict)
        }
    }
}

/// What records and texts of a message may take: its own size so many times, and what is left of 64 KiB beside the reader.
const fn budget(len: usize, times: usize) -> usize {
    len * times + 48 * 1024
}

fn read_parts(text: &str, xml: Box<Xml<'_>>, budget: usize, is_strict: bool) -> Result<(Outer, Body), Fault> {
    let mut reader = Reader::new(*xml, budget, is_strict);
    let mut outer = read_outer(&mut reader)?;
    reader.source.finish()?;
    if outer.stood {
        outer.body = super::sign::element_around(text, outer.body);
    }
    let Opened::Message(xml, _) = Xml::open(text.as_bytes())? else { return Err(FaultKind::NotMfep.into()) };
    let body = read_body(*xml, &mut outer, budget, is_strict)?;
    Ok((outer, body))
}

/// A call that is a message in itself.
fn from_call(text: &str, call: Call, is_strict: bool) -> Result<Decoded<'_>, Fault> {
    let kind = match call.operation.as_deref() {
        Some("Authenticate") => Kind::Authenticate,
        Some("GetBillersList") => Kind::BillersList,
        _ => return Err(FaultKind::NotMfep.into()),
    };
    let code = call
        .customer_code
        .as_deref()
        .map(|code| Code::new(code).ok_or_else(|| Fault::at(FaultKind::NumberInvalid, "customerCode")));
    let sdr_code = code.transpose()?;
    let header =
        Header { tm_stp: None, guid: None, sdr_code, rcv_code: None, kind, sequence: None, result: None };
    let body = match (&call.password, kind) {
        (Some(password), Kind::Authenticate) => Body::Credentials(Credentials { password: password.clone() }),
        _ => Body::Empty,
    };
    let outer = Outer { header, signature: None, body: 0..0, stood: false, unknown: 0, tolerated: 0 };
    finish(Cow::Borrowed(text), Format::Xml, (outer, body), call, is_strict)
}

/// The message, once all of it was read.
fn finish(
    text: Cow<'_, str>,
    format: Format,
    (outer, body): (Outer, Body),
    call: Call,
    is_strict: bool,
) -> Result<Decoded<'_>, Fault> {
    let Outer { mut header, signature, body: range, unknown, mut tolerated, .. } = outer;
    header.guid = header.guid.or(call.guid);
    let message = Message { header, body, signature, token_key: call.token_key };
    require::check(&message, is_strict)?;
    if !is_strict && require::check(&message, true).is_err() {
        tolerated = tolerated.saturating_add(1);
    }
    Ok(Decoded { message, format, operation: call.operation, unknown, tolerated, text, body: range })
}

/// What is around the body.
struct Outer {
    header: Header,
    signature: Option<Box<str>>,
    body: Range<usize>,
    /// Whether there is a body.
    stood: bool,
    unknown: u32,
    tolerated: u32,
}

fn read_outer<S: Source>(reader: &mut Reader<S>) -> Result<Outer, Fault> {
    let mut header: Slot<Option<RawHeader>> = Slot::default();
    let mut footer: Slot<Option<Footer>> = Slot::default();
    let (mut body, mut stood) = (0..0, false);
    while let Some(member) = reader.source.next()? {
        match member.name {
            Some("MsgHeader") => read_once(&mut header, reader, ("MsgHeader", 0))?,
            Some("MsgFooter") => read_once(&mut footer, reader, ("MsgFooter", 0))?,
            Some("MsgBody") if stood => return Err(Fault::at(FaultKind::Duplicate, "MsgBody")),
            Some("MsgBody") => {
                stood = true;
                let begin = reader.source.position();
                reader.source.skip()?;
                body = begin..reader.source.position();
            }
            _ => reader.skip_unknown()?,
        }
    }
    let raw = header.1.ok_or_else(|| Fault::at(FaultKind::Missing, "MsgHeader"))?;
    let header = typed(raw).map_err(|fault| fault.within("MsgHeader"))?;
    let signature = footer.1.and_then(|footer| footer.security).and_then(|security| security.signature);
    let signature = signature.filter(|signature| !signature.is_empty());
    Ok(Outer { header, signature, body, stood, unknown: reader.unknown, tolerated: reader.tolerated })
}

fn typed(raw: RawHeader) -> Result<Header, Fault> {
    let stands = |word: Option<Box<str>>| word.filter(|word| !word.is_empty());
    let (name, word) = match (stands(raw.trs_inf.req_typ), stands(raw.trs_inf.res_typ)) {
        (Some(word), None) => ("TrsInf/ReqTyp", word),
        (None, Some(word)) => ("TrsInf/ResTyp", word),
        (None, None) => return Err(Fault::at(FaultKind::Missing, "TrsInf/ReqTyp")),
        (Some(_), Some(_)) => return Err(Fault::at(FaultKind::TypeMismatch, "TrsInf")),
    };
    let kind = Kind::of(&word).ok_or_else(|| Fault::at(FaultKind::TypeUnknown, name))?;
    if kind.is_request() != (name == "TrsInf/ReqTyp") {
        return Err(Fault::at(FaultKind::TypeMismatch, name));
    }
    Ok(Header {
        tm_stp: raw.tm_stp,
        guid: stands(raw.guid),
        sdr_code: raw.trs_inf.sdr_code,
        rcv_code: raw.trs_inf.rcv_code,
        kind,
        sequence: raw.sequence,
        result: raw.result,
    })
}

/// Reads the body alone; what it passes over is counted with the rest.
fn read_body<S: Source>(source: S, outer: &mut Outer, budget: usize, is_strict: bool) -> Result<Body, Fault> {
    let mut reader = Reader::new(source, budget, is_strict);
    if !outer.stood {
        return Ok(Body::Empty);
    }
    while let Some(member) = reader.source.next()? {
        if member.name != Some("MsgBody") {
            reader.source.skip()?;
            continue;
        }
        let within = |fault: Fault| fault.within("MsgBody");
        if !reader.source.enter().map_err(within)? {
            break;
        }
        let body = members(&mut reader, outer.header.kind.shape()).map_err(within)?;
        outer.unknown = outer.unknown.saturating_add(reader.unknown);
        outer.tolerated = outer.tolerated.saturating_add(reader.tolerated);
        return Ok(body);
    }
    Ok(Body::Empty)
}

fn members<S: Source>(reader: &mut Reader<S>, shape: Shape) -> Result<Body, Fault> {
    match shape {
        Shape::Inquiry => {
            let inquiry = Inquiry::members(reader, None)?;
            Ok(if inquiry == Inquiry::default() { Body::Empty } else { Body::Inquiry(inquiry) })
        }
        Shape::Bills => bills(reader),
        Shape::Payments => Ok(transactions(reader)?.map_or(Body::Empty, Body::Payments)),
        Shape::Statuses => Ok(transactions(reader)?.map_or(Body::Empty, Body::Statuses)),
        Shape::Validation => {
            one::<Box<Validation>, S>(reader, "BillingInfo").map(|v| v.map_or(Body::Empty, Body::Validation))
        }
        Shape::Credentials => Credentials::members(reader, None).map(Body::Credentials),
        Shape::Token => one::<TokenConf, S>(reader, "TokenConf").map(|t| t.map_or(Body::Empty, Body::Token)),
        Shape::Billers => billers(reader),
        Shape::Nothing => {
            while reader.source.next()?.is_some() {
                reader.skip_unknown()?;
            }
            Ok(Body::Empty)
        }
    }
}

/// A body with one element.
fn one<T: Value, S: Source>(reader: &mut Reader<S>, name: &'static str) -> Result<Option<T>, Fault> {
    let mut slot: Slot<Option<T>> = Slot::default();
    while let Some(member) = reader.source.next()? {
        match member.name {
            Some(found) if found == name => read_once(&mut slot, reader, (name, 0))?,
            _ => reader.skip_unknown()?,
        }
    }
    Ok(slot.1)
}

fn bills<S: Source>(reader: &mut Reader<S>) -> Result<Body, Fault> {
    let mut rec_count: Slot<Option<u32>> = Slot::default();
    let mut list = Slot::default();
    let mut form = None;
    while let Some(member) = reader.source.next()? {
        match member.name {
            Some("RecCount") => read_once(&mut rec_count, reader, ("RecCount", 0))?,
            Some("BillsRec") => {
                same_form(&mut form, "BillsRec")?;
                read_wrapped(&mut list, reader, ("BillsRec", "BillRec"), member)?;
            }
            Some("BillRec") => {
                same_form(&mut form, "BillRec")?;
                read_again(&mut list, reader, ("BillRec", 0), member)?;
            }
            _ => reader.skip_unknown()?,
        }
    }
    let bills = Bills { rec_count: rec_count.1, bills: list.1 };
    Ok(if bills == Bills::default() { Body::Empty } else { Body::Bills(bills) })
}

/// Transactions stand in `Transactions`, alone, or as `BillingInfo`; not in two of these at once, because nobody could
/// say which is meant.
fn transactions<T: Record, S: Source>(reader: &mut Reader<S>) -> Result<Option<Vec<T>>, Fault> {
    let mut list: Slot<Vec<T>> = Slot::default();
    let mut form = None;
    while let Some(member) = reader.source.next()? {
        match member.name {
            Some(name @ "Transactions") => {
                same_form(&mut form, name)?;
                read_wrapped(&mut list, reader, (name, "TrxInf"), member)?;
            }
            Some(name @ ("TrxInf" | "BillingInfo")) => {
                same_form(&mut form, name)?;
                read_again(&mut list, reader, (name, 0), member)?;
            }
            _ => reader.skip_unknown()?,
        }
    }
    Ok(Some(list.1).filter(|list| !list.is_empty()))
}

fn same_form(form: &mut Option<&'static str>, name: &'static str) -> Result<(), Fault> {
    if *form.get_or_insert(name) == name { Ok(()) } else { Err(Fault::at(FaultKind::Duplicate, name)) }
}

fn billers<S: Source>(reader: &mut Reader<S>) -> Result<Body, Fault> {
    let mut list = Slot::default();
    while let Some(member) = reader.source.next()? {
        match member.name {
            Some("BillersList") => read_wrapped(&mut list, reader, ("BillersList", "BillerInf"), member)?,
            _ => reader.skip_unknown()?,
        }
    }
    Ok(if list.1.is_empty() { Body::Empty } else { Body::Billers(list.1) })
}
