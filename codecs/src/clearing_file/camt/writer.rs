//! Writes camt.053.001.08 and camt.054.001.08, one entry at a time, in constant memory.

use std::borrow::Cow;
use std::io::Write;

use crate::clearing_file::error::{FaultKind, FileError};
use crate::clearing_file::statement::{
    Balance, Booking, Closing, Entry, Mark, Opening, Transaction, decimal,
};
use crate::date::{Date, Moment};
use crate::iso4217::Currency;

/// Which message is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Message {
    /// camt.053.001.08: the entries of a day with its balances.
    Statement,
    /// camt.054.001.08: entries alone.
    Notification,
}

/// The group header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// At most 35 characters, ours, unique.
    pub message_id: String,
    /// When it was made.
    pub created: Moment,
}

/// Writes a document: `begin` and `end` around the entries of each statement, `finish` at last.
pub struct Writer<W> {
    out: W,
    message: Message,
    created: Moment,
    pending: Vec<u8>,
    open: Option<Open>,
    entries: u64,
    statements: u64,
}

struct Open {
    currency: Currency,
    running: i64,
    closing: Option<i64>,
    count: u64,
}

const CHUNK_BYTES: usize = 32 * 1024;

impl<W: Write> Writer<W> {
    /// Begins a document.
    ///
    /// # Errors
    /// A message id that is not 1 to 35 characters; what `out` says.
    pub fn new(out: W, message: Message, head: &Head) -> Result<Self, FileError> {
        let (name, root, _) = names(message);
        let mut writer = Self {
            out,
            message,
            created: head.created,
            pending: Vec::with_capacity(CHUNK_BYTES * 2),
            open: None,
            entries: 0,
            statements: 0,
        };
        writer.raw(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:",
        );
        writer.raw(name);
        writer.raw("\"><");
        writer.raw(root);
        writer.raw("><GrpHdr>");
        writer.element("MsgId", &head.message_id, 35)?;
        writer.element("CreDtTm", &head.created.to_string(), 35)?;
        writer.raw("</GrpHdr>\n");
        Ok(writer)
    }

    /// Begins a statement or notification. A statement's balances stand before its entries, so both are needed here; that
    /// they agree with the entries is checked by [`Writer::end`].
    ///
    /// # Errors
    /// A value no reader would accept, by its element; a statement without both balances; one that was not ended.
    pub fn begin(&mut self, opening: &Opening, closing: &Closing) -> Result<(), FileError> {
        let (_, _, element) = names(self.message);
        if self.open.is_some() {
            return Err(self.fault(element, "the statement before it was not ended"));
        }
        self.raw("<");
        self.raw(element);
        self.raw(">");
        self.element("Id", &opening.reference, 35)?;
        if !opening.number.is_empty() {
            let is_number = opening.number.len() <= 18 && opening.number.bytes().all(|c| c.is_ascii_digit());
            let number = is_number
                .then(|| opening.number.clone())
                .ok_or_else(|| self.fault("ElctrncSeqNb", "it is not a number"))?;
            self.element("ElctrncSeqNb", &number, 18)?;
        }
        let created = self.created.to_string();
        self.element("CreDtTm", &created, 35)?;
        self.raw("<Acct><Id>");
        if is_iban(&opening.account) {
            self.element("IBAN", &opening.account, 34)?;
        } else {
            self.raw("<Othr>");
            self.element("Id", &opening.account, 34)?;
            self.raw("</Othr>");
        }
        self.raw("</Id>");
        self.element("Ccy", opening.currency.code(), 3)?;
        self.raw("</Acct>\n");
        let mut told = None;
        if self.message == Message::Statement {
            let (Some(first), Some(last)) = (opening.balance, closing.balance) else {
                return Err(self.fault("Bal", "a statement has an opening and a closing balance"));
            };
            self.balance("OPBD", first, opening.currency)?;
            self.balance("CLBD", last, opening.currency)?;
            for (code, balance) in closing
                .available
                .iter()
                .map(|b| ("CLAV", *b))
                .chain(closing.forward.iter().map(|b| ("FWAV", *b)))
            {
                self.balance(code, balance, opening.currency)?;
            }
            told = Some(last.minor);
        }
        let running = opening.balance.map_or(0, |balance| balance.minor);
        self.open = Some(Open { currency: opening.currency, running, closing: told, count: 0 });
        self.flush_if_full()
    }

