//! A message for the eyes of operators: what it is, who it is from, what it says of money; nothing of who pays.

use serde::Serialize;

use super::codes::{Class, Fold, lookup};
use super::decode::Decoded;
use super::fault::Fault;
use super::model::{AcctInfo, Body, Payment, TrxStatus, Verdict};
use super::payer::masked;
use super::profile::Format;

/// What [`describe`] tells. Account numbers are masked, because they may be phones or national numbers; payers are left
/// out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// JSON or XML.
    pub format: Format,
    /// `ReqTyp` or `ResTyp`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// `GUID`.
    pub guid: Option<String>,
    /// `SdrCode`.
    pub sender: Option<String>,
    /// `RcvCode`.
    pub receiver: Option<String>,
    /// `TmStp`.
    pub time: Option<String>,
    /// Whether a signature came with it. It was not verified.
    pub signed: bool,
    /// Of the message as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<ResultLine>,
    /// Bills and transactions.
    pub lines: Vec<Line>,
    /// Members that are not of the scheme.
    pub unknown: u32,
    /// Rules that were let pass.
    pub tolerated: u32,
}

/// A result and what it means.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ResultLine {
    /// `ErrorCode`.
    pub code: u32,
    /// In English; nothing for a code that is not listed.
    pub meaning: Option<&'static str>,
    /// What kind of thing it says.
    pub class: Option<Class>,
    /// What it says of a payment.
    pub fold: Fold,
}

/// A bill or a transaction.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Line {
    /// `BillingNo`, masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// `JOEBPPSTrx`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub joebpps_trx: Option<String>,
    /// `BankTrxID`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bank_trx_id: Option<String>,
    /// `PmtStatus` or `BillStatus`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// What is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due: Option<String>,
    /// What was paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paid: Option<String>,
    /// Of both.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<&'static str>,
    /// `STMTDate`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settlement_date: Option<String>,
    /// Of this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<ResultLine>,
}

/// A message that could not be read, for the same eyes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// Such as `AMOUNT_INVALID`.
    pub error: &'static str,
    /// Such as `MsgBody/Transactions/TrxInf[0]/PaidAmt`.
    pub path: String,
    /// In words.
    pub reason: String,
}

impl From<&Fault> for Refusal {
    fn from(fault: &Fault) -> Self {
        Refusal { error: fault.kind.name(), path: fault.path.clone(), reason: fault.kind.to_string() }
    }
}

/// Tells what a message says.
#[must_use]
pub fn describe(decoded: &Decoded<'_>) -> Report {
    let message = &decoded.message;
    let header = &message.header;
    let lines = match &message.body {
        Body::Bills(bills) => bills.bills.iter().map(bill_line).collect(),
        Body::Payments(list) => list.iter().map(payment_line).collect(),
        Body::Statuses(list) => list.iter().map(status_line).collect(),
        Body::Validation(validation) => vec![Line {
            account: account(validation.acct_info.as_ref()),
            due: validation.due_amt.map(|amount| amount.to_string()),
            result: validation.result.as_ref().map(result_line),
            ..Line::default()
        }],
        Body::Inquiry(inquiry) => {
            vec![Line { account: account(inquiry.acct_info.as_ref()), ..Line::default() }]
        }
        Body::Empty | Body::Credentials(_) | Body::Token(_) | Body::Billers(_) => Vec::new(),
    };
    Report {
        format: decoded.format,
        kind: header.kind.word(),
        guid: text(&header.guid),
        sender: header.sdr_code.as_ref().map(ToString::to_string),
        receiver: header.rcv_code.as_ref().map(ToString::to_string),
        time: header.tm_stp.map(|stamp| stamp.to_string()),
        signed: message.signature.is_some(),
        result: header.result.as_ref().map(result_line),
        lines,
        unknown: decoded.unknown,
        tolerated: decoded.tolerated,
    }
}

fn text(text: &Option<Box<str>>) -> Option<String> {
    text.as_deref().map(str::to_owned)
}

fn account(account: Option<&AcctInfo>) -> Option<String> {
    account.and_then(|account| account.billing_no.as_deref().or(account.bill_no.as_deref())).map(masked)
}

fn result_line(verdict: &Verdict) -> ResultLine {
    let meaning = lookup(verdict.error_code);
    ResultLine {
        code: verdict.error_code,
        meaning: meaning.map(|meaning| meaning.en),
        class: meaning.map(|meaning| meaning.class),
        fold: verdict.fold(),
    }
}

fn bill_line(bill: &super::Bill) -> Line {
    Line {
        account: account(bill.acct_info.as_ref()),
        status: bill.bill_status.as_ref().map(|status| status.word().to_owned()),
        due: bill.due_amount.map(|amount| amount.to_string()),
        result: bill.result.as_ref().map(result_line),
        ..Line::default()
    }
}

fn payment_line(payment: &Payment) -> Line {
    Line {
        account: account(payment.acct_info.as_deref()),
        joebpps_trx: text(&payment.joebpps_trx),
        bank_trx_id: text(&payment.bank_trx_id),
        status: payment.pmt_status.as_ref().map(|status| status.word().to_owned()),
        due: payment.due_amt.map(|amount| amount.to_string()),
        paid: payment.paid_amt.map(|amount| amount.to_string()),
        currency: payment.currency.map(|currency| currency.code()),
        settlement_date: payment.stmt_date.map(|stamp| stamp.to_string()),
        result: None,
    }
}

fn status_line(status: &TrxStatus) -> Line {
    Line {
        account: account(status.acct_info.as_deref()),
        joebpps_trx: text(&status.joebpps_trx),
        bank_trx_id: text(&status.bank_trx_id),
        status: status.pmt_status.as_ref().map(|status| status.word().to_owned()),
        due: status.due_amt.map(|amount| amount.to_string()),
        paid: status.paid_amt.map(|amount| amount.to_string()),
        currency: status.currency.map(|currency| currency.code()),
        settlement_date: status.stmt_date.map(|stamp| stamp.to_string()),
        result: status.result.as_deref().map(result_line),
    }
}
