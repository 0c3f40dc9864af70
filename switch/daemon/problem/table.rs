//! The table of refusals: code, status, seconds to wait, title and advice in Arabic and English.
//! `docs/problems.md` is written from it.

use axum::http::StatusCode;

use super::Language;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident $slug:literal $status:literal $wait:literal
        { $title_ar:literal, $title_en:literal, $detail_ar:literal, $detail_en:literal })*) => {
        /// Why a request is refused. The slug is part of the API and never changes.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub(crate) enum Code { $($(#[$doc])* $name),* }

        impl Code {
            /// Every code, in the order of the catalogue.
            pub(crate) const ALL: &[Self] = &[$(Self::$name),*];

            /// Its name in the API.
            pub(crate) const fn slug(self) -> &'static str {
                match self { $(Self::$name => $slug),* }
            }

            /// Its HTTP status.
            pub(crate) fn status(self) -> StatusCode {
                let status: u16 = match self { $(Self::$name => $status),* };
                StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
            }

            /// After how many seconds to come back; 0 in the table is: not by waiting.
            pub(crate) fn retry_after_s(self) -> Option<u32> {
                let seconds: u32 = match self { $(Self::$name => $wait),* };
                (seconds > 0).then_some(seconds)
            }

            /// What happened.
            pub(crate) fn title(self, language: Language) -> &'static str {
                match (self, language) {
                    $((Self::$name, Language::Ar) => $title_ar, (Self::$name, Language::En) => $title_en),*
                }
            }

            /// What to do about it.
            pub(crate) fn detail(self, language: Language) -> &'static str {
                match (self, language) {
                    $((Self::$name, Language::Ar) => $detail_ar, (Self::$name, Language::En) => $detail_en),*
                }
            }
        }
    };
}

