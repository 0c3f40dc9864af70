//! Writing: the model in the form of a profile. What the scheme does not allow is refused before a byte is out.

use std::fmt::Write as _;
use std::ops::Range;

use super::fault::{Fault, FaultKind};
use super::kind::{Kind, Shape};
use super::model::{Body, Message};
use super::profile::{AmountDecimals, Format, Nesting, Profile, Scalar, Single, Soap};
use super::record::{Record, Value};
use super::require;
use super::sign;
use super::stamp::Stamp;
use super::value::Code;
use crate::amount::Decimal;
use crate::iso4217::Currency;
use crate::signature::{Algorithm, Signer};

/// Writes a message. `out` gets nothing on error.
///
/// A `signer` signs the body as the profile says, in place of the message's signature; it must be of the profile's
/// algorithm, and a profile with one must be given one.
///
/// # Errors
/// [`Fault`] names the element that cannot be written.
pub fn encode(
    message: &Message,
    profile: &Profile,
    signer: Option<&Signer>,
    out: &mut Vec<u8>,
) -> Result<(), Fault> {
    let algorithm = signer.map_or(Algorithm::None, Signer::algorithm);
    if algorithm != profile.signing().kind {
        return Err(Fault::at(FaultKind::Unsupported, "MsgFooter/Security/Signature"));
    }
    require::check(message, true)?;
    let mut writer = Writer::new(profile);
    writer.document(message, signer)?;
    out.extend_from_slice(writer.out.as_bytes());
    Ok(())
}

/// A document on its way out.
pub(super) struct Writer<'p> {
    out: String,
    profile: &'p Profile,
    depth: usize,
    /// Something stands before on this level.
    follows: bool,
    /// JSON: the next object is an element of a list.
    in_list: bool,
    /// Of the amounts.
    currency: Option<Currency>,
}

impl<'p> Writer<'p> {
    fn new(profile: &'p Profile) -> Self {
        let out = String::with_capacity(1024);
        Writer { out, profile, depth: 0, follows: false, in_list: false, currency: profile.currency() }
    }

    fn is_json(&self) -> bool {
        self.profile.format() == Format::Json
    }

    fn document(&mut self, message: &Message, signer: Option<&Signer>) -> Result<(), Fault> {
        match self.profile.settings.format {
            Format::Json => {
                self.out.push('{');
                self.depth = 1;
                self.mfep(message, signer)?;
                self.depth = 0;
                self.line();
                self.out.push('}');
            }
            Format::Xml => self.xml_document(message, signer)?,
        }
        Ok(())
    }

    fn xml_document(&mut self, message: &Message, signer: Option<&Signer>) -> Result<(), Fault> {
        let settings = &self.profile.settings;
        if settings.declaration {
            self.out.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
            self.follows = true;
        }
        match settings.soap.namespace() {
            None => self.mfep(message, signer)?,
            Some(namespace) => {
                self.open_with("soap:Envelope", &[("xmlns:soap", namespace)]);
                self.open_with("soap:Body", &[]);
                self.call(message, signer)?;
                self.close("soap:Body");
                self.close("soap:Envelope");
            }
        }
        if settings.indent > 0 {
            self.out.push('\n');
        }
        Ok(())
    }

    /// The operation with its parameters, of which the message is the last.
    fn call(&mut self, message: &Message, signer: Option<&Signer>) -> Result<(), Fault> {
        let settings = &self.profile.settings;
        let kind = message.header.kind;
        let operation = kind.operation();
        let (outer, inner) = match kind.is_request() {
            true => (operation.to_owned(), settings.parameter.clone()),
            false => (format!("{operation}Response"), format!("{operation}Result")),
        };
        self.open_with(&outer, &[("xmlns", &settings.service_namespace)]);
        if kind.is_request() {
            for (name, text) in parameters(message) {
                self.leaf(name, text);
            }
        }
        if !matches!(kind, Kind::Authenticate | Kind::BillersList) {
            self.open_with(&inner, &[]);
            self.mfep(message, signer)?;
            self.close(&inner);
        }
        self.close(&outer);
        Ok(())
    }

