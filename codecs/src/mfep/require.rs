//! What each type of message must say, beyond being readable. Asked of what comes and of what goes.
//!
//! The field tables in the public integrations say little of what is mandatory; this is what the other side cannot do
//! without. Strict reading asks for the rest of the header as well.

use super::fault::{Fault, FaultKind};
use super::kind::{Kind, Shape};
use super::model::{Bill, Bills, Body, Header, Inquiry, Message, Payment, TrxStatus};

/// Checks a whole message.
pub(super) fn check(message: &Message, is_strict: bool) -> Result<(), Fault> {
    let header = &message.header;
    let is_call = matches!(header.kind, Kind::Authenticate | Kind::BillersList);
    if is_strict && header.tm_stp.is_none() && !is_call {
        return missing("MsgHeader/TmStp");
    }
    check_result(header)?;
    check_body(header, &message.body, is_strict).map_err(|fault| fault.within("MsgBody"))
}

fn missing(path: &str) -> Result<(), Fault> {
    Err(Fault::at(FaultKind::Missing, path))
}

fn check_result(header: &Header) -> Result<(), Fault> {
    match (header.kind.is_request(), &header.result) {
        (false, None) => missing("MsgHeader/Result"),
        (true, Some(_)) => Err(Fault::at(FaultKind::TypeMismatch, "MsgHeader/Result")),
        _ => Ok(()),
    }
}

fn check_body(header: &Header, body: &Body, is_strict: bool) -> Result<(), Fault> {
    let kind = header.kind;
    match (kind.shape(), body) {
        // An answer that says no as a whole needs no body, and the answer to an acknowledgement never does.
        (_, Body::Empty) => {
            let is_refusal = header.result.as_ref().is_some_and(|result| result.error_code != 0);
            let needs_none = kind.shape() == Shape::Nothing || kind == Kind::AcknowledgementAnswer;
            if is_refusal || needs_none { Ok(()) } else { Err(FaultKind::Missing.into()) }
        }
        (Shape::Inquiry, Body::Inquiry(inquiry)) => check_inquiry(inquiry),
        (Shape::Bills, Body::Bills(bills)) => check_bills(bills, is_strict),
        (Shape::Payments, Body::Payments(list)) => each(list, |payment| check_payment(kind, payment)),
        (Shape::Statuses, Body::Statuses(list)) => each(list, |status| check_status(kind, status)),
        (Shape::Validation, Body::Validation(validation))
            if validation.acct_info.is_none() && kind.is_request() =>
        {
            missing("BillingInfo/AcctInfo")
        }
        (Shape::Validation, Body::Validation(_)) => Ok(()),
        (Shape::Credentials, Body::Credentials(_))
        | (Shape::Token, Body::Token(_))
        | (Shape::Billers, Body::Billers(_)) => Ok(()),
        _ => Err(FaultKind::TypeMismatch.into()),
    }
}

/// An account without a bill is asked for by the billing number, one bill by its own. Either will do; a bank may ask
/// with the biller's code alone.
fn check_inquiry(inquiry: &Inquiry) -> Result<(), Fault> {
    let is_named = |account: &super::AcctInfo| {
        let stands = |text: &Option<Box<str>>| text.as_deref().is_some_and(|text| !text.is_empty());
        stands(&account.billing_no) || stands(&account.bill_no) || account.biller_code.is_some()
    };
    match &inquiry.acct_info {
        None => missing("AcctInfo"),
        Some(account) if !is_named(account) => missing("AcctInfo/BillingNo"),
        Some(_) => Ok(()),
    }
}

fn check_bills(bills: &Bills, is_strict: bool) -> Result<(), Fault> {
    let counted = bills.rec_count.is_none_or(|count| usize::try_from(count) == Ok(bills.bills.len()));
    if is_strict && !counted {
        return Err(Fault::at(FaultKind::CountMismatch, "RecCount"));
    }
    for (index, bill) in bills.bills.iter().enumerate() {
        check_bill(bill).map_err(|fault| fault.within_nth("BillRec", index))?;
    }
    Ok(())
}

/// A bill that can be paid says what is due.
fn check_bill(bill: &Bill) -> Result<(), Fault> {
    let is_good = bill.result.as_ref().is_none_or(|result| result.error_code == 0);
    if is_good && bill.due_amount.is_none() { missing("DueAmount") } else { Ok(()) }
}

fn each<T>(list: &[T], check: impl Fn(&T) -> Result<(), Fault>) -> Result<(), Fault> {
    if list.is_empty() {
        return missing("Transactions/TrxInf");
    }
    for (index, item) in list.iter().enumerate() {
        check(item).map_err(|fault| fault.within_nth("Transactions/TrxInf", index))?;
    }
    Ok(())
}

fn named(name: &str, text: &Option<Box<str>>) -> Result<(), Fault> {
    if text.as_deref().is_some_and(|text| !text.trim().is_empty()) { Ok(()) } else { missing(name) }
}

fn check_payment(kind: Kind, payment: &Payment) -> Result<(), Fault> {
    match kind {
        Kind::Notification => named("JOEBPPSTrx", &payment.joebpps_trx)?,
        Kind::BillPayment => named("BankTrxID", &payment.bank_trx_id)?,
        Kind::PrepaidPayment => {
            named("BankTrxID", &payment.bank_trx_id)?;
            named("ValidationCode", &payment.validation_code)?;
        }
        Kind::PaymentInquiry if payment.pmt_guid.is_none() => return named("ParTrxID", &payment.par_trx_id),
        _ => return Ok(()),
    }
    if payment.paid_amt.is_none() {
        return missing("PaidAmt");
    }
    let amounts = [("DueAmt", payment.due_amt), ("PaidAmt", payment.paid_amt), ("FeesAmt", payment.fees_amt)];
    for (name, amount) in amounts {
        if let (Some(amount), Some(currency)) = (amount, payment.currency) {
            amount.to_minor(currency).map_err(|error| Fault::at(error.into(), name))?;
        }
    }
    Ok(())
}

fn check_status(kind: Kind, status: &TrxStatus) -> Result<(), Fault> {
    if matches!(kind, Kind::NotificationAnswer | Kind::Acknowledgement | Kind::AcknowledgementAnswer) {
        named("JOEBPPSTrx", &status.joebpps_trx)?;
    }
    if !kind.is_request() && status.result.is_none() {
        return missing("Result");
    }
    Ok(())
}