    /// Adds an entry.
    ///
    /// # Errors
    /// A value no reader would accept, by its element; another currency than the account's; none begun. The document is
    /// not to be used after an error.
    pub fn entry(&mut self, entry: &Entry) -> Result<(), FileError> {
        self.entries += 1;
        let booked = if entry.booking == Booking::Booked { entry.signed_minor() } else { 0 };
        let Some(open) = &mut self.open else { return Err(self.fault("Ntry", "no statement was begun")) };
        let (is_same, running) = (open.currency == entry.currency, open.running.checked_add(booked));
        open.count += 1;
        let number = open.count;
        match running {
            Some(running) if is_same && entry.amount_minor >= 0 => open.running = running,
            _ => {
                return Err(self
                    .fault("Amt", "it is not of the account's currency, negative, or the sum is too large"));
            }
        }
        self.raw("<Ntry>");
        self.element("NtryRef", &number.to_string(), 35)?;
        self.amount("Amt", entry.amount_minor, entry.currency)?;
        self.element("CdtDbtInd", indicator(entry.mark.credits_the_account()), 4)?;
        if matches!(entry.mark, Mark::ReversalOfCredit | Mark::ReversalOfDebit) {
            self.raw("<RvslInd>true</RvslInd>");
        }
        self.raw("<Sts>");
        self.element("Cd", status(entry.booking), 4)?;
        self.raw("</Sts>");
        self.day("BookgDt", entry.booking_date)?;
        self.day("ValDt", entry.value_date)?;
        self.optional("AcctSvcrRef", &entry.bank_reference, 35)?;
        self.code(&entry.code)?;
        if entry.charges_minor < 0 {
            return Err(self.fault("Chrgs", "charges are below zero"));
        }
        if entry.charges_minor > 0 {
            self.raw("<Chrgs>");
            self.amount("TtlChrgsAndTaxAmt", entry.charges_minor, entry.currency)?;
            self.raw("</Chrgs>");
        }
        self.details(entry)?;
        self.optional("AddtlNtryInf", &entry.details, 500)?;
        self.raw("</Ntry>\n");
        self.flush_if_full()
    }

    fn details(&mut self, entry: &Entry) -> Result<(), FileError> {
        let alone = Transaction {
            end_to_end_id: entry.reference.clone(),
            amount_minor: Some(entry.amount_minor),
            currency: Some(entry.currency),
            credits: entry.mark.credits_the_account(),
            remittance: entry.narrative.clone(),
            ..Transaction::default()
        };
        let is_told = !entry.reference.is_empty() || !entry.narrative.is_empty();
        let transactions = match &*entry.transactions {
            [] if is_told => std::slice::from_ref(&alone),
            [] => return Ok(()),
            transactions => transactions,
        };
        self.raw("<NtryDtls>");
        if transactions.len() > 1 && !entry.reference.is_empty() {
            self.raw("<Btch>");
            self.element("PmtInfId", &entry.reference, 35)?;
            self.raw("</Btch>");
        }
        for transaction in transactions {
            self.transaction(transaction)?;
            self.flush_if_full()?;
        }
        self.raw("</NtryDtls>");
        Ok(())
    }

