//! Signatures against published values, and over bodies of bill payment messages as they were sent.

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::RsaKeyPair;
use codecs::hex;
use codecs::mfep::{Mode, Profile, decode, encode, verify};
use codecs::signature::{Algorithm, SignatureError, Signer, Verifier};

use crate::mfep::{NAMES, read, vector};
use crate::support::{golden, list, text};

fn bytes(text: &str) -> Vec<u8> {
    hex::decode(text.as_bytes()).expect("hexadecimal text")
}

/// Ed25519 seeds have 32 bytes; this is the frame RFC 8410 puts around one.
fn pkcs8(seed: &str) -> Vec<u8> {
    bytes(&format!("302e020100300506032b657004220420{seed}"))
}

#[test]
fn published_values_are_met() {
    // RFC 4231, case 6.
    let signer = Signer::hmac_sha256(&[0xaa; 131]).expect("a key");
    let code = signer.sign(b"Test Using Larger Than Block-Size Key - Hash Key First").expect("a code");
    assert_eq!(code, bytes("60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"));
    // RFC 8032 section 7.1, test 2.
    let signer = Signer::ed25519(&pkcs8("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"));
    let signer = signer.expect("a key");
    let signature = signer.sign(&[0x72]).expect("a signature");
    let expected = "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
                    085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";
    assert_eq!(signature, bytes(expected));
    let verifier =
        Verifier::ed25519(&bytes("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"));
    assert_eq!(verifier.expect("a key").verify(&[0x72], &signature), Ok(()));
}

/// Made by the test itself: no private key is kept anywhere.
fn rsa() -> Signer {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).expect("a key pair");
    Signer::rsa_sha256(AsDer::<aws_lc_rs::encoding::Pkcs8V1Der<'_>>::as_der(&pair).expect("PKCS #8").as_ref())
        .expect("a key")
}

fn signers() -> Vec<Signer> {
    let ed25519 = Signer::ed25519(&pkcs8(&"07".repeat(32))).expect("a key");
    vec![Signer::hmac_sha256(&[7; 32]).expect("a key"), rsa(), ed25519]
}

#[test]
fn a_signature_is_over_its_bytes_and_by_its_key() {
    let others = signers();
    for (signer, other) in signers().iter().zip(&others) {
        let (verifier, signature) =
            (signer.verifier().expect("a key"), signer.sign_base64(b"bill").expect("a signature"));
        assert_eq!(verifier.algorithm(), signer.algorithm());
        assert_eq!(verifier.verify_base64(b"bill", &signature), Ok(()));
        let (head, tail) = signature.split_at(20);
        assert_eq!(
            verifier.verify_base64(b"bill", &format!("{head}\r\n{tail}\n")),
            Ok(()),
            "broken into lines"
        );
        assert_eq!(verifier.verify_base64(b"bilk", &signature), Err(SignatureError::Mismatch));
        assert_eq!(verifier.verify_base64(b"bill", ""), Err(SignatureError::Mismatch));
        assert_eq!(verifier.verify_base64(b"bill", "*"), Err(SignatureError::NotBase64));
        let mut damaged = signer.sign(b"bill").expect("a signature");
        for at in 0..damaged.len() {
            damaged[at] ^= 1;
            assert_eq!(
                verifier.verify(b"bill", &damaged),
                Err(SignatureError::Mismatch),
                "{:?} {at}",
                signer.algorithm()
            );
            damaged[at] ^= 1;
        }
        if signer.algorithm() == Algorithm::RsaSha256 {
            let by_another = other.sign(b"bill").expect("a signature");
            assert_eq!(verifier.verify(b"bill", &by_another), Err(SignatureError::Mismatch));
        }
        assert_eq!(format!("{signer:?}"), format!("Signer({:?}, ****)", signer.algorithm()));
        assert_eq!(format!("{verifier:?}"), format!("Verifier({:?}, ****)", signer.algorithm()));
    }
    assert!(Signer::none().sign(b"bill").expect("nothing").is_empty());
}

#[test]
fn what_is_no_key_is_refused() {
    assert_eq!(Signer::hmac_sha256(&[1; 31]).map(drop), Err(SignatureError::Key), "shorter than its digest");
    assert_eq!(Verifier::hmac_sha256(&[1; 31]).map(drop), Err(SignatureError::Key));
    for junk in [&b""[..], b"junk", &[0x30; 64]] {
        assert_eq!(Signer::rsa_sha256(junk).map(drop), Err(SignatureError::Key));
        assert_eq!(Signer::ed25519(junk).map(drop), Err(SignatureError::Key));
        assert_eq!(Verifier::rsa_sha256(junk).map(drop), Err(SignatureError::Key));
        assert_eq!(Verifier::ed25519(junk).map(drop), Err(SignatureError::Key));
    }
}

