//! Account numbers: the vectors two other implementations agree on, every country, and what one slip does.

use codecs::iban::{Iban, IbanError};
use proptest::prelude::*;

use crate::support::{golden, list, text};

#[test]
fn palestinian_numbers_are_read_as_the_vectors_say() {
    let file = golden("ps/iban-vectors.json");
    for vector in list(&file, "vectors") {
        let iban = text(&vector["iban"]);
        let read = Iban::parse(iban);
        assert_eq!(read.is_ok(), vector["valid"] == true, "{vector}");
        if let Ok(read) = read {
            assert_eq!(read.as_str(), iban);
            assert_eq!((read.country(), read.bank_code()), ("PS", text(&vector["bank_code"])));
            assert_eq!(read.account(), text(&vector["account"]));
            assert_eq!(read.printed(), text(&vector["printed"]));
            assert_eq!(Iban::parse_typed(&read.printed()), Ok(read));
            assert_eq!(Iban::of_bban("PS", read.bban()), Ok(read));
        } else {
            let typed = vector["valid"] == "after upper-casing";
            assert_eq!(Iban::parse_typed(iban).is_ok(), typed, "{vector}");
        }
    }
    assert_eq!(file["spec"]["length"], Iban::len_in("PS").expect("in the registry"));
}

/// The examples of the registry for the countries around, and for those of a rare layout.
#[test]
fn other_countries_have_layouts_of_their_own() {
    #[rustfmt::skip]
    let table = [
        ("JO94CBJO0010000000000131000302", "CBJO", "0010000000000131000302"),
        ("IL620108000000099999999", "010", "8000000099999999"),
        ("EG380019000500000000263180002", "0019", "000500000000263180002"),
        ("LB62099900000001001901229114", "0999", "00000001001901229114"),
        ("SA0380000000608010167519", "80", "000000608010167519"),
        ("AE070331234567890123456", "033", "1234567890123456"),
        ("QA58DOHB00001234567890ABCDEFG", "DOHB", "00001234567890ABCDEFG"),
        ("KW81CBKU0000000000001234560101", "CBKU", "0000000000001234560101"),
        ("BH67BMAG00001299123456", "BMAG", "00001299123456"),
        ("IQ98NBIQ850123456789012", "NBIQ", "850123456789012"),
        ("TR330006100519786457841326", "00061", "00519786457841326"),
        ("DE89370400440532013000", "37040044", "0532013000"),
        ("GB29NWBK60161331926819", "NWBK", "60161331926819"),
        ("FR1420041010050500013M02606", "20041", "010050500013M02606"),
        ("IT60X0542811101000000123456", "05428", "11101000000123456"),
        ("NO9386011117947", "8601", "1117947"),
        ("MT84MALT011000012345MTLCAST001S", "MALT", "011000012345MTLCAST001S"),
        ("BR1800360305000010009795493C1", "00360305", "000010009795493C1"),
    ];
    for (iban, bank, account) in table {
        let read = Iban::parse(iban).unwrap_or_else(|error| panic!("{iban}: {error}"));
        assert_eq!((read.bank_code(), read.account()), (bank, account), "{iban}");
        assert_eq!(Iban::of_bban(&iban[..2], read.bban()), Ok(read));
    }
    assert_eq!(Iban::countries().count(), 89);
}