    fn transaction(&mut self, transaction: &Transaction) -> Result<(), FileError> {
        self.raw("<TxDtls>");
        let references = [
            ("EndToEndId", &transaction.end_to_end_id),
            ("UETR", &transaction.uetr),
            ("TxId", &transaction.bank_reference),
        ];
        if references.iter().any(|(_, text)| !text.is_empty()) {
            self.raw("<Refs>");
            for (name, text) in references {
                if name == "UETR" && !text.is_empty() && !is_uuid(text) {
                    return Err(self.fault("UETR", "it is not a UUID of version 4 in small letters"));
                }
                self.optional(name, text, if name == "UETR" { 36 } else { 35 })?;
            }
            self.raw("</Refs>");
        }
        if let (Some(minor), Some(currency)) = (transaction.amount_minor, transaction.currency) {
            self.amount("Amt", minor, currency)?;
        }
        self.element("CdtDbtInd", indicator(transaction.credits), 4)?;
        if !transaction.remittance.is_empty() {
            self.raw("<RmtInf>");
            for line in transaction.remittance.lines() {
                let characters: Vec<char> = line.chars().collect();
                for piece in characters.chunks(140) {
                    self.element("Ustrd", &piece.iter().collect::<String>(), 140)?;
                }
            }
            self.raw("</RmtInf>");
        }
        self.raw("</TxDtls>");
        Ok(())
    }

    /// Ends the statement.
    ///
    /// # Errors
    /// `Balance` when opening and booked entries do not make the closing balance.
    pub fn end(&mut self) -> Result<(), FileError> {
        let (_, _, element) = names(self.message);
        let open = self.open.take().ok_or_else(|| self.fault(element, "no statement was begun"))?;
        if open.closing.is_some_and(|closing| closing != open.running) {
            let reason = "the closing balance does not follow from the opening balance and the entries";
            return Err(FileError::new(FaultKind::Balance, self.entries, "Bal", reason));
        }
        self.statements += 1;
        self.raw("</");
        self.raw(element);
        self.raw(">\n");
        self.flush_if_full()
    }

    /// Ends the document and gives `out` back, flushed and not synced.
    ///
    /// # Errors
    /// A statement that was not ended, or none at all; what `out` says.
    pub fn finish(mut self) -> Result<W, FileError> {
        let (_, root, element) = names(self.message);
        if self.open.is_some() || self.statements == 0 {
            return Err(self.fault(element, "there is none, or it was not ended"));
        }
        self.raw("</");
        self.raw(root);
        self.raw("></Document>\n");
        let written = self.out.write_all(&self.pending).and_then(|()| self.out.flush());
        written.map_err(|error| FileError::io(self.entries, &error))?;
        Ok(self.out)
    }

    fn balance(&mut self, code: &str, balance: Balance, currency: Currency) -> Result<(), FileError> {
        self.raw("<Bal><Tp><CdOrPrtry>");
        self.element("Cd", code, 4)?;
        self.raw("</CdOrPrtry></Tp>");
        let minor =
            i64::try_from(balance.minor.unsigned_abs()).map_err(|_| self.fault("Bal", "it is too large"))?;
        self.amount("Amt", minor, currency)?;
        self.element("CdtDbtInd", indicator(balance.minor >= 0), 4)?;
        self.day("Dt", Some(balance.date))?;
        self.raw("</Bal>\n");
        Ok(())
    }

    fn amount(&mut self, name: &'static str, minor: i64, currency: Currency) -> Result<(), FileError> {
        if minor < 0
            || currency.decimals().is_none_or(|decimals| decimals > 5)
            || minor > 999_999_999_999_999_999
        {
            return Err(self.fault(name, "it is negative, too large, or of a currency without a minor unit"));
        }
        self.raw("<");
        self.raw(name);
        self.raw(" Ccy=\"");
        self.raw(currency.code());
        self.raw("\">");
        self.raw(&decimal(minor, currency));
        self.raw("</");
        self.raw(name);
        self.raw(">");
        Ok(())
    }

    fn day(&mut self, name: &'static str, day: Option<Date>) -> Result<(), FileError> {
        let Some(day) = day else { return Ok(()) };
        self.raw("<");
        self.raw(name);
        self.raw(">");
        self.element("Dt", &day.to_string(), 10)?;
        self.raw("</");
        self.raw(name);
        self.raw(">");
        Ok(())
    }