fn signed_profile(format: &str, kind: &str, over: &str, encoding: &str) -> Profile {
    let text =
        format!("{format}\n[signature]\nkind = \"{kind}\"\nover = \"{over}\"\nencoding = \"{encoding}\"");
    Profile::from_toml(&text).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn what_others_signed_is_verified_over_the_text_they_sent() {
    use base64::Engine as _;
    let file = golden("billpay/signatures.json");
    let der =
        base64::engine::general_purpose::STANDARD.decode(text(&file["rsa_public_key"])).expect("base64");
    let xml = String::from_utf8(vector("05-blrpmtntfrq", "xml")).expect("UTF-8");
    for case in list(&file, "signatures") {
        let kind = text(&case["kind"]);
        let verifier = match kind {
            "rsa-sha256" => Verifier::rsa_sha256(&der),
            _ => Verifier::hmac_sha256(&core::array::from_fn::<u8, 32, _>(|at| at as u8)),
        };
        let verifier = verifier.expect("a key");
        let footer = format!(
            "<MsgFooter><Security><Signature>{}</Signature></Security></MsgFooter></MFEP>",
            text(&case["signature"])
        );
        let signed = xml.replace("</MFEP>", &footer);
        let profile = signed_profile("format = \"xml\"", kind, text(&case["over"]), text(&case["encoding"]));
        let check = |signed: &str, profile: &Profile| {
            verify(&decode(signed.as_bytes(), Mode::Strict).expect("a message"), profile, &verifier)
        };
        assert_eq!(check(&signed, &profile), Ok(()), "{case}");
        let soap = "<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'><s:Body><A>";
        let bare = signed.split_once("?>").expect("a declaration").1;
        assert_eq!(check(&format!("{soap}{bare}</A></s:Body></s:Envelope>"), &profile), Ok(()), "{case}");
        assert_eq!(
            check(&format!("{soap}<![CDATA[{bare}]]></A></s:Body></s:Envelope>"), &profile),
            Ok(()),
            "{case}"
        );
        assert_eq!(check(&format!("\u{FEFF}{signed}"), &profile), Ok(()), "{case}");
        // The same message written otherwise was not signed.
        assert_eq!(
            check(&signed.replace("      <TrxInf>", "<TrxInf>"), &profile),
            Err(SignatureError::Mismatch)
        );
        assert_eq!(check(&signed.replace("50.00", "50.0"), &profile), Err(SignatureError::Mismatch));
        assert_eq!(check(&xml, &profile), Err(SignatureError::Missing));
        assert_eq!(
            check(&signed, &Profile::from_toml("format = \"xml\"").expect("a profile")),
            Err(SignatureError::Algorithm)
        );
    }
}

#[test]
fn a_message_signed_on_its_way_out_is_verified_on_its_way_in() {
    let formats =
        ["format = \"json\"\nindent = 1", "format = \"xml\"\nindent = 2", "format = \"xml\"\nsoap = \"1.2\""];
    for signer in &signers() {
        let kind = serde_json::to_value(signer.algorithm()).expect("a word");
        let verifier = signer.verifier().expect("a key");
        for (format, over, encoding) in formats
            .iter()
            .flat_map(|f| [(f, "element", "utf-16le"), (f, "content", "utf-8"), (f, "element", "utf-8")])
        {
            let profile = signed_profile(format, text(&kind), over, encoding);
            for name in NAMES {
                let message = read(&vector(name, "json"));
                let mut out = Vec::new();
                encode(&message, &profile, Some(signer), &mut out).expect("a message");
                let decoded = decode(&out, Mode::Strict).expect("a message");
                assert_eq!(
                    verify(&decoded, &profile, &verifier),
                    Ok(()),
                    "{name} {}",
                    String::from_utf8_lossy(&out)
                );
                assert_eq!(decoded.message.body, message.body);
                let other = String::from_utf8(out).expect("UTF-8").replace("1234567", "1234568");
                let decoded = decode(other.as_bytes(), Mode::Strict).expect("a message");
                let is_same = !vector(name, "json").windows(7).any(|seven| seven == b"1234567");
                assert_eq!(verify(&decoded, &profile, &verifier).is_ok(), is_same, "{name}");
            }
        }
    }
    let message = read(&vector("01-bilpulrq", "json"));
    let profile = signed_profile("format = \"json\"", "ed25519", "element", "utf-8");
    for signer in [None, Some(&Signer::none()), Some(&signers()[0])] {
        let mut out = b"before".to_vec();
        let fault = encode(&message, &profile, signer, &mut out).expect_err("the wrong signer");
        assert_eq!((fault.path.as_str(), &*out), ("MsgFooter/Security/Signature", &b"before"[..]));
    }
}