#[test]
fn what_is_wrong_is_said_and_the_number_is_not() {
    use IbanError::{BadCharacter, UnknownCountry, WrongCheckDigits, WrongLength, WrongStructure};
    #[rustfmt::skip]
    let table = [
        ("",                               UnknownCountry),
        ("P",                              UnknownCountry),
        ("ZZ29PALS000000000000123456789",  UnknownCountry),
        ("1229PALS000000000000123456789",  UnknownCountry),
        ("PS",                             WrongLength { expected: 29, found: 2 }),
        ("PS29PALS00000000000012345678",   WrongLength { expected: 29, found: 28 }),
        ("JO29PALS000000000000123456789",  WrongLength { expected: 30, found: 29 }),
        ("PSX9PALS000000000000123456789",  BadCharacter { at: 3 }),
        ("PS29pALS000000000000123456789",  BadCharacter { at: 5 }),
        ("PS29PA S000000000000123456789",  BadCharacter { at: 7 }),
        ("PS29PALS00000000000012345678é",  BadCharacter { at: 29 }),
        ("PS291234000000000000123456789",  WrongStructure { at: 5 }),
        ("DE89370400440532O13000",         WrongStructure { at: 17 }),
        ("PS00PALS000000000000123456789",  WrongCheckDigits),
        ("PS29PALS000000000000123456780",  WrongCheckDigits),
    ];
    for (iban, expected) in table {
        assert_eq!(Iban::parse(iban), Err(expected), "{iban}");
    }
    assert_eq!(
        WrongLength { expected: 29, found: 28 }.to_string(),
        "the IBAN has 28 characters, its country has 29"
    );
    let shown = format!("{:?}", Iban::parse("PS29PALS000000000000123456789"));
    assert_eq!(shown, "Ok(Iban(PS****PALS))");
    assert_eq!(Iban::of_bban("PS", "PALS00000000000012345678"), Err(WrongLength { expected: 29, found: 28 }));
    assert_eq!(Iban::of_bban("PS", "PAL1000000000000123456789"), Err(WrongStructure { at: 8 }));
    assert_eq!(Iban::of_bban("PS", "PALS00000000000012345678é"), Err(BadCharacter { at: 29 }));
}

/// 00, 01 and 99 leave the same remainder as 97, 98 and 02, and are no check digits.
#[test]
fn check_digits_have_one_form() {
    let mut seen = 0;
    for account in 0..400 {
        let iban = Iban::of_bban("PS", &format!("PALS{account:021}")).expect("a good account");
        let alias = match &iban.as_str()[2..4] {
            "97" => "00",
            "98" => "01",
            "02" => "99",
            _ => continue,
        };
        let other = iban.as_str().replacen(&iban.as_str()[2..4], alias, 1);
        assert_eq!(Iban::parse(&other), Err(IbanError::WrongCheckDigits), "{other}");
        seen += 1;
    }
    assert!(seen >= 3, "{seen}");
}

#[test]
fn typed_numbers_are_read_by_their_groups_only() {
    let expected = Iban::parse("PS92PALS000000000400123456702");
    #[rustfmt::skip]
    let table = [
        ("PS92 PALS 0000 0000 0400 1234 5670 2", true),
        ("ps92 pals 0000 0000 0400 1234 5670 2", true),
        ("  PS92PALS000000000400123456702\n", true),
        ("\u{200E}PS٩٢PALS٠٠٠٠٠٠٠٠٠٤٠٠١٢٣٤٥٦٧٠٢\u{202C}", true),
        ("PS92  PALS 0000 0000 0400 1234 5670 2", false),
        ("PS92 PALS000000000400123456702", false),
        ("PS92-PALS-0000-0000-0400-1234-5670-2", false),
        ("IBAN PS92 PALS 0000 0000 0400 1234 5670 2", false),
    ];
    for (typed, reads) in table {
        assert_eq!(Iban::parse_typed(typed).ok(), expected.ok().filter(|_| reads), "{typed:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    /// One wrong digit, or two neighbours swapped, never passes: what mod 97-10 promises of digits, not of letters.
    #[test]
    fn one_slip_is_always_found(account in "[0-9]{21}", at in 8..29_usize, to in "[0-9]") {
        let iban = Iban::of_bban("PS", &format!("PALS{account}")).expect("a good account");
        prop_assert_eq!(Iban::parse(iban.as_str()), Ok(iban));
        let mut wrong = iban.as_str().to_owned();
        wrong.replace_range(at..=at, &to);
        prop_assert_eq!(Iban::parse(&wrong).is_ok(), wrong == iban.as_str());
        let mut swapped = iban.as_str().as_bytes().to_vec();
        if at < 28 {
            swapped.swap(at, at + 1);
        }
        let swapped = String::from_utf8(swapped).expect("ASCII");
        prop_assert_eq!(Iban::parse(&swapped).is_ok(), swapped == iban.as_str());
    }

    #[test]
    fn arbitrary_text_is_read_or_refused(text in ".{0,60}") {
        if let Ok(iban) = Iban::parse_typed(&text) {
            prop_assert_eq!(Iban::parse(iban.as_str()), Ok(iban));
        }
    }
}