    fn mfep(&mut self, message: &Message, signer: Option<&Signer>) -> Result<(), Fault> {
        match self.profile.settings.soap {
            // Out of the namespace of the services, which the envelope declares for all it holds.
            Soap::V11 | Soap::V12 => self.open_with("MFEP", &[("xmlns", "")]),
            Soap::None => self.begin("MFEP"),
        }
        self.header(message)?;
        let body = self.body(message).map_err(|fault| fault.within("MsgBody"))?;
        let own = match signer.filter(|signer| signer.algorithm() != Algorithm::None) {
            None => message.signature.clone(),
            Some(signer) => {
                let signed = sign::signed_bytes(&self.out[body], self.profile);
                let unsupported = |_| Fault::at(FaultKind::Unsupported, "MsgFooter/Security/Signature");
                Some(signer.sign_base64(&signed).map_err(unsupported)?.into())
            }
        };
        if let Some(signature) = own {
            self.footer(&signature)?;
        }
        self.end("MFEP");
        Ok(())
    }

    fn header(&mut self, message: &Message) -> Result<(), Fault> {
        let header = &message.header;
        let within = |fault: Fault| fault.within("MsgHeader");
        self.begin("MsgHeader");
        self.option("TmStp", 0, header.tm_stp.as_ref()).map_err(within)?;
        self.option("GUID", 50, header.guid.as_ref()).map_err(within)?;
        self.begin("TrsInf");
        let within_trs = |fault: Fault| fault.within("TrsInf").within("MsgHeader");
        self.option("SdrCode", 10, header.sdr_code.as_ref()).map_err(within_trs)?;
        if header.kind.is_request() || self.profile.settings.receiver_in_answers {
            self.option("RcvCode", 10, header.rcv_code.as_ref()).map_err(within_trs)?;
        }
        self.text(if header.kind.is_request() { "ReqTyp" } else { "ResTyp" }, header.kind.word());
        self.end("TrsInf");
        self.option("Sequence", 0, header.sequence.as_ref()).map_err(within)?;
        self.option("Result", 0, header.result.as_ref()).map_err(within)?;
        self.end("MsgHeader");
        Ok(())
    }

    /// Writes the body; where it begins and ends in the text. Nothing where the type needs none.
    fn body(&mut self, message: &Message) -> Result<Range<usize>, Fault> {
        let (kind, begin) = (message.header.kind, self.out.len());
        if kind.shape() == Shape::Nothing {
            return Ok(begin..begin);
        }
        self.begin("MsgBody");
        match &message.body {
            Body::Empty => {}
            Body::Inquiry(inquiry) => inquiry.write_members(self)?,
            Body::Bills(bills) => {
                self.option("RecCount", 0, bills.rec_count.as_ref())?;
                match self.profile.settings.bills_rec {
                    true => self.wrapped(("BillsRec", "BillRec"), &bills.bills)?,
                    false => self.list("BillRec", &bills.bills)?,
                }
            }
            Body::Payments(list) => self.transactions(kind, list, |payment| payment.currency)?,
            Body::Statuses(list) => self.transactions(kind, list, |status| status.currency)?,
            Body::Validation(validation) => validation.write("BillingInfo", 0, self)?,
            Body::Credentials(credentials) => credentials.write_members(self)?,
            Body::Token(token) => token.write("TokenConf", 0, self)?,
            Body::Billers(billers) => self.wrapped(("BillersList", "BillerInf"), billers)?,
        }
        self.end("MsgBody");
        // Before the element there may be a comma, a new line and the key.
        let first = self.out[begin..].find(if self.is_json() { '{' } else { '<' }).unwrap_or_default();
        Ok(begin + first..self.out.len())
    }

