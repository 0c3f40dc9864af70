//! JSON (RFC 8259) as a [`Source`]: strict in its grammar, numbers handed out as the characters they were written with.

use super::fault::{Fault, FaultKind};
use super::name::own_spelling;
use super::source::{Member, Source};

/// Objects and lists inside each other.
const DEPTH_MAX: usize = 32;
/// Members and elements of the whole document.
const MEMBERS_MAX: u32 = 200_000;

/// A JSON text and where one is in it.
pub(super) struct Json<'i> {
    text: &'i str,
    at: usize,
    open: Vec<Open>,
    /// The member is an empty list: there is nothing to read.
    is_empty_list: bool,
    unescaped: String,
    members: u32,
}

#[derive(Clone, Copy)]
enum Open {
    /// An object; whether its first member is still to come.
    Object { is_first: bool },
    /// A list under a name, its first element already handed out.
    List { name: Option<&'static str> },
}

impl<'i> Json<'i> {
    /// Begins inside the outermost object.
    ///
    /// # Errors
    /// Not UTF-8, or no object.
    pub(super) fn new(bytes: &'i [u8]) -> Result<Self, Fault> {
        let text = std::str::from_utf8(bytes).map_err(|_| FaultKind::Syntax)?;
        let at = if text.starts_with('\u{FEFF}') { 3 } else { 0 };
        let open = Vec::with_capacity(DEPTH_MAX);
        let mut json = Json { text, at, open, is_empty_list: false, unescaped: String::new(), members: 0 };
        json.space();
        json.expect(b'{')
            .map_err(|_| if json.at == text.len() { FaultKind::Syntax } else { FaultKind::NotMfep })?;
        json.open.push(Open::Object { is_first: true });
        Ok(json)
    }

    /// Nothing may follow the outermost object.
    pub(super) fn finish(&mut self) -> Result<(), Fault> {
        self.space();
        if self.open.is_empty() && self.at == self.text.len() {
            Ok(())
        } else {
            Err(FaultKind::Syntax.into())
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn expect(&mut self, byte: u8) -> Result<(), FaultKind> {
        if self.peek() != Some(byte) {
            return Err(FaultKind::Syntax);
        }
        self.at += 1;
        Ok(())
    }

    fn count(&mut self) -> Result<(), FaultKind> {
        self.members += 1;
        if self.members > MEMBERS_MAX { Err(FaultKind::TooMany) } else { Ok(()) }
    }

    fn push(&mut self, open: Open) -> Result<(), FaultKind> {
        if self.open.len() == DEPTH_MAX {
            return Err(FaultKind::TooDeep);
        }
        self.open.push(open);
        Ok(())
    }

    /// The next element of a list, or `None` behind its end.
    fn element(&mut self, name: Option<&'static str>) -> Result<Option<Member>, FaultKind> {
        self.space();
        if self.peek() == Some(b']') {
            self.at += 1;
            self.open.pop();
            return Ok(None);
        }
        self.expect(b',')?;
        self.space();
        self.count()?;
        Ok(Some(Member { name, again: true }))
    }

    /// The next key of an object and the beginning of what stands under it, or `None` behind its end.
    fn key(&mut self, is_first: bool) -> Result<Option<Member>, FaultKind> {
        self.space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            self.open.pop();
            return Ok(None);
        }
        if !is_first {
            self.expect(b',')?;
            self.space();
        }
        self.count()?;
        let name = own_spelling(self.string()?);
        self.space();
        self.expect(b':')?;
        self.space();
        if let Some(Open::Object { is_first }) = self.open.last_mut() {
            *is_first = false;
        }
        if self.peek() == Some(b'[') {
            self.list(name)?;
        }
        Ok(Some(Member { name, again: false }))
    }

    fn list(&mut self, name: Option<&'static str>) -> Result<(), FaultKind> {
        self.at += 1;
        self.space();
        if self.peek() == Some(b']') {
            self.at += 1;
            self.is_empty_list = true;
            return Ok(());
        }
        self.push(Open::List { name })
    }

    /// A string, its escapes resolved.
    fn string(&mut self) -> Result<&str, FaultKind> {
        self.expect(b'"')?;
        let begin = self.at;
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(&self.text[begin..self.at - 1]);
                }
                Some(b'\\') => break,
                None | Some(0..0x20) => return Err(FaultKind::Syntax),
                Some(_) => self.at += 1,
            }
        }
        self.unescaped.clear();
        self.unescaped.push_str(&self.text[begin..self.at]);
        loop {
            let run = self.at;
            while self.peek().is_some_and(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\') {
                self.at += 1;
            }
            self.unescaped.push_str(&self.text[run..self.at]);
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(&self.unescaped);
                }
                Some(b'\\') => {
                    let c = self.escape()?;
                    self.unescaped.push(c);
                }
                _ => return Err(FaultKind::Syntax),
            }
        }
    }

    fn escape(&mut self) -> Result<char, FaultKind> {
        self.at += 1;
        let byte = self.peek().ok_or(FaultKind::Syntax)?;
        self.at += 1;
        Ok(match byte {
            b'"' | b'\\' | b'/' => char::from(byte),
            b'b' => '\u{8}',
            b'f' => '\u{C}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.unicode(),
            _ => return Err(FaultKind::Syntax),
        })
    }

    /// `\uXXXX`, or two of them that make one character; half of a pair is refused.
    fn unicode(&mut self) -> Result<char, FaultKind> {
        let high = self.hex()?;
        if !(0xD800..0xDC00).contains(&high) {
            return char::from_u32(high).ok_or(FaultKind::Syntax);
        }
        self.expect(b'\\')?;
        self.expect(b'u')?;
        let low = self.hex()?;
        if !(0xDC00..0xE000).contains(&low) {
            return Err(FaultKind::Syntax);
        }
        char::from_u32(0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00)).ok_or(FaultKind::Syntax)
    }

    fn hex(&mut self) -> Result<u32, FaultKind> {
        let mut value = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(crate::hex::value).ok_or(FaultKind::Syntax)?;
            value = value << 4 | u32::from(digit);
            self.at += 1;
        }
        Ok(value)
    }

    /// A number as it is written, its grammar checked.
    fn number(&mut self) -> Result<&'i str, FaultKind> {
        let begin = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek() {
            Some(b'0') => self.at += 1,
            _ => self.digits()?,
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(&self.text[begin..self.at])
    }

    fn digits(&mut self) -> Result<(), FaultKind> {
        let begin = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at == begin { Err(FaultKind::Syntax) } else { Ok(()) }
    }

    fn literal(&mut self, word: &'static str) -> Result<&'static str, FaultKind> {
        if !self.text.as_bytes()[self.at..].starts_with(word.as_bytes()) {
            return Err(FaultKind::Syntax);
        }
        self.at += word.len();
        Ok(word)
    }

    /// Passes over one value. The depth bounds the recursion.
    fn pass(&mut self, depth: usize) -> Result<(), FaultKind> {
        let close = match self.peek() {
            Some(b'{') => b'}',
            Some(b'[') => b']',
            Some(b'"') => return self.string().map(drop),
            Some(b't') => return self.literal("true").map(drop),
            Some(b'f') => return self.literal("false").map(drop),
            Some(b'n') => return self.literal("null").map(drop),
            _ => return self.number().map(drop),
        };
        if depth == DEPTH_MAX {
            return Err(FaultKind::TooDeep);
        }
        self.at += 1;
        self.space();
        if self.peek() == Some(close) {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.count()?;
            if close == b'}' {
                self.space();
                self.string()?;
                self.space();
                self.expect(b':')?;
            }
            self.space();
            self.pass(depth + 1)?;
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                _ => return self.expect(close),
            }
        }
    }
}

