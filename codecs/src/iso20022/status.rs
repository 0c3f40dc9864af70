//! The codes a payment switch acts on, by name. Every list stays open: what it does not name passes through.

use super::part::codes;

codes! {
    /// Where a payment or a group of them stands (`ExternalPaymentTransactionStatus1Code`, `...GroupStatus1Code`).
    pub enum Status {
        /// Settled, the account of the creditor credited.
        Accc = "ACCC",
        /// The profile of the customer was checked too.
        Accp = "ACCP",
        /// Settled, the account of the debtor debited.
        Acsc = "ACSC",
        /// All checks passed, settlement is under way.
        Acsp = "ACSP",
        /// Authenticated, syntax and content accepted.
        Actc = "ACTC",
        /// Accepted with a change.
        Acwc = "ACWC",
        /// Accepted without a posting yet.
        Acwp = "ACWP",
        /// Of a group: some accepted, some rejected.
        Part = "PART",
        /// Under way.
        Pdng = "PDNG",
        /// Received.
        Rcvd = "RCVD",
        /// Rejected.
        Rjct = "RJCT",
        /// Cancelled.
        Canc = "CANC",
        /// Blocked by the receiving institution.
        Blck = "BLCK",
        /// Of a request to pay: presented to the debtor.
        Pres = "PRES",
    }
}

codes! {
    /// Why a payment was rejected, returned, recalled or not given back: the external lists share their codes.
    pub enum Reason {
        /// Account number wrong.
        Ac01 = "AC01",
        /// Account of the creditor wrong.
        Ac03 = "AC03",
        /// Account closed.
        Ac04 = "AC04",
        /// Account blocked.
        Ac06 = "AC06",
        /// The scheme forbids it on this account.
        Ag01 = "AG01",
        /// Operation code wrong.
        Ag02 = "AG02",
        /// Agent of the next party not in the scheme.
        Ab08 = "AB08",
        /// Amount is zero.
        Am01 = "AM01",
        /// Amount above what is allowed.
        Am02 = "AM02",
        /// Funds too low.
        Am04 = "AM04",
        /// A duplicate by amount and references.
        Am05 = "AM05",
        /// Another amount than agreed.
        Am09 = "AM09",
        /// The name does not match the account.
        Be01 = "BE01",
        /// Asked for by the customer.
        Cust = "CUST",
        /// Asked for by the agent.
        Agnt = "AGNT",
        /// A duplicate.
        Dupl = "DUPL",
        /// Follows a request for cancellation.
        Focr = "FOCR",
        /// Fraud.
        Frad = "FRAD",
        /// No mandate.
        Md01 = "MD01",
        /// The customer refuses; the reason is not told.
        Ms02 = "MS02",
        /// The agent does not tell the reason.
        Ms03 = "MS03",
        /// In words, in the additional information.
        Narr = "NARR",
        /// No answer from the customer.
        Noas = "NOAS",
        /// No original transaction received.
        Noor = "NOOR",
        /// Already returned.
        Ardt = "ARDT",
        /// Legal decision.
        Legl = "LEGL",
        /// Bank identifier wrong.
        Rc01 = "RC01",
        /// Technical problem.
        Tech = "TECH",
        /// Cut-off passed, or time ran out.
        Tm01 = "TM01",
        /// Payment not justified.
        Upay = "UPAY",
    }
}

codes! {
    /// What became of a recall (`ExternalInvestigationExecutionConfirmation1Code`, `CancellationIndividualStatus1Code`).
    pub enum Resolution {
        /// Cancelled as requested.
        Cncl = "CNCL",
        /// Cancelled, a fee is asked for.
        Cwfw = "CWFW",
        /// Will be returned: the payment was executed, a new one is on its way.
        Ipay = "IPAY",
        /// The request is under way.
        Pdcr = "PDCR",
        /// The request is refused.
        Rjcr = "RJCR",
        /// Of a group: cancelled in part.
        Pacr = "PACR",
        /// Of a transaction or a group: accepted.
        Accr = "ACCR",
        /// A request for information follows.
        Info = "INFO",
    }
}

codes! {
    /// How a payment is settled (`SettlementMethod1Code`).
    pub enum SettlementMethod {
        /// Through a clearing system.
        Clrg = "CLRG",
        /// On an account at the instructed agent.
        Inda = "INDA",
        /// On an account at the instructing agent.
        Inga = "INGA",
        /// By a cover payment.
        Cove = "COVE",
    }
}

codes! {
    /// Who bears the charges (`ChargeBearerType1Code`).
    pub enum ChargeBearer {
        /// As the scheme says.
        Slev = "SLEV",
        /// Each side its own.
        Shar = "SHAR",
        /// The debtor.
        Debt = "DEBT",
        /// The creditor.
        Cred = "CRED",
    }
}