    fn transactions<T: Value>(
        &mut self,
        kind: Kind,
        list: &[T],
        currency: impl Fn(&T) -> Option<Currency>,
    ) -> Result<(), Fault> {
        let settings = &self.profile.settings;
        let nesting = match kind {
            Kind::PrepaidPayment | Kind::PrepaidPaymentAnswer => settings.prepaid_transactions,
            Kind::Acknowledgement => settings.acknowledgements,
            _ => settings.transactions,
        };
        // A list has one currency or is written amount by amount; the profile's is for those without.
        let write = |name: &'static str, writer: &mut Self| {
            writer.list_with(name, list, |writer, item| {
                writer.currency = currency(item).or(writer.profile.currency());
                item.write(name, 0, writer)
            })
        };
        match nesting {
            Nesting::BillingInfo if list.len() > 1 => return Err(FaultKind::Unsupported.into()),
            Nesting::BillingInfo => write("BillingInfo", self)?,
            Nesting::Flat => write("TrxInf", self)?,
            Nesting::Nested => {
                self.begin("Transactions");
                write("TrxInf", self).map_err(|fault| fault.within("Transactions"))?;
                self.end("Transactions");
            }
        }
        self.currency = self.profile.currency();
        Ok(())
    }

    fn footer(&mut self, signature: &str) -> Result<(), Fault> {
        self.begin("MsgFooter");
        self.begin("Security");
        let written = Box::<str>::from(signature).write("Signature", 2048, self);
        written.map_err(|fault| fault.within("Security").within("MsgFooter"))?;
        self.end("Security");
        self.end("MsgFooter");
        Ok(())
    }

    fn option<T: Value>(&mut self, name: &'static str, max: u16, value: Option<&T>) -> Result<(), Fault> {
        value.map_or(Ok(()), |value| value.write(name, max, self))
    }

    // --- members ------------------------------------------------------------------------------

    /// A new line with its indent, where the profile wants one.
    fn line(&mut self) {
        let width = usize::from(self.profile.settings.indent);
        if width > 0 && !self.out.is_empty() {
            self.out.push('\n');
            self.out.extend(std::iter::repeat_n(' ', width * self.depth));
        }
    }

    /// JSON: what stands before a member, and its key.
    fn key(&mut self, name: &str) {
        if std::mem::replace(&mut self.follows, true) {
            self.out.push(',');
        }
        self.line();
        if !std::mem::take(&mut self.in_list) {
            self.out.push('"');
            self.out.push_str(self.profile.spelling(name));
            self.out.push_str(if self.profile.settings.indent > 0 { "\": " } else { "\":" });
        }
    }

    /// XML: a start tag.
    fn open_with(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.line();
        self.out.push('<');
        self.out.push_str(self.profile.spelling(name));
        for (name, value) in attributes {
            _ = write!(self.out, " {name}=\"{value}\"");
        }
        self.out.push('>');
        self.depth += 1;
        self.follows = false;
    }

    /// XML: an end tag.
    fn close(&mut self, name: &str) {
        self.depth -= 1;
        if self.follows {
            self.line();
        }
        self.out.push_str("</");
        self.out.push_str(self.profile.spelling(name));
        self.out.push('>');
        self.follows = true;
    }

    /// XML: an element with a text.
    fn leaf(&mut self, name: &str, text: &str) {
        self.open_with(name, &[]);
        escape_xml(text, &mut self.out);
        self.close(name);
    }

    pub(super) fn begin(&mut self, name: &'static str) {
        if self.is_json() {
            self.key(name);
            self.out.push('{');
            self.depth += 1;
            self.follows = false;
        } else {
            self.open_with(name, &[]);
        }
    }

    pub(super) fn end(&mut self, name: &'static str) {
        if !self.is_json() {
            return self.close(name);
        }
        self.depth -= 1;
        if self.follows {
            self.line();
        }
        self.out.push('}');
        self.follows = true;
    }

    pub(super) fn list<T: Value>(&mut self, name: &'static str, list: &[T]) -> Result<(), Fault> {
        self.list_with(name, list, |writer, item| item.write(name, 0, writer))
    }

    fn list_with<T: Value>(
        &mut self,
        name: &'static str,
        list: &[T],
        write: impl Fn(&mut Self, &T) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let single = match name {
            "TrxInf" => self.profile.settings.one_transaction,
            "BillingInfo" => Single::Object,
            "BillRec" => self.profile.settings.one_bill,
            _ => Single::List,
        };
        let is_list = self.is_json() && !(single == Single::Object && list.len() == 1);
        if list.is_empty() {
            return Ok(());
        }
        if is_list {
            self.key(name);
            self.out.push('[');
            self.depth += 1;
            self.follows = false;
        }
        for (index, item) in list.iter().enumerate() {
            self.in_list = is_list;
            write(self, item).map_err(|fault| fault.numbered(name, index))?;
        }
        if is_list {
            self.depth -= 1;
            self.line();
            self.out.push(']');
        }
        Ok(())
    }

    pub(super) fn wrapped<T: Record>(
        &mut self,
        (outer, inner): (&'static str, &'static str),
        list: &[T],
    ) -> Result<(), Fault> {
        if list.is_empty() {
            return Ok(());
        }
        if self.is_json() && outer == "SubPmts" && self.profile.settings.sub_pmts_list {
            return self.list(outer, list);
        }
        self.begin(outer);
        self.list(inner, list).map_err(|fault| fault.within(outer))?;
        self.end(outer);
        Ok(())
    }

    // --- values -------------------------------------------------------------------------------

    pub(super) fn text(&mut self, name: &'static str, text: &str) {
        if self.is_json() {
            self.key(name);
            escape_json(text, &mut self.out);
        } else {
            self.leaf(name, text);
        }
    }

    /// JSON: characters that are a value as they stand.
    fn bare(&mut self, name: &'static str, characters: &str, form: Scalar) {
        if self.is_json() && form == Scalar::Bare {
            self.key(name);
            self.out.push_str(characters);
        } else {
            self.text(name, characters);
        }
    }

    pub(super) fn code(&mut self, name: &'static str, code: &Code) {
        match code.is_plain_number() {
            true => self.bare(name, code.as_str(), self.profile.settings.codes),
            false => self.text(name, code.as_str()),
        }
    }

    pub(super) fn flag(&mut self, name: &'static str, flag: bool) {
        self.bare(name, if flag { "true" } else { "false" }, self.profile.settings.flags);
    }

    pub(super) fn stamp(&mut self, name: &'static str, stamp: Stamp) {
        let text = stamp.text(self.profile.settings.stamps);
        self.text(name, &text);
    }

    pub(super) fn amount(&mut self, name: &'static str, amount: Decimal) -> Result<(), FaultKind> {
        let decimals = self.currency.and_then(Currency::decimals);
        let amount = match (self.profile.settings.amount_decimals, decimals) {
            (AmountDecimals::Currency, Some(decimals)) => amount.to_scale(decimals)?,
            _ => amount,
        };
        self.bare(name, &amount.to_string(), self.profile.settings.amounts);
        Ok(())
    }
}

/// The parameters of a request's call, beside the message.
fn parameters(message: &Message) -> Vec<(&'static str, &str)> {
    let header = &message.header;
    let mut list = Vec::new();
    list.extend(header.guid.as_deref().map(|guid| ("guid", guid)));
    match &message.body {
        Body::Credentials(credentials) => {
            list.extend(header.sdr_code.as_ref().map(|code| ("customerCode", code.as_str())));
            list.push(("password", credentials.password.expose()));
        }
        _ => list.extend(message.token_key.as_ref().map(|token| ("tokenKey", token.expose()))),
    }
    list
}

/// XML 1.0 section 2.4; a carriage return would be read as a new line (section 2.11).
fn escape_xml(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\r' => out.push_str("&#xD;"),
            c => out.push(c),
        }
    }
}

/// RFC 8259 section 7.
fn escape_json(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c < ' ' => _ = write!(out, "\\u{:04x}", u32::from(c)),
            c => out.push(c),
        }
    }
    out.push('"');
}