    fn code(&mut self, code: &str) -> Result<(), FileError> {
        self.raw("<BkTxCd>");
        let is_code = |part: &&str| {
            part.len() == 4 && part.bytes().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
        };
        match code.split('/').collect::<Vec<_>>()[..] {
            [domain, family, sub] if [domain, family, sub].iter().all(is_code) => {
                self.raw("<Domn>");
                self.element("Cd", domain, 4)?;
                self.raw("<Fmly>");
                self.element("Cd", family, 4)?;
                self.element("SubFmlyCd", sub, 4)?;
                self.raw("</Fmly></Domn>");
            }
            _ if code.is_empty() => {}
            _ => {
                self.raw("<Prtry>");
                self.element("Cd", code, 35)?;
                self.raw("</Prtry>");
            }
        }
        self.raw("</BkTxCd>");
        Ok(())
    }

    fn optional(&mut self, name: &'static str, text: &str, max: usize) -> Result<(), FileError> {
        if text.is_empty() { Ok(()) } else { self.element(name, text, max) }
    }

    fn element(&mut self, name: &'static str, text: &str, max: usize) -> Result<(), FileError> {
        if text.is_empty() || text.chars().count() > max {
            return Err(self.fault(name, "it is empty or longer than its type allows"));
        }
        let Some(escaped) = escaped(text) else {
            return Err(self.fault(name, "it has a character that XML or a payment may not have"));
        };
        self.raw("<");
        self.raw(name);
        self.raw(">");
        self.raw(&escaped);
        self.raw("</");
        self.raw(name);
        self.raw(">");
        Ok(())
    }

    fn raw(&mut self, text: &str) {
        self.pending.extend_from_slice(text.as_bytes());
    }

    fn flush_if_full(&mut self) -> Result<(), FileError> {
        if self.pending.len() >= CHUNK_BYTES {
            self.out.write_all(&self.pending).map_err(|error| FileError::io(self.entries, &error))?;
            self.pending.clear();
        }
        Ok(())
    }

    /// A line of an error here is the number of the entry.
    fn fault(&self, name: &'static str, reason: &'static str) -> FileError {
        FileError::field(self.entries, name, reason)
    }
}

/// Name of the message, its element, the element of a statement.
const fn names(message: Message) -> (&'static str, &'static str, &'static str) {
    match message {
        Message::Statement => ("camt.053.001.08", "BkToCstmrStmt", "Stmt"),
        Message::Notification => ("camt.054.001.08", "BkToCstmrDbtCdtNtfctn", "Ntfctn"),
    }
}

const fn indicator(credits: bool) -> &'static str {
    if credits { "CRDT" } else { "DBIT" }
}

const fn status(booking: Booking) -> &'static str {
    match booking {
        Booking::Booked => "BOOK",
        Booking::Pending => "PDNG",
        Booking::Information => "INFO",
    }
}

/// `None` for a control character or one that turns the direction of text.
fn escaped(text: &str) -> Option<Cow<'_, str>> {
    let is_wrong = |c: char| {
        c.is_control()
            || matches!(c, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FFFE}' | '\u{FFFF}')
    };
    if text.chars().any(is_wrong) {
        return None;
    }
    if !text.contains(['&', '<', '>']) {
        return Some(Cow::Borrowed(text));
    }
    Some(Cow::Owned(text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")))
}

/// The schema's pattern: two capitals, two digits, up to thirty letters and digits.
fn is_iban(account: &str) -> bool {
    match account.as_bytes() {
        [a, b, c, d, rest @ ..] if (1..=30).contains(&rest.len()) => {
            [a, b].iter().all(|c| c.is_ascii_uppercase())
                && [c, d].iter().all(|c| c.is_ascii_digit())
                && rest.iter().all(u8::is_ascii_alphanumeric)
        }
        _ => false,
    }
}

/// The schema's pattern of a UETR.
fn is_uuid(text: &str) -> bool {
    let is_hex = |c: u8| matches!(c, b'0'..=b'9' | b'a'..=b'f');
    text.len() == 36
        && text.bytes().enumerate().all(|(at, c)| match at {
            8 | 13 | 18 | 23 => c == b'-',
            14 => c == b'4',
            19 => matches!(c, b'8' | b'9' | b'a' | b'b'),
            _ => is_hex(c),
        })
}