codes! {
    /// The body is not JSON.
    MalformedJson "malformed-json" 400 0 {
        "نص JSON غير صالح", "The body is not valid JSON",
        "صحّح النص عند السطر والعمود المذكورين في errors.", "Correct the text at the line and column given in errors." }
    /// The body is JSON, its fields are not what they must be.
    InvalidFields "invalid-fields" 400 0 {
        "حقول غير صالحة", "Fields are not valid",
        "صحّح الحقول المذكورة في errors ثم أعد الإرسال.", "Correct the fields named in errors and send again." }
    /// A query parameter or path segment is not what it must be.
    InvalidParameter "invalid-parameter" 400 0 {
        "مُعامل غير صالح في العنوان", "A parameter is not valid",
        "صحّح المُعامل المذكور في errors.", "Correct the parameter named in errors." }
    /// CVV, track or PIN was sent.
    CardSecretRefused "card-secret-refused" 400 0 {
        "بيانات سرية للبطاقة غير مقبولة", "Card secrets are not accepted",
        "لا يقبل المحوّل رمز التحقق ولا بيانات الشريط ولا الرقم السري. لم يُحفظ شيء؛ احذف الحقل المذكور.",
        "The switch takes no CVV, no track and no PIN. Nothing was kept; leave out the field named in errors." }
    /// The body ended early or took too long.
    BodyIncomplete "body-incomplete" 400 0 {
        "النص لم يصل كاملاً", "The body did not arrive whole",
        "أعد الإرسال بالمفتاح نفسه.", "Send it again with the same key." }
    /// A money-moving request without its key.
    IdempotencyKeyMissing "idempotency-key-missing" 400 0 {
        "ترويسة Idempotency-Key مطلوبة", "The Idempotency-Key header is required",
        "أنشئ مفتاحاً جديداً لكل دفعة واحفظه قبل الإرسال، ثم أعد المحاولة به كما هو.",
        "Make a new key for each payment, keep it before you send, and retry with the same one." }
    /// A key that is none, or more than one.
    IdempotencyKeyInvalid "idempotency-key-invalid" 400 0 {
        "مفتاح Idempotency-Key غير صالح", "The Idempotency-Key is not valid",
        "ترويسة واحدة، من 16 إلى 64 حرفاً: أحرف لاتينية وأرقام و . _ ~ - ، بعلامتي تنصيص أو بدونهما.",
        "One header of 16 to 64 letters, digits and . _ ~ - , in double quotes or bare." }
    /// No access token, or one that is not good.
    Unauthorized "unauthorized" 401 0 {
        "رمز الوصول غير مقبول", "The access token is not accepted",
        "اطلب رمز وصول من /oidc/token بمعرّف العميل وسرّه أو مفتاحه، وأرسله في ترويسة Authorization. يعيش الرمز دقائق، ثم يُطلب غيره.",
        "Ask /oidc/token for an access token with the client's identifier and its secret or key, and send it in Authorization. It lives for minutes; then ask for another." }
    /// A token without the scope of what is asked for.
    InsufficientScope "insufficient-scope" 403 0 {
        "رمز الوصول لا يسمح بذلك", "The access token does not allow this",
        "اطلب رمزًا بالنطاق المذكور في ترويسة WWW-Authenticate؛ وإن لم يُسمح للعميل به فاطلبه من المشغّل.",
        "Ask for a token with the scope that WWW-Authenticate names; if the client may not have it, ask the operator." }
    /// `pan_mode = "none"`.
    CardNumbersNotAccepted "card-numbers-not-accepted" 403 0 {
        "أرقام البطاقات غير مقبولة هنا", "Card numbers are not accepted here",
        "هذا المحوّل يعمل دون أرقام بطاقات (pan_mode). استعمل صفحة الدفع لدى المعالج.",
        "This switch runs without card numbers (pan_mode). Use the processor's own payment page." }
    /// No such route.
    NotFound "not-found" 404 0 {
        "لا يوجد شيء بهذا العنوان", "There is nothing at this address",
        "العناوين كلها في /docs.", "All addresses are listed at /docs." }
    /// No such bill, or another client's.
    BillNotFound "bill-not-found" 404 0 {
        "لا توجد فاتورة بهذا الرقم", "There is no such bill",
        "تحقق من رقم الفاتورة.", "Check the number of the bill." }
    /// No such payment, or another client's.
    PaymentNotFound "payment-not-found" 404 0 {
        "لا توجد دفعة بهذا الرقم", "There is no such payment",
        "تحقق من رقم الدفعة.", "Check the number of the payment." }
    /// The route exists, not with this method.
    MethodNotAllowed "method-not-allowed" 405 0 {
        "الطريقة غير مسموحة لهذا العنوان", "The method is not allowed here",
        "الطرق المسموحة في ترويسة Allow.", "The Allow header lists the methods." }
    /// The department's reference names another bill.
    BillReferenceReused "bill-reference-reused" 409 0 {
        "المرجع مستعمل لفاتورة أخرى", "The reference names another bill",
        "لكل فاتورة مرجع واحد لدى الدائرة. استعمل مرجعاً جديداً أو أعد إرسال المحتوى الأول نفسه.",
        "A department's reference names one bill. Use a new one, or send the first content again unchanged." }
    /// The bill is paid.
    BillPaid "bill-paid" 409 0 {
        "الفاتورة مدفوعة", "The bill is paid",
        "لا يلزم دفع شيء.", "Nothing is left to pay." }
    /// Another payment holds the bill.
    BillInPayment "bill-in-payment" 409 0 {
        "الفاتورة قيد الدفع", "The bill is being paid",
        "دفعة أخرى جارية. اطلب حالة الفاتورة؛ إن عادت OPEN فادفع بمفتاح جديد.",
        "Another payment is under way. Get the bill; if it is OPEN again, pay with a new key." }
    /// The department withdrew it.
    BillCancelled "bill-cancelled" 409 0 {
        "الفاتورة ملغاة", "The bill was withdrawn",
        "راجع الدائرة التي أصدرتها.", "Ask the department that made it." }
    /// Its time is over.
    BillExpired "bill-expired" 409 0 {
        "انتهت مدة الفاتورة", "The bill has expired",
        "راجع الدائرة التي أصدرتها.", "Ask the department that made it." }
    /// The first request with this key is still at work.
    IdempotencyInProgress "idempotency-in-progress" 409 1 {
        "الطلب الأول بهذا المفتاح ما زال قيد التنفيذ", "The first request with this key is still at work",
        "أعد الطلب نفسه بالمفتاح نفسه بعد ثانية.", "Send the same request with the same key again in a second." }
    /// More than the body limit.
    BodyTooLarge "body-too-large" 413 0 {
        "النص أكبر من المسموح", "The body is too large",
        "أرسل نصاً أقصر.", "Send a smaller body." }
    /// Not JSON by its own header.
    ContentTypeUnsupported "content-type-unsupported" 415 0 {
        "نوع المحتوى غير مدعوم", "The content type is not supported",
        "أرسل Content-Type: application/json.", "Send Content-Type: application/json." }
    /// The key stands for another request.
    IdempotencyKeyReused "idempotency-key-reused" 422 0 {
        "المفتاح مستعمل لطلب آخر", "The key was used for another request",
        "مفتاح جديد لكل طلب جديد؛ والمفتاح نفسه لإعادة الطلب نفسه فقط.",
        "A new request needs a new key; the same key only repeats the same request." }
    /// No such token, used before, expired, or somebody else's.
    CardUnknown "card-unknown" 422 0 {
        "البطاقة غير معروفة", "The card is not known",
        "رمز البطاقة يُستعمل مرة واحدة ولمدة محدودة. اطلب رمزاً جديداً من /v1/cards.",
        "A card token serves one payment and a limited time. Get a new one from /v1/cards." }
    /// A card method without a card.
    CardNeeded "card-needed" 422 0 {
        "الطريقة تحتاج بطاقة", "The method needs a card",
        "أضف الحقل card برمز من /v1/cards، ولطريقة card فقط.", "Give card a token from /v1/cards, and only for the method card." }
    /// No counterparty offers the method.
    MethodNotOffered "method-not-offered" 422 0 {
        "طريقة الدفع غير متاحة هنا", "The method is not offered here",
        "الطرق المتاحة في /v1/methods.", "See /v1/methods for what is." }
    /// None of them takes the currency.
    CurrencyNotTaken "currency-not-taken" 422 0 {
        "العملة غير مقبولة لهذه الطريقة", "The currency is not taken for this method",
        "العملات المقبولة في /v1/methods.", "See /v1/methods for those that are." }
    /// Above every limit.
    AmountAboveLimit "amount-above-limit" 422 0 {
        "المبلغ أعلى من حد الطريقة", "The amount is above the limit of this method",
        "الحدود في /v1/methods.", "See /v1/methods for the limits." }
    /// Too many requests of this client.
    RateLimited "rate-limited" 429 1 {
        "طلبات أكثر من المسموح", "Too many requests",
        "أعد المحاولة بعد المدة في Retry-After.", "Try again after the time in Retry-After." }
    /// A fault of ours, before anything was written.
    Internal "internal-error" 500 0 {
        "خلل في المحوّل", "A fault of the switch",
        "سُجّل الخلل. أعد الطلب بالمفتاح نفسه، وإن تكرر فأرسل لنا trace_id.",
        "It has been logged. Repeat the request with the same key; if it stays, send us the trace_id." }
    /// Too many payments in hand; nothing was written.
    Overloaded "overloaded" 503 1 {
        "المحوّل مشغول", "The switch is busy",
        "لم يُكتب شيء. أعد الطلب نفسه بالمفتاح نفسه بعد ثانية.", "Nothing was written. Repeat the request with the same key in a second." }
    /// The audit log could not be sealed for too long; nothing was written.
    AuditLogNotSealed "audit-log-not-sealed" 503 30 {
        "سجل التدقيق غير مختوم", "The audit log is not sealed",
        "لم يُكتب شيء، والمشغّل على علم. أعد الطلب نفسه بالمفتاح نفسه لاحقاً.",
        "Nothing was written, and the operator was called. Repeat the request with the same key later." }
    /// Those that could take it are not reachable.
    NoCounterpartyReachable "no-counterparty-reachable" 503 5 {
        "لا يمكن الوصول إلى جهة الدفع الآن", "No counterparty can be reached now",
        "لم يُرسل شيء. أعد الطلب نفسه بالمفتاح نفسه.", "Nothing was sent. Repeat the request with the same key." }
    /// The database does not answer.
    StoreUnavailable "store-unavailable" 503 1 {
        "قاعدة البيانات لا تجيب", "The database does not answer",
        "أعد الطلب نفسه بالمفتاح نفسه؛ لن يُدفع شيء مرتين.", "Repeat the request with the same key; nothing is paid twice." }
}

