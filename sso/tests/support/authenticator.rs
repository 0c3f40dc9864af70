//! A software authenticator and the browser around it: one ES256 key, attestation `none`, as WebAuthn
//! level 2 lays its bytes out (section 6.1 and 6.5). What it says can be bent, to see it refused.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sso::jose::base64url;

use super::bed::ISSUER;

const PRESENT: u8 = 0x01;
const VERIFIED: u8 = 0x04;
const HAS_KEY: u8 = 0x40;

/// A key that lives in somebody's telephone.
pub(crate) struct Authenticator {
    key: EcdsaKeyPair,
    id: Vec<u8>,
    handle: String,
    /// The counter of signatures.
    pub(crate) counter: u32,
    /// Whether it verifies its user.
    pub(crate) verifies: bool,
    /// The site that the browser believes to be at.
    pub(crate) origin: &'static str,
}

impl Authenticator {
    /// A new one, with an identifier of its own.
    pub(crate) fn new(number: u8) -> Self {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).expect("a key");
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8.as_ref());
        let mut id = Sha256::digest(pkcs8.as_ref()).to_vec();
        id[0] = number;
        let key = key.expect("a key");
        Self { key, id, handle: String::new(), counter: 0, verifies: true, origin: ISSUER }
    }

    fn client_data(&self, kind: &str, options: &Value) -> Vec<u8> {
        let challenge = options["publicKey"]["challenge"].as_str().expect("a challenge");
        json!({ "type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": false })
            .to_string()
            .into_bytes()
    }

    fn data(&mut self, more_flags: u8) -> Vec<u8> {
        self.counter += 1;
        let host = ISSUER.trim_start_matches("https://");
        let verified = if self.verifies { VERIFIED } else { 0 };
        let mut data = Sha256::digest(host.as_bytes()).to_vec();
        data.push(PRESENT | verified | more_flags);
        data.extend(self.counter.to_be_bytes());
        data
    }

    /// What the browser answers an enrolment with.
    pub(crate) fn register(&mut self, options: &Value) -> String {
        self.handle = options["publicKey"]["user"]["id"].as_str().expect("a handle").to_owned();
        let client_data = self.client_data("webauthn.create", options);
        let mut data = self.data(HAS_KEY);
        data.extend([0; 16]); // AAGUID
        data.extend(u16::try_from(self.id.len()).expect("short").to_be_bytes());
        data.extend(&self.id);
        // COSE_Key: kty EC2, alg ES256, crv P-256, x, y.
        let point = self.key.public_key().as_ref();
        data.extend([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20]);
        data.extend(&point[1..33]);
        data.extend([0x22, 0x58, 0x20]);
        data.extend(&point[33..65]);
        let mut object = vec![0xa3, 0x63];
        object.extend(b"fmt");
        object.push(0x64);
        object.extend(b"none");
        object.push(0x67);
        object.extend(b"attStmt");
        object.extend([0xa0, 0x68]);
        object.extend(b"authData");
        object.push(0x59);
        object.extend(u16::try_from(data.len()).expect("short").to_be_bytes());
        object.extend(&data);
        json!({
            "id": base64url(&self.id),
            "rawId": base64url(&self.id),
            "type": "public-key",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": base64url(&client_data),
                "attestationObject": base64url(&object),
                "transports": ["internal"],
            },
        })
        .to_string()
    }

    /// What the browser answers a proof with.
    pub(crate) fn sign(&mut self, options: &Value) -> String {
        let client_data = self.client_data("webauthn.get", options);
        let data = self.data(0);
        let signed = [&data[..], &Sha256::digest(&client_data)].concat();
        let signature = self.key.sign(&SystemRandom::new(), &signed).expect("signs");
        json!({
            "id": base64url(&self.id),
            "rawId": base64url(&self.id),
            "type": "public-key",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": base64url(&client_data),
                "authenticatorData": base64url(&data),
                "signature": base64url(signature.as_ref()),
                "userHandle": self.handle,
            },
        })
        .to_string()
    }
}
