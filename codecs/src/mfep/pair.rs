//! Requests and their answers: building the answer to a request, and holding an answer against its request.
//!
//! An answer goes back to who asked, with the same GUID. What the biller's business says no to stands in the bill or the
//! transaction, with 0 in the header. An answer that does not fit its request says nothing of it: for a payment its
//! outcome is then unknown.

use std::fmt;

use super::codes::lookup;
use super::fault::{Fault, FaultKind};
use super::model::{Bill, Bills, Body, Header, Message, Payment, TrxStatus, Verdict};
use super::stamp::Stamp;
use super::value::Severity;

impl Verdict {
    /// 0 with the words the scheme's own examples have.
    #[must_use]
    pub fn success() -> Self {
        Verdict { error_code: 0, error_desc: Some("Success".into()), severity: Some(Severity::Info) }
    }

    /// A code with its meaning in English, or without words when it is not listed.
    #[must_use]
    pub fn of(code: u32) -> Self {
        if code == 0 {
            return Self::success();
        }
        let error_desc = lookup(code).map(|meaning| meaning.en.into());
        Verdict { error_code: code, error_desc, severity: Some(Severity::Error) }
    }

    /// What it says of a payment.
    #[must_use]
    pub fn fold(&self) -> super::Fold {
        super::fold(self.error_code)
    }
}

/// What identifies a transaction: a repeat has the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Keys<'m> {
    /// Of the message: the same GUID is the same message, and gets the same answer.
    pub guid: Option<&'m str>,
    /// Of the transaction at the scheme: a biller books each once, whatever the GUID.
    pub joebpps_trx: Option<&'m str>,
    /// Of the transaction at the payer's side: the scheme pays each once.
    pub bank_trx_id: Option<&'m str>,
}

impl Message {
    /// What identifies each transaction of the message; the GUID alone for a message without transactions.
    #[must_use]
    pub fn keys(&self) -> Vec<Keys<'_>> {
        let guid = self.header.guid.as_deref();
        match &self.body {
            Body::Payments(list) => list
                .iter()
                .map(|p| Keys {
                    guid,
                    joebpps_trx: p.joebpps_trx.as_deref(),
                    bank_trx_id: p.bank_trx_id.as_deref(),
                })
                .collect(),
            Body::Statuses(list) => list
                .iter()
                .map(|s| Keys {
                    guid,
                    joebpps_trx: s.joebpps_trx.as_deref(),
                    bank_trx_id: s.bank_trx_id.as_deref(),
                })
                .collect(),
            _ => vec![Keys { guid, joebpps_trx: None, bank_trx_id: None }],
        }
    }
}

/// The answer to a request: sender and receiver exchanged, the GUID repeated.
///
/// # Errors
/// `TypeMismatch` when `request` is an answer itself.
pub fn answer_to(request: &Message, tm_stp: Stamp, result: Verdict, body: Body) -> Result<Message, Fault> {
    let asked = &request.header;
    let kind =
        asked.kind.answer().ok_or_else(|| Fault::at(FaultKind::TypeMismatch, "MsgHeader/TrsInf/ReqTyp"))?;
    let header = Header {
        tm_stp: Some(tm_stp),
        guid: asked.guid.clone(),
        sdr_code: asked.rcv_code.clone(),
        rcv_code: asked.sdr_code.clone(),
        kind,
        sequence: asked.sequence.clone(),
        result: Some(result),
    };
    Ok(Message { header, body, signature: None, token_key: None })
}

/// The answer that refuses a request as a whole: its signature, its sender, its form.
///
/// # Errors
/// As [`answer_to`]; `NumberInvalid` for 0, which refuses nothing.
pub fn refuse(request: &Message, tm_stp: Stamp, code: u32) -> Result<Message, Fault> {
    if code == 0 {
        return Err(Fault::at(FaultKind::NumberInvalid, "MsgHeader/Result/ErrorCode"));
    }
    answer_to(request, tm_stp, Verdict::of(code), Body::Empty)
}

/// The answer to an inquiry.
///
/// # Errors
/// As [`answer_to`].
pub fn answer_bills(request: &Message, tm_stp: Stamp, bills: Vec<Bill>) -> Result<Message, Fault> {
    let rec_count = u32::try_from(bills.len()).ok();
    answer_to(request, tm_stp, Verdict::success(), Body::Bills(Bills { rec_count, bills }))
}

/// The answer to payments or acknowledgements: what `decide` says of each transaction.
///
/// # Errors
/// As [`answer_to`]; `TypeMismatch` when the request has no transactions.
pub fn answer_each(
    request: &Message,
    tm_stp: Stamp,
    decide: impl FnMut(&TrxStatus) -> Verdict,
) -> Result<Message, Fault> {
    let mut decide = decide;
    let mut statuses: Vec<TrxStatus> = match &request.body {
        Body::Payments(list) => list.iter().map(echo).collect(),
        Body::Statuses(list) if request.header.kind.is_request() => list.iter().map(echo_status).collect(),
        _ => return Err(Fault::at(FaultKind::TypeMismatch, "MsgBody")),
    };
    for status in &mut statuses {
        status.result = Some(Box::new(decide(status)));
    }
    answer_to(request, tm_stp, Verdict::success(), Body::Statuses(statuses))
}

/// What an answer repeats of a payment.
fn echo(payment: &Payment) -> TrxStatus {
    TrxStatus {
        joebpps_trx: payment.joebpps_trx.clone(),
        // The scheme's own number is enough where there is one; a bank knows its payment by its own.
        bank_trx_id: payment.bank_trx_id.clone().filter(|_| payment.joebpps_trx.is_none()),
        pmt_guid: payment.pmt_guid.clone(),
        par_trx_id: payment.par_trx_id.clone(),
        process_date: payment.process_date,
        stmt_date: payment.stmt_date,
        ..TrxStatus::default()
    }
}

