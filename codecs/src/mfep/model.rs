//! The message: one model for JSON and XML, for the biller's side and for that of banks and agents.
//!
//! Names and limits are those of the field tables in the public integrations of eFAWATEERcom (Jordan), Fawateer-E v1.7
//! (Iraq) and E-SADAD (Palestine); the scheme's own specification is not public. The order of the fields is that of the
//! messages seen there. Amounts are decimal(12,3) and never negative; dates are local, without a zone.

use super::encode::Writer;
use super::fault::{Fault, FaultKind};
use super::kind::Kind;
use super::record::{Record, Slot, Value, record};
use super::source::{Member, Reader, Source};
use super::stamp::Stamp;
use super::value::{BillStatus, Code, PaymentType, PmtStatus, Secret, Severity};
use crate::amount::{AmountError, Decimal};
use crate::iso4217::Currency;

/// A message with its header, its body and the signature that came with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Who speaks to whom, about what.
    pub header: Header,
    /// What is said.
    pub body: Body,
    /// `MsgFooter/Security/Signature` as it was sent. Not yet verified: see [`verify`](super::verify).
    pub signature: Option<Box<str>>,
    /// The token of the SOAP call the message was an argument of.
    pub token_key: Option<Secret>,
}

/// `MsgHeader`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// `TmStp`: when it was sent, by the sender's clock.
    pub tm_stp: Option<Stamp>,
    /// `GUID`: of the request, repeated in its answer. Some sides send it beside the message only, as the parameter of
    /// a call; it is then read from there.
    pub guid: Option<Box<str>>,
    /// `TrsInf/SdrCode`: who sends.
    pub sdr_code: Option<Code>,
    /// `TrsInf/RcvCode`: for whom.
    pub rcv_code: Option<Code>,
    /// `TrsInf/ReqTyp` or `TrsInf/ResTyp`.
    pub kind: Kind,
    /// `Sequence`.
    pub sequence: Option<Sequence>,
    /// `Result`: of an answer as a whole. A business "no" stands in the bill or the transaction, with 0 here.
    pub result: Option<Verdict>,
}

/// `MsgBody`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// An answer that is nothing but its result, or a request that needs nothing.
    Empty,
    /// `BILPULRQ`, `BILINQRQ`.
    Inquiry(Inquiry),
    /// `BILPULRS`, `BILINQRS`.
    Bills(Bills),
    /// `BLRPMTNTFRQ`, `BILPMTRQ`, `PREPADPMTRQ`, `PMTINQRQ`.
    Payments(Vec<Payment>),
    /// `PMTACKRQ` and the answers to whatever says something of a payment.
    Statuses(Vec<TrxStatus>),
    /// `BILRPREPADVALRQ`, `PREPADVALRQ` and their answers.
    Validation(Box<Validation>),
    /// The call `Authenticate`.
    Credentials(Credentials),
    /// Its answer.
    Token(TokenConf),
    /// The answer to the call `GetBillersList`.
    Billers(Vec<Biller>),
}

/// `BillsRec`, or bills without it.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Bills {
    /// `RecCount`: how many there are, where it is said.
    pub rec_count: Option<u32>,
    /// `BillRec`.
    pub bills: Vec<Bill>,
}

record! {
    /// `MsgHeader` as it stands.
    #[derive(Clone, Debug)]
    pub(super) struct RawHeader {
        /// When it was sent.
        opt tm_stp: Stamp = "TmStp";
        /// Of the exchange.
        opt guid: Box<str> = "GUID" max 50;
        /// Who, whom, what.
        req trs_inf: TrsInf = "TrsInf";
        /// Of the session.
        opt sequence: Sequence = "Sequence";
        /// Of an answer.
        opt result: Verdict = "Result";
    }
}

record! {
    /// `TrsInf`.
    #[derive(Clone, Debug)]
    pub(super) struct TrsInf {
        /// Who sends.
        opt sdr_code: Code = "SdrCode" max 10;
        /// For whom.
        opt rcv_code: Code = "RcvCode" max 10;
        /// Of a request.
        opt req_typ: Box<str> = "ReqTyp" max 20;
        /// Of an answer.
        opt res_typ: Box<str> = "ResTyp" max 20;
    }
}

record! {
    /// `MsgFooter`.
    #[derive(Clone, Debug)]
    pub(super) struct Footer {
        /// `Security`.
        opt security: Security = "Security";
    }
}

record! {
    /// `Security`.
    #[derive(Clone, Debug)]
    pub(super) struct Security {
        /// In base64.
        opt signature: Box<str> = "Signature" max 2048;
    }
}

record! {
    /// `Sequence`: the place of a message in a session.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Sequence {
        /// The session.
        opt sess: u32 = "Sess";
        /// The number in it.
        opt seq: u32 = "Seq";
    }
}

