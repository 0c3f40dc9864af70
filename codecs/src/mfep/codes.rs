//! The result codes: what each means, whether to send again, and what it says of a payment.
//!
//! The numbers are those public integrations of eFAWATEERcom and Fawateer-E v1.7 carry; the words are ours. Only listed
//! codes say anything: a code that is not here leaves a payment's outcome unknown, and never is it success. Whether to
//! send again follows the three classes of BBPS (non-retriable, retriable, conditional).

use serde::Serialize;

/// What kind of thing a code says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// It is done.
    Ok,
    /// Who asks is not believed: token, signature, code, password.
    Auth,
    /// The message is not as the scheme wants it.
    Format,
    /// There is no such biller, bank, customer, account, bill or transaction.
    NotFound,
    /// There is, and it is not in use.
    Inactive,
    /// The bill cannot be paid any more, or there is nothing to pay.
    Closed,
    /// The amount or its parts are wrong.
    Amount,
    /// A limit is reached.
    Limit,
    /// The same message or payment was there before.
    Duplicate,
    /// The bill was paid before, by this payment or another.
    PaidBefore,
    /// A payment of the bill is under way.
    InProcess,
    /// The payment was taken back.
    Reversed,
    /// Something broke, there or at the biller.
    Internal,
}

/// Whether to send again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Retry {
    /// The same answer would come again, or it is done.
    Never,
    /// Nothing was done; once the reason is gone the same may be sent again.
    Later,
    /// Something may have been done: ask (`PMTINQRQ`) before anything else.
    AskFirst,
}

/// What a code says of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fold {
    /// It was made.
    Success,
    /// It was not made, or was taken back: final.
    Declined,
    /// Nobody can say. Not a failure: the payer's money may be gone.
    Unknown,
    /// Something like it was there before, perhaps this very payment: its own outcome counts, and must be asked for.
    Duplicate,
}

/// A listed code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Meaning {
    /// `ErrorCode`.
    pub code: u32,
    /// What kind of thing it says.
    pub class: Class,
    /// Whether to send again.
    pub retry: Retry,
    /// What it says of a payment.
    pub fold: Fold,
    /// In English.
    pub en: &'static str,
    /// In Arabic.
    pub ar: &'static str,
}

/// What a code means; `None` for one that is not listed.
#[must_use]
pub fn lookup(code: u32) -> Option<&'static Meaning> {
    TABLE.binary_search_by_key(&code, |meaning| meaning.code).ok().and_then(|at| TABLE.get(at))
}

/// Every listed code, in order.
#[must_use]
pub fn meanings() -> &'static [Meaning] {
    &TABLE
}

/// What a code says of a payment: [`Fold::Unknown`] for one that is not listed.
#[must_use]
pub fn fold(code: u32) -> Fold {
    lookup(code).map_or(Fold::Unknown, |meaning| meaning.fold)
}

const fn says(
    code: u32,
    class: Class,
    (retry, fold): (Retry, Fold),
    en: &'static str,
    ar: &'static str,
) -> Meaning {
    Meaning { code, class, retry, fold, en, ar }
}

/// It was made.
const DONE: (Retry, Fold) = (Retry::Never, Fold::Success);
/// It was not made, and would not be another time.
const NO: (Retry, Fold) = (Retry::Never, Fold::Declined);
/// It was not made, and may be once the reason is gone.
const LATER: (Retry, Fold) = (Retry::Later, Fold::Declined);
/// It may have been made.
const ASK: (Retry, Fold) = (Retry::AskFirst, Fold::Unknown);
/// It or its like was made before.
const BEFORE: (Retry, Fold) = (Retry::AskFirst, Fold::Duplicate);

