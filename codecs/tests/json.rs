//! Messages as JSON: what another implementation said of them, in both directions.

use allocation_counter::measure;
use codecs::iso8583::Mode::{Lenient, Strict};
use codecs::iso8583::json::{decode_json, encode_json};

use crate::support::{golden, list, profile, text, valid_vectors};

/// The JSON of a vector, fields ascending.
fn expected(vector: &serde_json::Value) -> String {
    let mut fields: Vec<(u8, &str)> = vector["fields"]
        .as_object()
        .expect("a map")
        .iter()
        .map(|(n, value)| (n.parse().expect("a number"), text(value)))
        .collect();
    fields.sort();
    let fields: Vec<String> =
        fields.iter().map(|(n, value)| format!("\"{n}\":{}", serde_json::json!(value))).collect();
    format!("{{\"mti\":\"{}\",\"fields\":{{{}}}}}", text(&vector["mti"]), fields.join(","))
}

#[test]
fn every_valid_message_goes_there_and_back() {
    for vector in valid_vectors() {
        let (id, hex) = (text(&vector["id"]), text(&vector["hex"]));
        let profile = profile(text(&vector["profile"]));
        let json = expected(&vector);
        for mode in [Strict, Lenient] {
            assert_eq!(decode_json(&profile, hex, mode, true).as_ref(), Ok(&json), "{id}");
        }
        assert_eq!(encode_json(&profile, &json).as_deref(), Ok(hex), "{id}");
        assert_eq!(decode_json(&profile, &hex.to_lowercase(), Strict, true).as_ref(), Ok(&json), "{id}");
        let spaced: String = hex
            .as_bytes()
            .chunks(2)
            .map(|pair| format!("{}{}\n ", pair[0] as char, pair[1] as char))
            .collect();
        assert_eq!(decode_json(&profile, &spaced, Strict, true).as_ref(), Ok(&json), "{id}");
    }
}

#[test]
fn every_malformed_message_is_an_error_with_its_kind_and_field() {
    for vector in list(&golden("iso8583/malformed.json"), "vectors") {
        let (id, hex) = (text(&vector["id"]), text(&vector["hex"]));
        let profile = profile(text(&vector["profile"]));
        let (kind, field) = (text(&vector["expect"]["kind"]), &vector["expect"]["field"]);
        let error = format!("{{\"error\":{{\"kind\":\"{kind}\",\"field\":{field}}}}}");
        let said = |mode| decode_json(&profile, hex, mode, true).map_err(|fault| fault.to_json());
        match text(&vector["level"]) {
            "must" => {
                assert_eq!(said(Strict), Err(error.clone()), "{id}");
                assert_eq!(said(Lenient), Err(error), "{id}");
            }
            "strict" => {
                assert_eq!(said(Strict), Err(error), "{id}");
                let warnings = format!("\"warnings\":[{{\"kind\":\"{kind}\",\"field\":{field}}}]}}");
                assert!(said(Lenient).expect(id).ends_with(&warnings), "{id}");
            }
            // A MAC is checked with its key, by who has it; the message itself can be read.
            _ => assert_eq!(said(Strict), said(Lenient), "{id}"),
        }
    }
}

#[test]
fn objects_that_run_past_their_end_are_a_warning() {
    let profile = profile("iso87-abin");
    let hex = "30323030 0000000000000200 303034 9F2608AA";
    let json = "{\"mti\":\"0200\",\"fields\":{\"55\":\"9F2608AA\"},\"warnings\":[{\"kind\":\"TLV_TRUNCATED\",\"field\":55}]}";
    assert_eq!(decode_json(&profile, hex, Strict, true).as_deref(), Ok(json));
    assert_eq!(
        encode_json(&profile, json).as_deref(),
        Ok("303230300000000000000200303034".to_owned() + "9F2608AA").as_deref()
    );
    let masked = decode_json(&profile, hex, Strict, false).expect("it can be read");
    assert!(masked.contains("\"55\":\"********\""), "{masked}");
}

#[test]
fn card_data_is_masked_unless_asked_for() {
    let profile = profile("iso87-abin");
    let json = r#"{"mti":"0200","fields":{"2":"4111111111111111","4":"000000005000","35":"4111111111111111=2812","43":"CARD 4111111111111111 SEEN IN A TEXT    ","48":"CVV2 123","55":"5A0841111111111111119C01009F2608A1B2C3D4E5F60718","90":"020000001011221031100000027500100000000000","102":"PALS000000000400123456702"}}"#;
    let hex = encode_json(&profile, json).expect("clean values");
    let shown = r#"{"mti":"0200","fields":{"2":"411111******1111","4":"000000005000","35":"*********************","43":"CARD 411111******1111 SEEN IN A TEXT    ","48":"********","55":"5A08****************9C01009F2608A1B2C3D4E5F60718","90":"020000001011221031100000027500100000000000","102":"*********************6702"}}"#;
    assert_eq!(decode_json(&profile, &hex, Strict, false).as_deref(), Ok(shown));
    assert_eq!(decode_json(&profile, &hex, Strict, true).as_deref(), Ok(json));
}

