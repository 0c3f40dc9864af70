//! An entry and its transactions, from the elements of any version.

use crate::amount::{AmountError, Decimal};
use crate::clearing_file::statement::{Booking, Entry, Mark, Transaction};
use crate::date::Date;
use crate::iso4217::Currency;
use crate::iso20022::Element;

/// Why an element is refused: its path below the entry, and the reason.
pub(super) type Fault = (&'static str, &'static str);

/// An amount with its currency, in minor units.
pub(super) fn amount(element: &Element) -> Result<(i64, Currency), &'static str> {
    let currency =
        element.attribute("Ccy").and_then(Currency::by_code).ok_or("the currency is not one of ISO 4217")?;
    let read = Decimal::parse(element.text.trim()).and_then(|amount| amount.to_minor(currency));
    match read {
        Ok(minor) if minor >= 0 => Ok((minor, currency)),
        Err(AmountError::TooManyDecimals) => Err("the amount has more decimals than its currency"),
        Err(AmountError::NoMinorUnit) => Err("the currency has no minor unit"),
        _ => Err("the amount is not a decimal number of at most 18 digits"),
    }
}

/// The day of a choice of `Dt` and `DtTm`: of a moment, the day where it was written.
pub(super) fn day(element: &Element) -> Option<Date> {
    let text = element.text_of("Dt").or_else(|| element.text_of("DtTm"))?;
    Date::parse(text.trim().get(..10)?)
}

pub(super) fn credits(element: &Element) -> Option<bool> {
    match element.text_of("CdtDbtInd")?.trim() {
        "CRDT" => Some(true),
        "DBIT" => Some(false),
        _ => None,
    }
}

/// What is known of an entry from its own elements; `transactions` were read on the way.
pub(super) fn entry(
    own: &Element,
    line: u64,
    batch: Option<String>,
    transactions: Vec<Transaction>,
) -> Result<Entry, Fault> {
    let told = own.child("Amt").ok_or(("Amt", "it is missing"))?;
    let (amount_minor, currency) = amount(told).map_err(|reason| ("Amt", reason))?;
    let is_credit = credits(own).ok_or(("CdtDbtInd", "it is missing"))?;
    let is_reversal = matches!(own.text_of("RvslInd").map(str::trim), Some("true" | "1"));
    // A plain code until .04, a choice from .08 on.
    let status = own.text_of("Sts/Cd").or_else(|| own.text_of("Sts")).unwrap_or("").trim();
    let date = |name: &'static str| match own.child(name) {
        None => Ok(None),
        Some(element) => day(element).map(Some).ok_or((name, "it is not a day")),
    };
    let reference = match (&*transactions, batch) {
        ([one], _) => one.end_to_end_id.clone(),
        (_, Some(batch)) => batch,
        _ => String::new(),
    };
    let remittance: Vec<&str> =
        transactions.iter().map(|one| &*one.remittance).filter(|text| !text.is_empty()).take(1).collect();
    let narrative = if transactions.len() == 1 { remittance.concat() } else { String::new() };
    Ok(Entry {
        line,
        mark: Mark::of(is_credit, is_reversal),
        amount_minor,
        currency,
        booking: match status {
            "BOOK" => Booking::Booked,
            "PDNG" => Booking::Pending,
            _ => Booking::Information,
        },
        value_date: date("ValDt")?,
        booking_date: date("BookgDt")?,
        code: code(own),
        funds_code: None,
        reference,
        bank_reference: own.text_of("AcctSvcrRef").unwrap_or("").to_owned(),
        details: own.text_of("AddtlNtryInf").unwrap_or("").to_owned(),
        narrative,
        charges_minor: charges(own, currency)?,
        transactions,
    })
}

/// `PMNT/RRCT/OTHR`, or the bank's own code.
fn code(own: &Element) -> String {
    let Some(code) = own.child("BkTxCd") else { return String::new() };
    let parts =
        ["Domn/Cd", "Domn/Fmly/Cd", "Domn/Fmly/SubFmlyCd"].map(|path| code.text_of(path).unwrap_or(""));
    if parts[0].is_empty() { code.text_of("Prtry/Cd").unwrap_or("").to_owned() } else { parts.join("/") }
}

/// The total, or the sum of the records; what the bank gave back is taken off. Those in another currency are not
/// counted: there is no rate for them here.
fn charges(own: &Element, currency: Currency) -> Result<i64, Fault> {
    let refuse = |reason| ("Chrgs", reason);
    let mut sum = 0_i64;
    for charges in own.children("Chrgs") {
        let records: Vec<&Element> = match charges.child("TtlChrgsAndTaxAmt") {
            Some(total) => {
                let (minor, told) = amount(total).map_err(refuse)?;
                if told == currency {
                    sum = sum.checked_add(minor).ok_or(refuse("the sum is too large"))?;
                }
                continue;
            }
            None if charges.child("Rcrd").is_some() => charges.children("Rcrd").collect(),
            // Until .02 each stands for itself.
            None => vec![charges],
        };
        for record in records {
            let Some(told) = record.child("Amt") else { continue };
            let (minor, told) = amount(told).map_err(refuse)?;
            if told == currency {
                let signed = if credits(record) == Some(true) { -minor } else { minor };
                sum = sum.checked_add(signed).ok_or(refuse("the sum is too large"))?;
            }
        }
    }
    Ok(sum)
}

/// One `TxDtls`.
pub(super) fn transaction(details: &Element, entry_credits: bool) -> Result<Transaction, Fault> {
    let reference = |name: &str| {
        details.child("Refs").and_then(|refs| refs.text_of(name)).filter(|text| !text.is_empty())
    };
    let told = details.child("Amt").or_else(|| details.at("AmtDtls/TxAmt/Amt")).map(amount).transpose();
    let told = told.map_err(|reason| ("Amt", reason))?;
    Ok(Transaction {
        end_to_end_id: reference("EndToEndId").unwrap_or("").to_owned(),
        bank_reference: ["TxId", "AcctSvcrRef", "InstrId"]
            .into_iter()
            .find_map(reference)
            .unwrap_or("")
            .to_owned(),
        uetr: reference("UETR").unwrap_or("").to_owned(),
        amount_minor: told.map(|(minor, _)| minor),
        currency: told.map(|(_, currency)| currency),
        credits: credits(details).unwrap_or(entry_credits),
        remittance: remittance(details),
    })
}

/// The structured creditor reference when there is one, else the lines the payer wrote.
fn remittance(details: &Element) -> String {
    let Some(information) = details.child("RmtInf") else { return String::new() };
    let structured = information.children("Strd").find_map(|strd| strd.text_of("CdtrRefInf/Ref"));
    match structured {
        Some(reference) => reference.to_owned(),
        None => information.children("Ustrd").map(|line| &*line.text).collect::<Vec<_>>().join("\n"),
    }
}