// 355 to 358 and 404 are about what a biller answered: by then the money may have been taken.
#[rustfmt::skip]
static TABLE: [Meaning; 58] = [
    says(0,   Class::Ok,         DONE,   "success", "تمت العملية بنجاح"),
    says(1,   Class::Auth,       LATER,  "invalid token", "رمز الدخول غير صالح"),
    says(2,   Class::Auth,       NO,     "invalid signature", "التوقيع غير صالح"),
    says(3,   Class::Auth,       NO,     "invalid code or password", "الرمز أو كلمة المرور غير صحيحة"),
    says(4,   Class::Auth,       LATER,  "expired token", "انتهت صلاحية رمز الدخول"),
    says(5,   Class::Auth,       NO,     "invalid sender code", "رمز المرسل غير صحيح"),
    says(6,   Class::Format,     NO,     "invalid GUID", "معرّف الرسالة غير صالح"),
    says(7,   Class::Duplicate,  BEFORE, "duplicated GUID", "معرّف الرسالة مكرر"),
    says(101, Class::Format,     NO,     "message does not follow the XML schema", "الرسالة لا تطابق المخطط"),
    says(303, Class::Internal,   ASK,    "internal error", "خطأ داخلي"),
    says(304, Class::Format,     NO,     "invalid timestamp", "وقت الرسالة غير صالح"),
    says(306, Class::NotFound,   NO,     "biller not found", "المفوتر غير موجود"),
    says(307, Class::NotFound,   NO,     "bank not found", "البنك غير موجود"),
    says(308, Class::Inactive,   LATER,  "biller inactive", "المفوتر غير فعال"),
    says(309, Class::Inactive,   LATER,  "bank inactive", "البنك غير فعال"),
    says(310, Class::NotFound,   NO,     "customer unknown", "العميل غير معروف"),
    says(311, Class::Inactive,   NO,     "customer inactive", "العميل غير فعال"),
    says(313, Class::Inactive,   NO,     "billing account inactive", "حساب الفوترة غير فعال"),
    says(314, Class::Format,     NO,     "billing number does not match bill number", "رقم الفوترة لا يطابق رقم الفاتورة"),
    says(315, Class::NotFound,   NO,     "billing unknown", "رقم الفوترة غير معروف"),
    says(316, Class::Duplicate,  NO,     "billing already exists", "رقم الفوترة موجود مسبقاً"),
    says(317, Class::Format,     NO,     "invalid issue date", "تاريخ الإصدار غير صالح"),
    says(318, Class::Format,     NO,     "invalid open date", "تاريخ بدء الدفع غير صالح"),
    says(319, Class::Format,     NO,     "invalid due date", "تاريخ الاستحقاق غير صالح"),
    says(320, Class::Format,     NO,     "invalid close date", "تاريخ الإغلاق غير صالح"),
    says(321, Class::Format,     NO,     "invalid expiry date", "تاريخ الانتهاء غير صالح"),
    says(322, Class::NotFound,   NO,     "service type unknown", "نوع الخدمة غير معروف"),
    says(323, Class::Closed,     NO,     "bill expired or closed", "الفاتورة منتهية أو مغلقة"),
    says(324, Class::PaidBefore, BEFORE, "bill already paid", "الفاتورة مدفوعة مسبقاً"),
    says(325, Class::Amount,     NO,     "invalid paid amount", "المبلغ المدفوع غير صحيح"),
    says(326, Class::Amount,     NO,     "invalid due amount", "المبلغ المستحق غير صحيح"),
    says(327, Class::Format,     NO,     "invalid process date", "تاريخ المعالجة غير صالح"),
    says(328, Class::NotFound,   NO,     "payment belongs to no bill", "الدفعة لا تعود لأي فاتورة"),
    says(329, Class::Amount,     NO,     "amount out of range", "المبلغ خارج الحدود"),
    says(330, Class::Amount,     NO,     "invalid lower or upper limit", "الحد الأدنى أو الأعلى غير صحيح"),
    says(332, Class::Limit,      LATER,  "transaction count limit", "تجاوز عدد الحركات المسموح"),
    says(333, Class::Limit,      LATER,  "amount limit", "تجاوز سقف المبلغ"),
    says(334, Class::Format,     NO,     "invalid bill type", "نوع الفاتورة غير صحيح"),
    says(336, Class::Amount,     NO,     "sub-payments do not add up", "مجموع الدفعات الفرعية غير مطابق"),
    says(340, Class::Duplicate,  BEFORE, "duplicated payment", "دفعة مكررة"),
    says(341, Class::Duplicate,  BEFORE, "duplicated payments of one bill", "دفعات مكررة لفاتورة واحدة"),
    says(342, Class::InProcess,  ASK,    "a payment of this bill is in process", "هناك دفعة قيد المعالجة لهذه الفاتورة"),
    says(343, Class::Duplicate,  NO,     "duplicated bill", "فاتورة مكررة"),
    says(350, Class::NotFound,   NO,     "settlement bank not related", "بنك التسوية غير مرتبط"),
    says(351, Class::Inactive,   LATER,  "settlement bank inactive", "بنك التسوية غير فعال"),
    says(352, Class::Format,     NO,     "process date after timestamp", "تاريخ المعالجة بعد وقت الرسالة"),
    says(353, Class::Amount,     NO,     "paid amount above the upper limit", "المبلغ المدفوع أعلى من الحد"),
    says(355, Class::Format,     ASK,    "invalid record count", "عدد السجلات غير صحيح"),
    says(356, Class::Format,     ASK,    "billing number in response differs", "رقم الفوترة في الرد مختلف"),
    says(357, Class::Format,     ASK,    "bill number differs from billing number", "رقم الفاتورة يختلف عن رقم الفوترة"),
    says(358, Class::NotFound,   ASK,    "invalid scheme transaction number", "رقم حركة النظام غير صحيح"),
    says(379, Class::Auth,       NO,     "invalid biller code", "رمز المفوتر غير صحيح"),
    says(380, Class::Auth,       NO,     "signature missing", "التوقيع مفقود"),
    says(401, Class::NotFound,   NO,     "bill not found", "الفاتورة غير موجودة"),
    says(404, Class::Internal,   ASK,    "error reported by biller", "أبلغ المفوتر عن خطأ"),
    says(408, Class::NotFound,   NO,     "invalid billing number", "رقم الفوترة غير صالح"),
    says(409, Class::Closed,     NO,     "nothing due", "لا يوجد مبلغ مستحق"),
    says(701, Class::Reversed,   NO,     "reversed payment", "تم عكس الدفعة"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_zero_is_success_and_what_is_not_listed_is_unknown() {
        for code in 0..2000 {
            assert_eq!(fold(code) == Fold::Success, code == 0, "{code}");
            assert_eq!(lookup(code).is_some(), TABLE.iter().any(|meaning| meaning.code == code), "{code}");
            if lookup(code).is_none() {
                assert_eq!(fold(code), Fold::Unknown, "{code}");
            }
        }
        assert!(TABLE.is_sorted_by(|a, b| a.code < b.code));
    }

    #[test]
    fn whoever_may_have_paid_asks_first() {
        for meaning in meanings() {
            let in_doubt = matches!(meaning.fold, Fold::Unknown | Fold::Duplicate);
            assert_eq!(meaning.retry == Retry::AskFirst, in_doubt, "{}", meaning.code);
        }
        assert_eq!([7, 324, 340, 341].map(fold), [Fold::Duplicate; 4]);
        assert_eq!([303, 342, 404, 370].map(fold), [Fold::Unknown; 4]);
        assert_eq!([325, 328, 408, 701].map(fold), [Fold::Declined; 4]);
    }
}
