//! The dictionaries: what each field of an edition is. Numbers and names only; encodings live in profiles.

mod iso1987;
mod iso1993;
mod iso2003;

use super::field::{Attr, FieldSpec, Length};

/// The fields of one edition of the standard or of a dialect that changes them.
#[derive(Debug)]
pub(super) struct Dictionary {
    pub(super) name: &'static str,
    /// First digit of every message type.
    pub(super) mti_version: u8,
    /// Fields 2 to 128 in order.
    pub(super) fields: [FieldSpec; 127],
    /// What its composite fields are made of, as TOML by field number.
    pub(super) parts: &'static str,
}

const PARTS_1987: &str = include_str!("parts-1987.toml");
const PARTS_1993: &str = include_str!("parts-1993.toml");
const PARTS_2003: &str = include_str!("parts-2003.toml");

pub(super) static DICTIONARIES: [Dictionary; 4] = [
    Dictionary { name: "1987", mti_version: 0, fields: iso1987::FIELDS, parts: PARTS_1987 },
    Dictionary { name: "1993", mti_version: 1, fields: iso1993::FIELDS, parts: PARTS_1993 },
    Dictionary { name: "2003", mti_version: 2, fields: iso2003::FIELDS, parts: PARTS_2003 },
    Dictionary { name: "bpc-hybrid", mti_version: 0, fields: bpc_hybrid(), parts: PARTS_1987 },
];

/// The 1987 table with a 1993-style date in 12 and action code in 39, as SmartVista hosts are reported to use it.
const fn bpc_hybrid() -> [FieldSpec; 127] {
    let mut fields = iso1987::FIELDS;
    fields[12 - 2] = field(12, "Date and time, local transaction (YYMMDDhhmmss)", Attr::N, Length::Fixed, 12);
    fields[39 - 2] = field(39, "Action code", Attr::An, Length::Fixed, 3);
    fields
}

const fn field(number: u8, name: &'static str, attr: Attr, length: Length, max: u16) -> FieldSpec {
    FieldSpec { number, name, attr, length, max }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The files were made independently of the tables.
    #[test]
    fn tables_equal_the_dictionaries_on_file() {
        for dictionary in &DICTIONARIES {
            let path =
                format!("{}/golden/iso8583/fields-{}.json", env!("CARGO_MANIFEST_DIR"), dictionary.name);
            let text = std::fs::read_to_string(path).expect("the golden file");
            let file: serde_json::Value = serde_json::from_str(&text).expect("JSON");
            assert_eq!(file["mti_version_digit"], dictionary.mti_version.to_string());
            let rows = file["fields"].as_array().expect("a list");
            assert_eq!(rows.len(), dictionary.fields.len());
            for (row, field) in rows.iter().zip(&dictionary.fields) {
                let attr: Attr = serde_json::from_value(row["attr"].clone()).expect("a known attribute");
                let length: Length = serde_json::from_value(row["len"].clone()).expect("a known length form");
                let expected = (row["n"].as_u64(), row["name"].as_str(), row["max"].as_u64());
                let found = (Some(field.number.into()), Some(field.name), Some(field.max.into()));
                // The file says in words that the net amount of 2003 is signed.
                let attr = if attr == Attr::Amount && field.number == 97 { Attr::SignedAmount } else { attr };
                assert_eq!((found, field.attr, field.length), (expected, attr, length));
            }
        }
    }
}
