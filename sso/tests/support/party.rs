//! A relying party for stories: it holds keys, signs assertions and proofs, and asks the token endpoint.
//! A request is built whole and right, and may be spoiled before it is sent.

use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use axum::body::Body;
use axum::http::{Method, Request};
use base64::Engine as _;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sso::client::{Client, ClientAuthentication, ClientName, Grant, Profile, Registration};
use sso::jose::{self, base64url};
use sso::level::{Method as Way, Methods};
use sso::oidc::certificate::PeerCertificate;
use sso::oidc::client_authentication::JWT_BEARER;
use sso::oidc::granted::Granted;
use sso::seal::digest;
use sso::store::code::{self, Code};
use sso::store::{account::Account, client};
use tower::ServiceExt;

use super::bed::{Bed, ISSUER};
use super::browser::{Answer, encoded};

/// Where codes are sent.
pub(crate) const REDIRECT: &str = "https://rp.example/back";
/// The PKCE verifier of every code.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

static COUNT: AtomicU64 = AtomicU64::new(1);

/// A number nobody had before.
pub(crate) fn fresh(prefix: &str) -> String {
    format!("{prefix}-{}", COUNT.fetch_add(1, Ordering::Relaxed))
}

/// A key on P-256.
pub(crate) struct Key {
    pair: EcdsaKeyPair,
    /// Its name in a set of keys.
    pub(crate) kid: String,
}

impl Key {
    /// A new one.
    pub(crate) fn new() -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key");
        Self { pair, kid: fresh("key") }
    }

    /// Its public half.
    pub(crate) fn public(&self) -> Value {
        let (x, y) = self.pair.public_key().as_ref()[1..].split_at(32);
        json!({ "kty": "EC", "crv": "P-256", "x": base64url(x), "y": base64url(y) })
    }

    /// RFC 7638.
    pub(crate) fn thumbprint(&self) -> String {
        jose::thumbprint(&jose::public_key(&self.public()).expect("a key")).expect("a thumbprint")
    }

    /// A token with any header.
    pub(crate) fn sign(&self, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| base64url(value.to_string().as_bytes());
        let input = format!("{}.{}", part(header), part(claims));
        let signature = self.pair.sign(&SystemRandom::new(), input.as_bytes()).expect("signs");
        format!("{input}.{}", base64url(signature.as_ref()))
    }
}

/// A client and what it keeps secret.
pub(crate) struct Party {
    /// As it is registered.
    pub(crate) client: Client,
    /// What it signs assertions with.
    pub(crate) key: Key,
    /// What its tokens are bound to.
    pub(crate) dpop: Key,
    /// Its secret.
    pub(crate) secret: &'static str,
}

/// A request before it is sent.
pub(crate) struct Ask {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) headers: Vec<(String, String)>,
    /// Header and claims of the assertion.
    pub(crate) assertion: Option<(Value, Value)>,
    /// Headers and claims of the proofs.
    pub(crate) proofs: Vec<(Value, Value)>,
    pub(crate) certificate: Option<Vec<u8>>,
}

impl Ask {
    /// Puts a field in place of all of its name.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.without(name);
        self.add(name, value);
    }

    /// One more field.
    pub(crate) fn add(&mut self, name: &str, value: &str) {
        self.fields.push((name.into(), value.into()));
    }

    /// Leaves a field out.
    pub(crate) fn without(&mut self, name: &str) {
        self.fields.retain(|(known, _)| known != name);
    }

    /// The claims of the assertion.
    pub(crate) fn assertion(&mut self) -> &mut Value {
        &mut self.assertion.as_mut().expect("an assertion").1
    }

    /// The header of the assertion.
    pub(crate) fn assertion_header(&mut self) -> &mut Value {
        &mut self.assertion.as_mut().expect("an assertion").0
    }

    /// The claims of the first proof.
    pub(crate) fn proof(&mut self) -> &mut Value {
        &mut self.proofs[0].1
    }

    /// The header of the first proof.
    pub(crate) fn proof_header(&mut self) -> &mut Value {
        &mut self.proofs[0].0
    }
}