record! {
    /// `Result`: 0, or why not. [`lookup`](super::lookup) tells what a code means.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Verdict {
        /// 0 is success, and nothing else is.
        req error_code: u32 = "ErrorCode";
        /// In words.
        opt error_desc: Box<str> = "ErrorDesc";
        /// `Info` or `Error`.
        opt severity: Severity = "Severity" max 50;
    }
}

record! {
    /// `AcctInfo`: the account at the biller.
    #[derive(Clone, Debug, PartialEq, Eq, Default)]
    pub struct AcctInfo {
        /// The number the payer knows; at most 50 characters.
        opt billing_no: Box<str> = "BillingNo" max 50;
        /// The number of one bill of it; the same where there is but one. At most 50 characters.
        opt bill_no: Box<str> = "BillNo" max 50;
        /// The biller; at most three digits.
        opt biller_code: Code = "BillerCode" max 3;
    }
}

record! {
    /// `ServiceTypeDetails`: what is paid for.
    #[derive(Clone, Debug, PartialEq, Eq, Default)]
    pub struct ServiceTypeDetails {
        /// The service; at most 25 characters.
        opt service_type: Box<str> = "ServiceType" max 25;
        /// The denomination of what is paid in advance.
        opt prepaid_cat: Box<str> = "PrepaidCat" max 50;
    }
}

record! {
    /// `PayerInfo`: who pays. Shown only masked.
    #[derive(Clone, PartialEq, Eq, Default)]
    pub struct PayerInfo {
        /// `NAT` and its like.
        opt id_type: Box<str> = "IdType" max 3;
        /// The number of that document.
        opt id: Box<str> = "Id" max 20;
        /// The country, two letters.
        opt nation: Box<str> = "Nation" max 2;
        /// The name.
        opt name: Box<str> = "Name" max 150;
        /// The phone.
        opt phone: Box<str> = "Phone" max 20;
        /// The address.
        opt address: Box<str> = "Address" max 100;
        /// The mail address.
        opt email: Box<str> = "Email" max 100;
        /// The number of the payer at the scheme.
        opt joebpps_no: Box<str> = "JOEBPPSNo" max 50;
    }
}

record! {
    /// `AdditionalInfo`: whose bill it is. Shown only masked.
    #[derive(Clone, PartialEq, Eq, Default)]
    pub struct AdditionalInfo {
        /// The customer; at most 150 characters.
        opt cust_name: Box<str> = "CustName" max 150;
        /// What the biller wants to be shown.
        opt free_text: Box<str> = "FreeText";
        /// The mail address.
        opt email: Box<str> = "Email" max 100;
        /// The phone.
        opt phone: Box<str> = "Phone" max 20;
    }
}

record! {
    /// `PmtConst`: what may be paid.
    #[derive(Clone, Debug, PartialEq, Eq, Default)]
    pub struct PmtConst {
        /// Whether a part of it may.
        opt allow_part: bool = "AllowPart";
        /// At least.
        opt lower: Decimal = "Lower";
        /// At most.
        opt upper: Decimal = "Upper";
    }
}

record! {
    /// `SubPmt`: the part of an amount that goes to one account.
    #[derive(Clone, Debug, PartialEq, Eq, Default)]
    pub struct SubPmt {
        /// How much.
        opt amount: Decimal = "Amount";
        /// At which bank.
        opt set_bnk_code: Code = "SetBnkCode" max 10;
        /// To which account.
        opt acct_no: Box<str> = "AcctNo" max 50;
    }
}

record! {
    /// `DateRange`: bills of which time.
    #[derive(Clone, Debug, PartialEq, Eq, Default)]
    pub struct DateRange {
        /// From.
        opt start_dt: Stamp = "StartDt";
        /// To.
        opt end_dt: Stamp = "EndDt";
    }
}

record! {
    /// Whose bills are asked for.
    #[derive(Clone, Debug, PartialEq, Eq, Default)]
    pub struct Inquiry {
        /// Of which account.
        opt acct_info: AcctInfo = "AcctInfo";
        /// For which service; at most 25 characters.
        opt service_type: Box<str> = "ServiceType" max 25;
        /// Who asks.
        opt payer_info: Box<PayerInfo> = "PayerInfo";
        /// Of which time.
        opt date_range: DateRange = "DateRange";
        /// Whether their payments are wanted.
        opt inc_payments: bool = "IncPayments";
        /// Whether paid bills are wanted.
        opt inc_paid_bills: bool = "IncPaidBills";
    }
}