#[test]
fn what_is_not_a_message_is_said_with_its_key() {
    let profile = profile("iso87-abin");
    #[rustfmt::skip]
    let table = [
        ("", "EOF while parsing"),
        ("[]", "expected an object with the keys mti and fields"),
        (r#"{"fields":{}}"#, "mti: is missing"),
        (r#"{"mti":"0200"}"#, "fields: is missing"),
        (r#"{"mti":200,"fields":{}}"#, "mti: is a number"),
        (r#"{"mti":"0200","mti":"0200","fields":{}}"#, "mti: is given twice"),
        (r#"{"mti":"0200","feilds":{}}"#, "feilds: is not a key of a message"),
        (r#"{"mti":"0200","fields":[]}"#, "expected under fields an object"),
        (r#"{"mti":"0200","fields":{"4":5000}}"#, "fields.4: is a number"),
        (r#"{"mti":"0200","fields":{"2":4111111111111111}}"#, "fields.2: is a number"),
        (r#"{"mti":"0200","fields":{"4":12.5}}"#, "fields.4: is a number"),
        (r#"{"mti":"0200","fields":{"4":-1}}"#, "fields.4: is a number"),
        (r#"{"mti":"0200","fields":{"4":null}}"#, "expected text under fields.4"),
        (r#"{"mti":"0200","fields":{"11":"000001","11":"000002"}}"#, "fields.11: is given twice"),
        (r#"{"mti":"0200","fields":{"011":"000001"}}"#, "fields.011: is not a field number"),
        (r#"{"mti":"0200","fields":{"DE11":"000001"}}"#, "fields.DE11: is not a field number"),
        (r#"{"mti":"0200","fields":{}} x"#, "trailing characters at line 1"),
    ];
    for (json, says) in table {
        let fault = encode_json(&profile, json).expect_err(json);
        assert!(fault.to_string().contains(says), "{json}: {fault}");
        assert!(fault.to_json().starts_with("{\"error\":{"), "{}", fault.to_json());
        assert!(fault.to_json().contains("JSON_INVALID") && !fault.to_json().contains("4111111111111111"));
    }
    #[rustfmt::skip]
    let refused = [
        (r#"{"mti":"02X0","fields":{}}"#, "MTI_INVALID", 0),
        (r#"{"mti":"1200","fields":{}}"#, "MTI_VERSION_UNSUPPORTED", 0),
        (r#"{"mti":"0200","fields":{"65":"1"}}"#, "FIELD_UNSUPPORTED", 65),
        (r#"{"mti":"0200","fields":{"200":"1"}}"#, "FIELD_UNSUPPORTED", 200),
        (r#"{"mti":"0200","fields":{"4":"5000"}}"#, "FIELD_TRUNCATED", 4),
        (r#"{"mti":"0200","fields":{"2":"41111111111111111111"}}"#, "LENGTH_TOO_LONG", 2),
        (r#"{"mti":"0200","fields":{"4":"00000000500X"}}"#, "NOT_NUMERIC", 4),
        (r#"{"mti":"0200","fields":{"52":"11223344556677"}}"#, "FIELD_TRUNCATED", 52),
        (r#"{"mti":"0200","fields":{"52":"112233445566778"}}"#, "HEX_INVALID", 52),
    ];
    for (json, kind, field) in refused {
        let fault = encode_json(&profile, json).expect_err(json);
        assert_eq!(fault.to_json(), format!("{{\"error\":{{\"kind\":\"{kind}\",\"field\":{field}}}}}"));
    }
    for (hex, kind) in [("3", "HEX_INVALID"), ("3Z", "HEX_INVALID"), ("", "EMPTY")] {
        let fault = decode_json(&profile, hex, Strict, true).expect_err(hex);
        assert_eq!(fault.to_json(), format!("{{\"error\":{{\"kind\":\"{kind}\",\"field\":null}}}}"));
    }
}

/// What links really send, beside the vectors: each with the texts it means.
#[test]
fn odd_messages_mean_what_they_say() {
    #[rustfmt::skip]
    let table: [(&str, &str, &str); 22] = [
        ("iso87-abin",   "30323030 4000000000000000 3030",                                        r#""2":"""#),
        ("iso87-bcd",    "0200 4000000000000000 00",                                              r#""2":"""#),
        ("iso87-bcd-rf", "0200 4000000000000000 00",                                              r#""2":"""#),
        ("iso87-bcd",    "0200 0000000020000000 00",                                              r#""35":"""#),
        ("iso87-ebcdic", "F0F2F0F0 0000000000010000 F0F0F0",                                      r#""48":"""#),
        ("iso87-ascii",  "30323030 30303030303030303030303030323030 303030",                      r#""55":"""#),
        ("iso87-bcd",    "0200 4000000000000000 19 04222222222222222222",                         r#""2":"4222222222222222222""#),
        ("iso87-bcd",    "0200 4000000000000000 19 0422222222222222222F",                         "BCD_INVALID 2"),
        ("iso87-bcd-rf", "0200 4000000000000000 19 4222222222222222222F",                         r#""2":"4222222222222222222""#),
        ("iso87-bcd",    "0200 0000000020000000 05 012D34",                                       r#""35":"12=34""#),
        ("iso87-bcd-rf", "0200 0000000020000000 05 12D34F",                                       r#""35":"12=34""#),
        ("iso87-abin",   "30323030 0000000020000000 3035 3132443334",                             r#""35":"12=34""#),
        ("iso87-abin",   "30323030 0000000020000000 3035 3132643334",                             "NOT_NUMERIC 35"),
        ("iso87-ebcdic", "F0F2F0F0 0000000020000000 F0F5 F1F27EF3F4",                             r#""35":"12=34""#),
        ("iso87-ebcdic", "F0F2F0F0 0000000020000000 F0F5 F1F2C4F3F4",                             r#""35":"12=34""#),
        ("iso87-abin",   "30323130 0000000004000000 412D20312020",                                "CHARACTER_INVALID 38"),
        ("iso87-abin",   "30323130 0000000004000000 412020312020",                                r#""38":"A  1  ""#),
        ("iso87-bcd",    "0200 0000001000000000 43 00000150",                                     r#""28":"C00000150""#),
        ("iso87-bcd",    "0200 0000001000000000 63 00000150",                                     "SIGN_INVALID 28"),
        ("iso87-abin",   "30323030 A000000000000000 0000000000000000 303030303030",               r#""3":"000000""#),
        ("iso87-ascii",  "30323030 30303030303030303030303031303030 61306666303066663030666630306666", r#""52":"A0FF00FF00FF00FF""#),
        ("iso87-abin",   "30323030 8000000000000001 0000000000000001 0123456789ABCDEF FEDCBA9876543210", r#""64":"0123456789ABCDEF","128":"FEDCBA9876543210""#),
    ];
    for (name, hex, expected) in table {
        let profile = profile(name);
        let read = decode_json(&profile, hex, Strict, true);
        match expected.split_once(' ').filter(|(kind, _)| kind.ends_with("INVALID") || *kind == "NOT_NUMERIC")
        {
            Some((kind, field)) => {
                let error = format!("{{\"error\":{{\"kind\":\"{kind}\",\"field\":{field}}}}}");
                assert_eq!(read.map_err(|fault| fault.to_json()), Err(error), "{name} {hex}");
            }
            None => {
                let json = read.unwrap_or_else(|fault| panic!("{name} {hex}: {fault}"));
                assert!(json.ends_with(&format!("\"fields\":{{{expected}}}}}")), "{json}");
                let again = encode_json(&profile, &json).expect("what is strictly read can be written");
                assert_eq!(decode_json(&profile, &again, Strict, true), Ok(json), "{name} {hex}");
            }
        }
    }
}

/// Memory at any moment stays within four times the input and 64 KiB.
#[test]
fn json_stays_within_its_memory() {
    let mut most = 0;
    let mut within = |input: &str, work: &dyn Fn(&str)| {
        let held = measure(|| work(input)).bytes_max;
        assert!(held <= 4 * input.len() as u64 + 64 * 1024, "{held} bytes are held for {}", input.len());
        most = most.max(held);
    };
    for vector in valid_vectors() {
        let profile = profile(text(&vector["profile"]));
        let json = expected(&vector);
        within(&json, &|json| drop(encode_json(&profile, json)));
        within(text(&vector["hex"]), &|hex| drop(decode_json(&profile, hex, Lenient, false)));
    }
    let profile = profile("iso03-abin");
    let long = |n: u8| format!("\"{n}\":\"{}\"", "5A".repeat(9999));
    let json = format!("{{\"mti\":\"2200\",\"fields\":{{{},{},{}}}}}", long(104), long(105), long(106));
    within(&json, &|json| drop(encode_json(&profile, json)));
    let hex = encode_json(&profile, &json).expect("three long fields");
    within(&hex, &|hex| drop(decode_json(&profile, hex, Strict, true)));
    for bad in
        [format!("{{\"mti\":\"2200\",\"fields\":{{\"4\":{}", "[".repeat(100_000)), "[0,".repeat(50_000)]
    {
        within(&bad, &|json| assert!(encode_json(&profile, json).is_err()));
    }
    assert!(most > 0, "the counter counts");
}