/// What a client registers as, all grants and scopes.
pub(crate) fn registration(profile: Profile, method: ClientAuthentication) -> Registration {
    let mut grant_types = vec![Grant::AuthorizationCode, Grant::RefreshToken, Grant::DeviceCode];
    if method != ClientAuthentication::None {
        grant_types.push(Grant::ClientCredentials);
    }
    Registration {
        client_name: ClientName { ar: "بوابة".into(), en: "Portal".into() },
        profile,
        token_endpoint_auth_method: method,
        grant_types,
        scopes: ["openid", "profile", "offline_access", "bills:read", "payments:write"]
            .map(str::to_owned)
            .to_vec(),
        redirect_uris: vec![REDIRECT.into()],
        post_logout_redirect_uris: Vec::new(),
        backchannel_logout_uri: None,
        jwks: None,
        tls_client_auth_subject_dn: None,
        sector_identifier: None,
        id_token_signed_response_alg: "ES256".into(),
        dpop_bound_access_tokens: false,
        require_pushed_authorization_requests: false,
        department: None,
        consent_is_implied: false,
    }
}

impl Party {
    /// Registers a client.
    pub(crate) async fn join(bed: &Bed, mut registration: Registration) -> Self {
        let (key, secret) = (Key::new(), "S3cret/with+odd chars:%");
        let mut public = key.public();
        public["kid"] = key.kid.clone().into();
        if registration.token_endpoint_auth_method == ClientAuthentication::PrivateKeyJwt {
            registration.jwks = Some(jose::key_set(&json!({ "keys": [public] })).expect("a set"));
        }
        let client = Client {
            id: fresh("rp"),
            registration,
            secret_digest: Some(digest(secret)),
            api_client: None,
            version: 1,
        };
        let mut tx = bed.sso.db.begin().await.expect("begins");
        assert!(client::add(&mut tx, &client, bed.sso.now()).await.expect("added"));
        tx.commit().await.expect("commits");
        Self { client, key, dpop: Key::new(), secret }
    }

    /// A client of FAPI 2.0 with DPoP.
    pub(crate) async fn fapi(bed: &Bed) -> Self {
        Self::join(bed, registration(Profile::Fapi2, ClientAuthentication::PrivateKeyJwt)).await
    }

    /// A client with a secret in the header and bearer tokens.
    pub(crate) async fn plain(bed: &Bed) -> Self {
        Self::join(bed, registration(Profile::Baseline, ClientAuthentication::ClientSecretBasic)).await
    }

    /// A request with these fields, right in everything else.
    pub(crate) fn ask(&self, bed: &Bed, path: &str, fields: &[(&str, &str)]) -> Ask {
        let mut ask = Ask {
            method: Method::POST,
            path: path.into(),
            fields: fields.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect(),
            headers: vec![("content-type".into(), "application/x-www-form-urlencoded".into())],
            assertion: None,
            proofs: Vec::new(),
            certificate: None,
        };
        let now_s = bed.sso.now().0 / 1000;
        match self.client.registration.token_endpoint_auth_method {
            ClientAuthentication::ClientSecretBasic => {
                let pair = encoded(&[(&self.client.id, self.secret)]).replacen('=', ":", 1);
                let value = base64::engine::general_purpose::STANDARD.encode(pair);
                ask.headers.push(("authorization".into(), format!("Basic {value}")));
            }
            ClientAuthentication::ClientSecretPost => {
                ask.set("client_id", &self.client.id);
                ask.set("client_secret", self.secret);
            }
            ClientAuthentication::PrivateKeyJwt => {
                let header = json!({ "alg": "ES256", "kid": self.key.kid });
                let (id, jti) = (&self.client.id, fresh("jti"));
                let claims = json!({ "iss": id, "sub": id, "aud": ISSUER, "jti": jti, "iat": now_s,
                    "exp": now_s + 60 });
                ask.assertion = Some((header, claims));
            }
            ClientAuthentication::None | ClientAuthentication::TlsClientAuth => {
                ask.set("client_id", &self.client.id);
            }
        }
        if self.client.registration.must_bind() {
            ask.proofs.push(self.proof(bed, "POST", path));
        }
        ask
    }

