//! Signed tokens against published vectors: what is valid and accepted here, and that nothing else is.

use std::path::Path;

use serde_json::Value;
use sha2::{Digest, Sha256};
use sso::jose::{self, JoseError, base64url};

fn vectors(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/jose").join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
    serde_json::from_str(&text).expect("JSON")
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("no {pointer}"))
}

/// A public key, without the private half the examples print beside it.
fn public(key: &Value) -> Result<jsonwebtoken::jwk::Jwk, JoseError> {
    let mut key = key.clone();
    for name in ["d", "p", "q", "dp", "dq", "qi"] {
        key.as_object_mut().expect("a key").remove(name);
    }
    jose::public_key(&key)
}

#[test]
fn wycheproof_json_web_signature() {
    let all = vectors("wycheproof_json_web_signature_test.json");
    let (mut accepted, mut refused) = (0, 0);
    for group in all["testGroups"].as_array().expect("groups") {
        let key = public(group.get("public").unwrap_or(&group["private"]));
        for case in group["tests"].as_array().expect("tests") {
            let name = format!("{} {}", case["tcId"], text(case, "/comment"));
            let token = text(case, "/jws");
            let header = token.split('.').next().and_then(jose::from_base64url).unwrap_or_default();
            let header: Value = serde_json::from_slice(&header).unwrap_or_default();
            // Two examples print PS384 under a key for PS256; a key is for its own algorithm here.
            let ours = matches!(header["alg"].as_str(), Some("ES256" | "RS256" | "PS256" | "EdDSA"));
            let valid = case["result"] == "valid" && ours;
            let verified = key.as_ref().is_ok_and(|key| jose::payload(token, key).is_ok());
            assert_eq!(verified, valid, "{name}: {header}");
            if verified { accepted += 1 } else { refused += 1 }
        }
    }
    assert_eq!((accepted, refused), (16, 385));
}

#[test]
fn examples_of_the_standards() {
    for (name, accepted) in [
        ("rfc7520_jws_4_1.rsa_v15_signature.json", true),
        ("rfc7520_jws_4_2.rsa-pss_signature.json", false), // PS384
        ("rfc7520_jws_4_3.ecdsa_signature.json", false),   // P-521
        ("rfc7520_jws_4_4.hmac-sha2_integrity_protection.json", false),
        ("rfc7520_curve25519_jws.json", true),
    ] {
        let example = vectors(name);
        let payload = public(&example["input"]["key"])
            .and_then(|key| jose::payload(text(&example, "/output/compact"), &key));
        match payload {
            Ok(payload) => {
                assert!(accepted, "{name}");
                assert_eq!(payload, text(&example, "/input/payload").as_bytes(), "{name}");
            }
            Err(error) => assert!(!accepted, "{name}: {error}"),
        }
    }
}

#[test]
fn thumbprints_and_challenges_of_the_standards() {
    let all = vectors("rfc-vectors.json");
    let thumbprint = |key: &Value| jose::thumbprint(&public(key).expect("a key")).expect("a thumbprint");
    assert_eq!(thumbprint(&all["thumbprint_rfc7638"]["jwk"]), text(&all, "/thumbprint_rfc7638/sha256"));
    let ed25519 = &all["ed25519_rfc8037_a"];
    assert_eq!(thumbprint(&ed25519["jwk"]), text(ed25519, "/thumbprint_sha256"));
    assert_eq!(jose::public_key(&ed25519["jwk"]).expect_err("private"), JoseError::Key);
    let pkce = &all["pkce_rfc7636_b"];
    let computed = base64url(&Sha256::digest(text(pkce, "/verifier").as_bytes()));
    assert_eq!(computed, text(pkce, "/challenge"));
}

#[test]
fn tokens_with_one_thing_wrong() {
    let all = vectors("rfc-vectors.json");
    let cases = &all["oidc_token_cases"];
    let keys = jose::key_set(&cases["jwks"]).expect("keys");
    let mut seen = 0;
    for case in cases["cases"].as_array().expect("cases") {
        let expected = text(case, "/expect");
        let verified = jose::read(text(case, "/token")).and_then(|token| {
            let kid = token.header.kid.clone();
            let key = keys.keys.iter().find(|key| key.common.key_id == kid).ok_or(JoseError::Key)?;
            token.verify(key)
        });
        // What the claims say is for the caller to check; everything else is refused here.
        let of_claims = matches!(
            expected,
            "valid" | "expired" | "not_yet_valid" | "wrong_audience" | "wrong_issuer" | "missing_exp"
        );
        assert_eq!(verified.is_ok(), of_claims, "{expected}: {:?}", verified.err());
        seen += 1;
    }
    assert!(seen > 10, "{seen} cases");
}