macro_rules! flaws {
    ($($(#[$doc:meta])* $name:ident $slug:literal { $ar:literal, $en:literal })*) => {
        /// What is wrong with one field.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub(crate) enum Flaw { $($(#[$doc])* $name),* }

        impl Flaw {
            /// Every flaw, in the order of the catalogue.
            #[cfg(test)]
            pub(crate) const ALL: &[Self] = &[$(Self::$name),*];

            /// Its name in the API.
            pub(crate) const fn slug(self) -> &'static str {
                match self { $(Self::$name => $slug),* }
            }

            /// What is wrong.
            pub(crate) fn detail(self, language: Language) -> &'static str {
                match (self, language) {
                    $((Self::$name, Language::Ar) => $ar, (Self::$name, Language::En) => $en),*
                }
            }
        }
    };
}

flaws! {
    /// Not JSON.
    Syntax "syntax" { "ليس JSON صالحاً", "is not valid JSON" }
    /// A field that must be there.
    Missing "missing" { "مطلوب", "is required" }
    /// A field that does not exist.
    UnknownField "unknown-field" { "حقل غير معروف", "is not a field of this request" }
    /// A field that stands twice.
    Duplicate "duplicate" { "مكرر", "stands twice" }
    /// Not a text.
    NotText "not-text" { "يجب أن يكون نصاً", "must be a string" }
    /// Not an object.
    NotObject "not-object" { "يجب أن يكون كائناً", "must be an object" }
    /// Too short or too long.
    Length "length" { "طوله غير مقبول", "has a length that is not accepted" }
    /// A control character.
    ControlCharacter "control-character" { "فيه محارف تحكم", "contains control characters" }
    /// Not an identifier of this kind.
    NotAnId "not-an-id" { "ليس رقماً من أرقام المحوّل", "is not a number of this switch" }
    /// A mistyped identifier.
    Mistyped "mistyped" { "فيه خطأ كتابة: حرف التحقق لا يطابق", "is mistyped: its check character does not fit" }
    /// Not one of the words.
    UnknownWord "unknown-word" { "ليس من القيم المقبولة", "is not one of the accepted words" }
    /// No department of this code.
    UnknownDepartment "unknown-department" { "لا توجد دائرة بهذا الرمز", "is no department of the catalogue" }
    /// No paid service of this code in the department.
    UnknownService "unknown-service" { "لا توجد خدمة مدفوعة بهذا الرمز في الدائرة", "is no paid service of the department" }
    /// Not a decimal number.
    NotAnAmount "not-an-amount" { "ليس مبلغاً مثل 50.00", "is not an amount such as 50.00" }
    /// Not exactly the currency's decimals.
    Decimals "decimals" { "يجب أن تكون خاناته العشرية خانات العملة تماماً", "must have exactly the decimals of its currency" }
    /// Zero or less.
    NotPositive "not-positive" { "يجب أن يكون أكبر من صفر", "must be above zero" }
    /// More than a message carries.
    TooLarge "too-large" { "أكبر من المسموح", "is larger than accepted" }
    /// Not a currency of the switch.
    UnknownCurrency "unknown-currency" { "عملة غير معروفة", "is no currency of the switch" }
    /// Not a Palestinian identity number.
    NotANationalId "not-a-national-id" { "ليس رقم هوية فلسطينياً صحيحاً", "is not a Palestinian identity number" }
    /// Not a document number.
    NotADocument "not-a-document" { "من 4 إلى 24 من الأحرف اللاتينية الكبيرة والأرقام والشرطة", "must be 4 to 24 capital letters, digits or hyphens" }
    /// Not RFC 3339.
    NotATime "not-a-time" { "ليس وقتاً بصيغة RFC 3339", "is not a time of RFC 3339" }
    /// In the past.
    Past "past" { "مضى وقته", "lies in the past" }
    /// Not a card number.
    NotACard "not-a-card" { "ليس رقم بطاقة", "is not a card number" }
    /// Not YYMM.
    NotAnExpiry "not-an-expiry" { "يجب أن يكون بصيغة YYMM", "must be YYMM" }
    /// CVV, track or PIN.
    CardSecret "card-secret" { "بيانات سرية لا تُقبل", "is a card secret and is not accepted" }
    /// Not a number in the range.
    Range "range" { "خارج المدى المقبول", "is outside the accepted range" }
    /// A header or parameter that stands more than once.
    Repeated "repeated" { "ورد أكثر من مرة", "was given more than once" }
}