    /// A proof for a request.
    pub(crate) fn proof(&self, bed: &Bed, method: &str, path: &str) -> (Value, Value) {
        let header = json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": self.dpop.public() });
        let claims = json!({ "htm": method, "htu": format!("{ISSUER}{path}"), "jti": fresh("proof"),
            "iat": bed.sso.now().0 / 1000 });
        (header, claims)
    }

    /// Signs what is to be signed and sends it.
    pub(crate) async fn send(&self, bed: &Bed, ask: Ask) -> Answer {
        self.send_to(&bed.sso, ask).await
    }

    /// The same to any node.
    pub(crate) async fn send_to(&self, sso: &std::sync::Arc<sso::Sso>, mut ask: Ask) -> Answer {
        if let Some((header, claims)) = &ask.assertion {
            let assertion = self.key.sign(header, claims);
            ask.add("client_assertion_type", JWT_BEARER);
            ask.add("client_assertion", &assertion);
        }
        let mut request = Request::builder().method(ask.method).uri(ask.path);
        for (name, value) in &ask.headers {
            request = request.header(name, value);
        }
        for (header, claims) in &ask.proofs {
            request = request.header("dpop", self.dpop.sign(header, claims));
        }
        if let Some(certificate) = ask.certificate {
            request = request.extension(PeerCertificate(certificate));
        }
        let fields: Vec<_> = ask.fields.iter().map(|(name, value)| (&**name, &**value)).collect();
        let request = request.body(Body::from(encoded(&fields))).expect("a request");
        Answer::of(sso.router().oneshot(request).await.expect("the router answers")).await
    }

    /// A code that somebody allowed, as the front of the provider would give it.
    pub(crate) async fn code(&self, bed: &Bed, account: &Account, scope: &str) -> String {
        self.code_with(bed, account, scope, |_| {}).await
    }

    /// The same, changed before it is stored.
    pub(crate) async fn code_with(
        &self,
        bed: &Bed,
        account: &Account,
        scope: &str,
        change: impl FnOnce(&mut Code),
    ) -> String {
        let (sso, now) = (&bed.sso, bed.sso.now());
        let methods = Methods::of(&[Way::Password, Way::OneTimePassword]);
        let (session, _) = sso.begin_session(account, &methods, "Firefox, Linux").await.expect("begins");
        let granted = Granted {
            client: self.client.id.clone(),
            account: Some(account.id),
            session: Some(session.id),
            scopes: scope.split(' ').map(str::to_owned).collect(),
            claims: Value::Null,
            resources: Vec::new(),
            nonce: Some("n-0S6_WzA2Mj".into()),
            level: session.level.number(),
            methods: methods.to_string(),
            authenticated_at: now.0,
        };
        let mut code = Code {
            client: self.client.id.clone(),
            redirect_uri: REDIRECT.into(),
            code_challenge: base64url(&Sha256::digest(VERIFIER.as_bytes())),
            dpop_jkt: None,
            granted,
            family: sso.new_id(),
            expires_at: now.plus_ms(sso.settings.code_s * 1000),
        };
        change(&mut code);
        let text = sso.new_token();
        let mut tx = sso.db.begin().await.expect("begins");
        code::add(&mut tx, digest(&text), &code).await.expect("added");
        tx.commit().await.expect("commits");
        text
    }

    /// The request for a code's tokens.
    pub(crate) fn ask_of_code(&self, bed: &Bed, code: &str) -> Ask {
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", REDIRECT),
            ("code_verifier", VERIFIER),
        ];
        self.ask(bed, "/oidc/token", &fields)
    }

    /// The request for the next tokens of a family.
    pub(crate) fn ask_of_refresh(&self, bed: &Bed, refresh_token: &str) -> Ask {
        let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh_token)];
        self.ask(bed, "/oidc/token", &fields)
    }

    /// Tokens of a new code, as JSON.
    pub(crate) async fn tokens(&self, bed: &Bed, account: &Account, scope: &str) -> Value {
        let code = self.code(bed, account, scope).await;
        let answer = self.send(bed, self.ask_of_code(bed, &code)).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()
    }
}

/// The claims of a token, without looking at its signature.
pub(crate) fn claims(token: &Value) -> Value {
    let part = token.as_str().expect("a token").split('.').nth(1).expect("a payload");
    serde_json::from_slice(&jose::from_base64url(part).expect("base64url")).expect("JSON")
}
