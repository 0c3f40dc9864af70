//! The types of messages: who asks whom for what, and what the body of each is.

use std::fmt;

/// What the body of a message is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shape {
    /// Whose bills are asked for.
    Inquiry,
    /// Bills.
    Bills,
    /// Payments that are asked for or told of.
    Payments,
    /// What became of payments.
    Statuses,
    /// An amount chosen by the payer, to be validated, or validated.
    Validation,
    /// Who wants a token.
    Credentials,
    /// A token.
    Token,
    /// Nothing.
    Nothing,
    /// Billers and their services.
    Billers,
}

macro_rules! types {
    ($($(#[$doc:meta])* $Kind:ident = $word:literal, $shape:ident, $answer:expr;)*) => {
        /// The type of a message: `ReqTyp` or `ResTyp`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Kind {
            $($(#[$doc])* $Kind,)*
        }

        impl Kind {
            /// Every type.
            pub const ALL: &'static [Kind] = &[$(Kind::$Kind,)*];

            /// The word of the scheme.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Kind::$Kind => $word,)* }
            }

            /// What its body is made of.
            #[must_use]
            pub const fn shape(self) -> Shape {
                match self { $(Kind::$Kind => Shape::$shape,)* }
            }

            /// The type of its answer; `None` for an answer.
            #[must_use]
            pub const fn answer(self) -> Option<Kind> {
                match self { $(Kind::$Kind => $answer,)* }
            }
        }
    };
}

types! {
    /// The scheme asks the biller for a bill.
    BillPull = "BILPULRQ", Inquiry, Some(Kind::BillPullAnswer);
    /// The biller's bill.
    BillPullAnswer = "BILPULRS", Bills, None;
    /// The scheme tells the biller of a payment: the money was taken.
    Notification = "BLRPMTNTFRQ", Payments, Some(Kind::NotificationAnswer);
    /// What the biller made of it.
    NotificationAnswer = "BLRPMTNTFRS", Statuses, None;
    /// The scheme tells the biller that a payment is complete.
    Acknowledgement = "PMTACKRQ", Statuses, Some(Kind::AcknowledgementAnswer);
    /// The biller heard it.
    AcknowledgementAnswer = "PMTACKRS", Statuses, None;
    /// The scheme asks the biller whether an amount may be paid in advance.
    BillerValidation = "BILRPREPADVALRQ", Validation, Some(Kind::BillerValidationAnswer);
    /// The biller's word on it.
    BillerValidationAnswer = "BILRPREPADVALRS", Validation, None;
    /// A bank or agent asks the scheme for bills.
    BillInquiry = "BILINQRQ", Inquiry, Some(Kind::BillInquiryAnswer);
    /// The scheme's bills.
    BillInquiryAnswer = "BILINQRS", Bills, None;
    /// A bank or agent pays a bill.
    BillPayment = "BILPMTRQ", Payments, Some(Kind::BillPaymentAnswer);
    /// What became of it.
    BillPaymentAnswer = "BILPMTRS", Statuses, None;
    /// A bank or agent asks the scheme whether an amount may be paid in advance.
    PrepaidValidation = "PREPADVALRQ", Validation, Some(Kind::PrepaidValidationAnswer);
    /// The scheme's word on it.
    PrepaidValidationAnswer = "PREPADVALRS", Validation, None;
    /// A bank or agent pays in advance.
    PrepaidPayment = "PREPADPMTRQ", Payments, Some(Kind::PrepaidPaymentAnswer);
    /// What became of it.
    PrepaidPaymentAnswer = "PREPADPMTRS", Statuses, None;
    /// A bank or agent in doubt asks what became of a payment.
    PaymentInquiry = "PMTINQRQ", Payments, Some(Kind::PaymentInquiryAnswer);
    /// What became of it.
    PaymentInquiryAnswer = "PMTINQRS", Statuses, None;
    /// A bank or agent asks for a token. The word is inferred from the answer's: on the wire it is the call `Authenticate`.
    Authenticate = "TOKNRQ", Credentials, Some(Kind::Token);
    /// The token.
    Token = "TOKNRS", Token, None;
    /// A bank or agent asks for the billers. The word is inferred: on the wire it is the call `GetBillersList`.
    BillersList = "BLRLSTRQ", Nothing, Some(Kind::BillersListAnswer);
    /// The billers. The word is inferred.
    BillersListAnswer = "BLRLSTRS", Billers, None;
}

impl Kind {
    /// By the word of the scheme, in any case.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.word().eq_ignore_ascii_case(word))
    }

    /// Whether it wants an answer.
    #[must_use]
    pub const fn is_request(self) -> bool {
        self.answer().is_some()
    }

    /// Whether money moved or is to move by it, so that an answer that never came leaves the outcome unknown.
    #[must_use]
    pub const fn moves_money(self) -> bool {
        matches!(self, Kind::Notification | Kind::BillPayment | Kind::PrepaidPayment)
    }

    /// The operation of the SOAP services this message is an argument of, as their public clients call it.
    #[must_use]
    pub const fn operation(self) -> &'static str {
        match self {
            Kind::BillPull | Kind::BillPullAnswer => "BillPull",
            Kind::Notification | Kind::NotificationAnswer => "ReceivePaymentNotification",
            Kind::Acknowledgement | Kind::AcknowledgementAnswer => "ReceivePaymentAcknowledgment",
            Kind::BillerValidation | Kind::BillerValidationAnswer => "PrepaidValidation",
            Kind::BillInquiry | Kind::BillInquiryAnswer => "Inquire",
            Kind::BillPayment | Kind::BillPaymentAnswer => "PayBill",
            Kind::PrepaidValidation | Kind::PrepaidValidationAnswer => "Validate",
            Kind::PrepaidPayment | Kind::PrepaidPaymentAnswer => "Pay",
            Kind::PaymentInquiry | Kind::PaymentInquiryAnswer => "Inquire",
            Kind::Authenticate | Kind::Token => "Authenticate",
            Kind::BillersList | Kind::BillersListAnswer => "GetBillersList",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