record! {
    /// `BillRec`: a bill, or why there is none.
    #[derive(Clone, Debug, PartialEq, Eq, Default)]
    pub struct Bill {
        /// 0, or the business "no": 324 paid before, 408 unknown, ...
        opt result: Verdict = "Result";
        /// Whose.
        opt acct_info: AcctInfo = "AcctInfo";
        /// How it stands.
        opt bill_status: BillStatus = "BillStatus" max 50;
        /// What is due.
        opt due_amount: Decimal = "DueAmount";
        /// What the payer is charged on top.
        opt fees_amt: Decimal = "FeesAmt";
        /// To be quoted when it is paid; at most 20 digits.
        opt inq_ref_no: Box<str> = "InqRefNo" max 20;
        /// When it was made.
        opt issue_date: Stamp = "IssueDate";
        /// From when on it may be paid.
        opt open_date: Stamp = "OpenDate";
        /// By when it should be paid.
        opt due_date: Stamp = "DueDate";
        /// After which it is void.
        opt expiry_date: Stamp = "ExpiryDate";
        /// After which it cannot be paid.
        opt close_date: Stamp = "CloseDate";
        /// For what; at most 25 characters.
        opt service_type: Box<str> = "ServiceType" max 25;
        /// `OneOff` and its like.
        opt bill_type: Box<str> = "BillType" max 50;
        /// What may be paid.
        opt pmt_const: PmtConst = "PmtConst";
        /// Where the parts go.
        wrap sub_pmts: SubPmt = "SubPmts" of "SubPmt";
        /// Whose it is.
        opt additional_info: Box<AdditionalInfo> = "AdditionalInfo";
    }
}

record! {
    /// `TrxInf` of a payment that is asked for, told of, or asked about.
    #[derive(Clone, Debug, PartialEq, Eq, Default)]
    pub struct Payment {
        /// Of which account.
        opt acct_info: Box<AcctInfo> = "AcctInfo";
        /// Of the inquiry before; at most 20 digits.
        opt inq_ref_no: Box<str> = "InqRefNo" max 20;
        /// The scheme's own number of the transaction: a biller books each once.
        opt joebpps_trx: Box<str> = "JOEBPPSTrx" max 50;
        /// The payer's side's own number: the scheme pays each once. At most 50 characters.
        opt bank_trx_id: Box<str> = "BankTrxID" max 50;
        /// Of the payment that is asked about: its session.
        opt pmt_guid: Box<str> = "PmtGuid" max 50;
        /// Of the payment that is asked about: its `BankTrxID`.
        opt par_trx_id: Box<str> = "ParTrxID" max 50;
        /// What the validation before gave out.
        opt validation_code: Box<str> = "ValidationCode" max 50;
        /// The bank the payer paid at.
        opt bank_code: Code = "BankCode" max 10;
        /// Where it comes from.
        opt pmt_src: Box<str> = "PmtSrc" max 50;
        /// How far it has come.
        opt pmt_status: PmtStatus = "PmtStatus" max 50;
        /// What was due.
        opt due_amt: Decimal = "DueAmt";
        /// What is paid.
        opt paid_amt: Decimal = "PaidAmt";
        /// What the scheme takes.
        opt fees_amt: Decimal = "FeesAmt";
        /// Whether the biller bears it.
        opt fees_on_biller: bool = "FeesOnBiller";
        /// When it was paid.
        opt process_date: Stamp = "ProcessDate";
        /// The scheme's settlement date: what is reconciled by.
        opt stmt_date: Stamp = "STMTDate";
        /// `ATM`, `POS`, `MOB`, `WEB`, ...; at most 15 characters.
        opt access_channel: Box<str> = "AccessChannel" max 15;
        /// `ACTDEB`, `CCDEB`, `CASH`, ...
        opt payment_method: Box<str> = "PaymentMethod" max 50;
        /// With or without a bill.
        opt payment_type: PaymentType = "PaymentType" max 50;
        /// Of the amounts. Without one they are in the scheme's.
        opt currency: Currency = "Currency";
        /// For what.
        opt service_type_details: Box<ServiceTypeDetails> = "ServiceTypeDetails";
        /// Where the parts go.
        wrap sub_pmts: SubPmt = "SubPmts" of "SubPmt";
        /// Who paid.
        opt payer_info: Box<PayerInfo> = "PayerInfo";
    }
}

