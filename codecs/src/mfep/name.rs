//! The names of elements, and the spellings of them that counterparties use.
//!
//! The public integrations of the scheme agree on names but for their capital letters (`BankTrxID` and `BankTrxId`,
//! `STMTDate` and `StmtDate`). A name is therefore known by its letters, in any case; a few have another spelling
//! altogether. An element under two spellings of one name is there twice, and that is refused.

macro_rules! names {
    ($($name:literal)*) => {
        /// Every name of the scheme, in its own spelling.
        const NAMES: &[&str] = &[$($name),*];
    };
}

names! {
    "MFEP" "MsgHeader" "MsgBody" "MsgFooter" "TmStp" "GUID" "TrsInf" "SdrCode" "RcvCode" "ReqTyp" "ResTyp" "Sequence" "Sess"
    "Seq" "Result" "ErrorCode" "ErrorDesc" "Severity" "Security" "Signature" "AcctInfo" "BillingNo" "BillNo" "BillerCode"
    "ServiceType" "PrepaidCat" "ServiceTypeDetails" "PayerInfo" "IdType" "Id" "Nation" "Name" "Phone" "Address" "Email"
    "JOEBPPSNo" "DateRange" "StartDt" "EndDt" "IncPayments" "IncPaidBills" "RecCount" "BillsRec" "BillRec" "BillStatus"
    "DueAmount" "FeesAmt" "InqRefNo" "IssueDate" "OpenDate" "DueDate" "ExpiryDate" "CloseDate" "BillType" "PmtConst" "AllowPart"
    "Lower" "Upper" "SubPmts" "SubPmt" "Amount" "SetBnkCode" "AcctNo" "AdditionalInfo" "CustName" "FreeText" "Transactions"
    "TrxInf" "JOEBPPSTrx" "BankTrxID" "ParTrxID" "PmtGuid" "ValidationCode" "PmtSrc" "BankCode" "PmtStatus" "DueAmt" "PaidAmt"
    "FeesOnBiller" "Currency" "ProcessDate" "STMTDate" "AccessChannel" "PaymentMethod" "PaymentType" "BillingInfo" "TokenConf"
    "TokenKey" "CustomerCode" "Password" "BillersList" "BillerInf" "BillerNameEn" "BillerNameAr" "Category" "ServicesList"
    "ServiceInf" "ServiceNameEn" "ServiceNameAr"
}

/// Spellings that differ by more than capital letters.
const ALIASES: &[(&str, &str)] = &[
    ("JOEBPPSTrxId", "JOEBPPSTrx"),
    ("JOEBPPSTrxNo", "JOEBPPSTrx"),
    ("Transaction", "TrxInf"),
    ("TrxInfo", "TrxInf"),
    ("BillsRecs", "BillsRec"),
    ("BillRecs", "BillRec"),
    ("SubPayment", "SubPmt"),
    ("StatementDate", "STMTDate"),
    ("SettlementBankCode", "SetBnkCode"),
    ("BillerInfo", "BillerInf"),
    ("Services", "ServicesList"),
    ("Service", "ServiceInf"),
];

/// The scheme's own spelling of a name; `None` for one it does not have.
pub(super) fn own_spelling(name: &str) -> Option<&'static str> {
    let known = |own: &&str| own.eq_ignore_ascii_case(name);
    let alias = || ALIASES.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, own)| *own);
    NAMES.iter().copied().find(known).or_else(alias)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_name_are_one_name() {
        for (other, own) in [
            ("BankTrxId", "BankTrxID"),
            ("STMTDATE", "STMTDate"),
            ("StmtDate", "STMTDate"),
            ("JOEBPPSTrxID", "JOEBPPSTrx"),
            ("ParTrxId", "ParTrxID"),
            ("mfep", "MFEP"),
        ] {
            assert_eq!(own_spelling(other), Some(own), "{other}");
        }
        assert_eq!(own_spelling("Paid"), None);
        assert_eq!(own_spelling("DueAmtt"), None);
    }

    #[test]
    fn no_spelling_means_two_names() {
        let spellings: Vec<_> = NAMES.iter().chain(ALIASES.iter().map(|(other, _)| other)).collect();
        for (at, name) in spellings.iter().enumerate() {
            assert!(spellings[..at].iter().all(|other| !other.eq_ignore_ascii_case(name)), "{name}");
        }
        assert!(ALIASES.iter().all(|(_, own)| NAMES.contains(own)));
    }
}
