//! The rules of payments no schema can say, checked while a document passes.
//!
//! What is summed is summed exactly, in integers. What is kept between elements is small and does not grow with a
//! statement; messages of payment orders keep the identifications of their transactions, to see one come twice.
//! A rule refuses only what no sound sender writes; what merely deserves a look becomes a warning of the [`Report`].

mod account;
mod amount;
mod order;
mod report;
mod statement;
mod text;

pub use report::{Report, Turnover, Warning};

use super::error::Fault;
use super::schema::Simple;
use super::tag::Attributes;
use super::{Layer, NAMESPACE};
use account::Accounts;
use amount::Money;
use order::Orders;
use report::Tally;
use statement::Statements;

/// A refusal of this layer.
fn fault(reason: impl Into<std::borrow::Cow<'static, str>>) -> Fault {
    Fault { layer: Layer::Business, reason: reason.into(), at: None }
}

/// The text of an element, with what its tag said.
#[derive(Clone, Copy)]
struct Leaf<'a> {
    text: &'a str,
    /// An amount with its currency.
    money: Option<Money>,
}

/// Where the reader is, told only when it is asked.
pub(super) type Place<'a> = &'a dyn Fn() -> (String, u64);

/// All rules and what they have seen.
#[derive(Debug, Default)]
pub(super) struct Rules {
    /// The names of the open elements of the message, its root included.
    path: Vec<&'static str>,
    message: &'static str,
    /// The message the header of an envelope announces.
    announced: Option<String>,
    currency: Option<[u8; 3]>,
    family: Family,
    accounts: Accounts,
    tally: Tally,
}

/// What kind of message is read decides which totals there are.
#[derive(Debug, Default)]
enum Family {
    #[default]
    Other,
    Orders(Orders),
    Statements(Statements),
}

impl Family {
    fn of(message: &str) -> Self {
        match message.get(..8) {
            Some("pacs.003" | "pacs.004" | "pacs.008" | "pacs.009") => Family::Orders(Orders::interbank()),
            Some("pain.001" | "pain.008" | "pain.013") => Family::Orders(Orders::of_customer()),
            Some("camt.052" | "camt.053" | "camt.054") => Family::Statements(Statements::of(message)),
            _ => Family::Other,
        }
    }
}

impl Rules {
    /// An element of a message begins.
    pub(super) fn start(
        &mut self,
        name: &'static str,
        message: &'static str,
        attributes: Attributes<'_>,
    ) -> Result<(), Fault> {
        if self.path.is_empty() {
            self.message = message;
            self.family = Family::of(message);
            if name == "Document" {
                self.tally.begin(message);
                self.check_announced()?;
            }
        }
        self.path.push(name);
        self.currency = attributes.get("Ccy").and_then(|code| code.as_bytes().try_into().ok());
        match (&mut self.family, &self.path[..]) {
            (Family::Orders(orders), [_, _, inner @ ..]) => orders.start(inner, &mut self.tally),
            (Family::Statements(statements), [_, _, inner @ ..]) => statements.start(inner, &mut self.tally),
            (Family::Other, [_, _, inner @ ..]) => report::count_other(inner, &mut self.tally),
            _ => {}
        }
        Ok(())
    }

    /// The text of the innermost element, which keeps to its type.
    pub(super) fn text(&mut self, text: &str, simple: &Simple, place: Place<'_>) -> Result<(), Fault> {
        text::check_direction(text)?;
        let name = self.path.last().copied().unwrap_or_default();
        let money = match self.currency {
            Some(code) => Some(amount::check(text, code, name, simple)?),
            None => None,
        };
        if name == "IBAN" {
            self.accounts.see(text, place, &mut self.tally);
        }
        // Orders are found again by what they are called; what statements repeat may come padded from old systems.
        if matches!(self.family, Family::Orders(_)) {
            text::check_identification(name, text)?;
        }
        let leaf = Leaf { text, money };
        match (&mut self.family, &self.path[..]) {
            (Family::Orders(orders), [_, _, inner @ ..]) => orders.leaf(inner, leaf, place, &mut self.tally),
            (Family::Statements(statements), [_, _, inner @ ..]) => statements.leaf(inner, leaf, place),
            (Family::Other, ["AppHdr", "MsgDefIdr"]) => {
                self.announced = Some(text.to_owned());
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The innermost element of a message ends.
    pub(super) fn end(&mut self) -> Result<(), Fault> {
        let done = match (&mut self.family, &self.path[..]) {
            (Family::Orders(orders), [_, _, inner @ ..]) => orders.end(inner),
            (Family::Statements(statements), [_, _, inner @ ..]) => statements.end(inner, &mut self.tally),
            _ => Ok(()),
        };
        self.path.pop();
        self.currency = None;
        done?;
        if self.path.is_empty() && matches!(&self.family, Family::Orders(orders) if orders.is_interbank()) {
            return self.accounts.check();
        }
        Ok(())
    }

    /// A header names the message it comes with.
    fn check_announced(&self) -> Result<(), Fault> {
        match &self.announced {
            Some(announced) if announced != self.message => {
                Err(fault(format!("the header announces another message than {NAMESPACE}{}", self.message)))
            }
            _ => Ok(()),
        }
    }

    /// What was read.
    pub(super) fn report(&self, message: &'static str) -> Report {
        self.tally.report(if self.tally.message.is_empty() { message } else { self.tally.message })
    }
}