record! {
    /// `TrxInf` of what became of a payment.
    #[derive(Clone, Debug, PartialEq, Eq, Default)]
    pub struct TrxStatus {
        /// Of which account.
        opt acct_info: Box<AcctInfo> = "AcctInfo";
        /// The scheme's own number of the transaction.
        opt joebpps_trx: Box<str> = "JOEBPPSTrx" max 50;
        /// The payer's side's own number.
        opt bank_trx_id: Box<str> = "BankTrxID" max 50;
        /// The session of a payment that was asked about.
        opt pmt_guid: Box<str> = "PmtGuid" max 50;
        /// The `BankTrxID` of a payment that was asked about.
        opt par_trx_id: Box<str> = "ParTrxID" max 50;
        /// What the validation before gave out.
        opt validation_code: Box<str> = "ValidationCode" max 50;
        /// Where it comes from.
        opt pmt_src: Box<str> = "PmtSrc" max 50;
        /// What was due.
        opt due_amt: Decimal = "DueAmt";
        /// What was paid.
        opt paid_amt: Decimal = "PaidAmt";
        /// What the scheme takes.
        opt fees_amt: Decimal = "FeesAmt";
        /// Whether the biller bears it.
        opt fees_on_biller: bool = "FeesOnBiller";
        /// Of the amounts.
        opt currency: Currency = "Currency";
        /// When it was paid.
        opt process_date: Stamp = "ProcessDate";
        /// The scheme's settlement date: what is reconciled by.
        opt stmt_date: Stamp = "STMTDate";
        /// How far it has come.
        opt pmt_status: PmtStatus = "PmtStatus" max 50;
        /// For what.
        opt service_type_details: Box<ServiceTypeDetails> = "ServiceTypeDetails";
        /// 0, or why not.
        opt result: Box<Verdict> = "Result";
    }
}

record! {
    /// `BillingInfo`: an amount chosen by the payer, to be validated, or validated.
    #[derive(Clone, Debug, PartialEq, Eq, Default)]
    pub struct Validation {
        /// 0, or why not.
        opt result: Verdict = "Result";
        /// Of which account.
        opt acct_info: AcctInfo = "AcctInfo";
        /// For what.
        opt service_type_details: ServiceTypeDetails = "ServiceTypeDetails";
        /// How much.
        opt due_amt: Decimal = "DueAmt";
        /// What the payer is charged on top.
        opt fees_amt: Decimal = "FeesAmt";
        /// To be quoted in the payment.
        opt validation_code: Box<str> = "ValidationCode" max 50;
        /// Where the parts go.
        wrap sub_pmts: SubPmt = "SubPmts" of "SubPmt";
        /// Who would pay.
        opt payer_info: Box<PayerInfo> = "PayerInfo";
        /// Whose account it is.
        opt additional_info: Box<AdditionalInfo> = "AdditionalInfo";
    }
}

record! {
    /// Who wants a token: the parameters of the call `Authenticate`. The `guid` is the header's, the code its sender's.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Credentials {
        /// What proves it.
        req password: Secret = "Password" max 100;
    }
}

record! {
    /// `TokenConf`: a token for the calls to come.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct TokenConf {
        /// The token.
        req token_key: Secret = "TokenKey" max 512;
        /// Until when it holds.
        req expiry_date: Stamp = "ExpiryDate";
    }
}

record! {
    /// `BillerInf`: a biller of the scheme. Element names inferred from the calls of the public clients.
    #[derive(Clone, Debug, PartialEq, Eq, Default)]
    pub struct Biller {
        /// The biller's code.
        opt biller_code: Code = "BillerCode" max 3;
        /// In English.
        opt name_en: Box<str> = "BillerNameEn" max 150;
        /// In Arabic.
        opt name_ar: Box<str> = "BillerNameAr" max 150;
        /// What it deals in.
        opt category: Box<str> = "Category" max 50;
        /// What can be paid there.
        wrap services: BillerService = "ServicesList" of "ServiceInf";
    }
}

record! {
    /// `ServiceInf`: a service of a biller.
    #[derive(Clone, Debug, PartialEq, Eq, Default)]
    pub struct BillerService {
        /// As messages name it; at most 25 characters.
        opt service_type: Box<str> = "ServiceType" max 25;
        /// In English.
        opt name_en: Box<str> = "ServiceNameEn" max 150;
        /// In Arabic.
        opt name_ar: Box<str> = "ServiceNameAr" max 150;
        /// With or without a bill.
        opt payment_type: PaymentType = "PaymentType" max 50;
    }
}

impl Payment {
    /// What is paid, in minor units of its currency: the message's, or `scheme` where it names none.
    ///
    /// # Errors
    /// `TooManyDecimals` when the currency has fewer decimals than the amount.
    pub fn paid_minor(&self, scheme: Currency) -> Result<Option<(i64, Currency)>, AmountError> {
        let currency = self.currency.unwrap_or(scheme);
        self.paid_amt.map(|amount| amount.to_minor(currency).map(|minor| (minor, currency))).transpose()
    }
}

impl Bill {
    /// What is due, in minor units of the scheme's currency: a bill names none.
    ///
    /// # Errors
    /// `TooManyDecimals` when the currency has fewer decimals than the amount.
    pub fn due_minor(&self, scheme: Currency) -> Result<Option<i64>, AmountError> {
        self.due_amount.map(|amount| amount.to_minor(scheme)).transpose()
    }
}