impl Source for Json<'_> {
    fn next(&mut self) -> Result<Option<Member>, Fault> {
        loop {
            match self.open.last().copied() {
                None => return Ok(None),
                Some(Open::Object { is_first }) => return Ok(self.key(is_first)?),
                Some(Open::List { name }) => {
                    if let Some(member) = self.element(name)? {
                        return Ok(Some(member));
                    }
                }
            }
        }
    }

    fn enter(&mut self) -> Result<bool, Fault> {
        if std::mem::take(&mut self.is_empty_list) {
            return Ok(false);
        }
        match self.peek() {
            Some(b'{') => {
                self.at += 1;
                self.push(Open::Object { is_first: true })?;
                Ok(true)
            }
            Some(b'n') => Ok(self.literal("null").map(|_| false)?),
            // What is made from XML by rote has an empty text where there was an empty element.
            Some(b'"') if self.string()?.trim().is_empty() => Ok(false),
            Some(_) => Err(FaultKind::WrongType.into()),
            None => Err(FaultKind::Syntax.into()),
        }
    }

    fn text(&mut self) -> Result<Option<&str>, Fault> {
        if std::mem::take(&mut self.is_empty_list) {
            return Ok(None);
        }
        match self.peek() {
            Some(b'"') => Ok(Some(self.string()?.trim())),
            Some(b'n') => Ok(self.literal("null").map(|_| None)?),
            Some(b't') => Ok(Some(self.literal("true")?)),
            Some(b'f') => Ok(Some(self.literal("false")?)),
            Some(b'-' | b'0'..=b'9') => Ok(Some(self.number()?)),
            Some(b'{' | b'[') => Err(FaultKind::WrongType.into()),
            _ => Err(FaultKind::Syntax.into()),
        }
    }

    fn skip(&mut self) -> Result<(), Fault> {
        if std::mem::take(&mut self.is_empty_list) {
            return Ok(());
        }
        Ok(self.pass(self.open.len())?)
    }

    fn position(&self) -> usize {
        self.at
    }
}