fn echo_status(status: &TrxStatus) -> TrxStatus {
    let TrxStatus { joebpps_trx, process_date, stmt_date, .. } = status.clone();
    TrxStatus { joebpps_trx, process_date, stmt_date, ..TrxStatus::default() }
}

/// How an answer does not fit its request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// The element of the answer, such as `MsgHeader/GUID`.
    pub path: String,
    /// What about it.
    pub reason: &'static str,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.reason)
    }
}

/// Holds an answer against its request. Empty when it fits; otherwise the answer must not be believed.
#[must_use]
pub fn check_answer(request: &Message, answer: &Message) -> Vec<Mismatch> {
    let mut found = Vec::new();
    let mut add = |path: String, reason| found.push(Mismatch { path, reason });
    let (asked, said) = (&request.header, &answer.header);
    if asked.kind.answer() != Some(said.kind) {
        add("MsgHeader/TrsInf/ResTyp".into(), "the type does not answer the request");
    }
    let same = |a: &str, b: &str| a.eq_ignore_ascii_case(b);
    match (&asked.guid, &said.guid) {
        (Some(asked), Some(said)) if same(asked, said) => {}
        (None, _) => {}
        _ => add("MsgHeader/GUID".into(), "the GUID is not the request's"),
    }
    // Many answers leave one of the codes out.
    if said.sdr_code.as_ref().is_some_and(|code| asked.rcv_code.as_ref().is_some_and(|asked| asked != code)) {
        add("MsgHeader/TrsInf/SdrCode".into(), "the answer is from somebody else");
    }
    if said.rcv_code.as_ref().is_some_and(|code| asked.sdr_code.as_ref().is_some_and(|asked| asked != code)) {
        add("MsgHeader/TrsInf/RcvCode".into(), "the answer is for somebody else");
    }
    check_bodies(request, answer, &mut add);
    found
}

fn check_bodies(request: &Message, answer: &Message, add: &mut impl FnMut(String, &'static str)) {
    match (&request.body, &answer.body) {
        (Body::Payments(asked), Body::Statuses(said)) => check_statuses(asked, said, add),
        (Body::Statuses(asked), Body::Statuses(said)) => {
            let asked: Vec<Payment> = asked
                .iter()
                .map(|status| Payment { joebpps_trx: status.joebpps_trx.clone(), ..Payment::default() })
                .collect();
            check_statuses(&asked, said, add);
        }
        (Body::Inquiry(asked), Body::Bills(said)) => {
            let number = asked.acct_info.as_ref().and_then(|account| account.billing_no.as_deref());
            for (index, bill) in said.bills.iter().enumerate() {
                let own = bill.acct_info.as_ref().and_then(|account| account.billing_no.as_deref());
                if differ(number, own) {
                    add(
                        format!("MsgBody/BillRec[{index}]/AcctInfo/BillingNo"),
                        "the bill is of another account",
                    );
                }
            }
        }
        (Body::Validation(asked), Body::Validation(said)) => {
            let number =
                |v: &super::Validation| v.acct_info.as_ref().and_then(|account| account.billing_no.clone());
            if differ(number(asked).as_deref(), number(said).as_deref()) {
                add("MsgBody/BillingInfo/AcctInfo/BillingNo".into(), "the validation is of another account");
            }
        }
        _ => {}
    }
}

/// Both stand and are not the same.
fn differ(a: Option<&str>, b: Option<&str>) -> bool {
    a.zip(b).is_some_and(|(a, b)| a != b)
}

/// Each transaction is answered once, under a reference it was sent with.
fn check_statuses(asked: &[Payment], said: &[TrxStatus], add: &mut impl FnMut(String, &'static str)) {
    if asked.len() != said.len() {
        add("MsgBody/Transactions".into(), "not as many transactions as in the request");
    }
    let mut answered = vec![false; asked.len()];
    for (index, status) in said.iter().enumerate() {
        let path = |name: &str| format!("MsgBody/Transactions/TrxInf[{index}]{name}");
        // A transaction may be meant whose references all agree; among several the one that was not answered yet.
        let place =
            (0..asked.len()).find(|at| !answered[*at] && is_about(&asked[*at], status, asked.len() == 1));
        let Some(place) = place else {
            add(path(""), "no such transaction is in the request, or it was answered before");
            continue;
        };
        answered[place] = true;
        if asked[place].paid_amt.zip(status.paid_amt).is_some_and(|(asked, said)| asked != said) {
            add(path("/PaidAmt"), "the amount is not the request's");
        }
        if asked[place].currency.zip(status.currency).is_some_and(|(asked, said)| asked != said) {
            add(path("/Currency"), "the currency is not the request's");
        }
    }
}

/// Whether a status can be about a payment. The only one of its request need not be named again.
fn is_about(payment: &Payment, status: &TrxStatus, is_only: bool) -> bool {
    let pairs = [
        (&payment.joebpps_trx, &status.joebpps_trx),
        (&payment.bank_trx_id, &status.bank_trx_id),
        (&payment.pmt_guid, &status.pmt_guid),
        (&payment.par_trx_id, &status.par_trx_id),
    ];
    let agrees = pairs.iter().any(|(a, b)| a.is_some() && a == b);
    let differs = pairs.iter().any(|(a, b)| differ(a.as_deref(), b.as_deref()));
    !differs && (agrees || is_only)
}
