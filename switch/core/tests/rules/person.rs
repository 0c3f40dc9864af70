//! Identity numbers against vectors, and that they never print whole.

use serde_json::Value;
use switch_core::money::western_digit;
use switch_core::person::{Payer, PayerError, PayerKind};

const VECTORS: &str = include_str!("../../golden/ps/national-id-vectors.json");

fn national_id(number: &str) -> Result<Payer, PayerError> {
    Payer::new(PayerKind::NationalId, number)
}

#[test]
fn vectors_national_id() {
    let file: Value = serde_json::from_str(VECTORS).expect("the golden file is JSON");
    let vectors = file["vectors"].as_array().expect("vectors");
    let (mut right, mut wrong) = (0, 0);
    for vector in vectors {
        let id = vector["id"].as_str().expect("an id");
        match vector["valid"].as_bool() {
            Some(true) => {
                assert_eq!(national_id(id).as_ref().map(Payer::expose), Ok(id), "{vector}");
                right += 1;
            }
            Some(false) => {
                assert_eq!(national_id(id), Err(PayerError::NationalId), "{vector}");
                wrong += 1;
            }
            // Digits of another script are for the edge to read, not for the core to keep.
            None => {
                let western: String =
                    id.chars().filter_map(western_digit).map(|d| char::from(b'0' + d)).collect();
                assert_eq!(national_id(id), Err(PayerError::NationalId), "{vector}");
                assert!(national_id(&western).is_ok(), "{vector}");
            }
        }
    }
    assert!(right >= 9 && wrong >= 5, "{right} right and {wrong} wrong ones");
}

#[test]
fn one_wrong_digit_is_always_found() {
    let number = "800123457";
    for place in 0..9 {
        for digit in b'0'..=b'9' {
            let mut typed = number.as_bytes().to_vec();
            typed[place] = digit;
            let typed = String::from_utf8(typed).expect("digits");
            assert_eq!(national_id(&typed).is_ok(), typed == number, "{typed}");
        }
    }
}

#[test]
fn a_document_number_has_capitals_digits_and_hyphens() {
    for (kind, number, accepted) in [
        (PayerKind::Passport, "N1234567", true),
        (PayerKind::Passport, "ABCD", true),
        (PayerKind::Passport, "ABC", false),
        (PayerKind::Passport, "n1234567", false),
        (PayerKind::Company, "562-100001", true),
        (PayerKind::Company, "562 100001", false),
        (PayerKind::Company, &"9".repeat(24), true),
        (PayerKind::Company, &"9".repeat(25), false),
        (PayerKind::Passport, "٨٠٠١٢٣٤٥", false),
    ] {
        let expected = if accepted { Ok(number) } else { Err(PayerError::Document) };
        assert_eq!(
            Payer::new(kind, number).as_ref().map(Payer::expose).map_err(|e| *e),
            expected,
            "{number}"
        );
    }
}

#[test]
fn an_identity_never_prints_whole() {
    for (kind, number) in [(PayerKind::NationalId, "800123457"), (PayerKind::Passport, "N1234567")] {
        let printed = format!("{:?}", Payer::new(kind, number).expect("valid"));
        let shown: String = number.chars().skip(number.len() - 2).collect();
        assert_eq!(printed, format!("{}:****{shown}", kind.as_str()));
    }
}
