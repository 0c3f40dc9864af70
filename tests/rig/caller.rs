//! The client of the rig as the payment API knows it: an access token that the switch under test will find
//! good, because it is signed with a key that lies in its database.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use sso::chance::Chance;
use sso::client::{Client, ClientAuthentication, ClientName, Grant, Profile, Registration};
use sso::key::SoftwareVault;
use sso::oidc::access_token::{self, Binding, Content};
use sso::oidc::granted::Granted;
use sso::oidc::scope::{Resource, Scope};
use sso::seal::Sealer;
use sso::settings::Settings;
use sso::{Parts, Sso};
use switch_core::clock::{BusinessDate, Clock, Timestamp};
use switch_core::id::{ClientId, PublicIds};
use switch_store::Db;
use switch_store::client::{self, ClientKind};

use super::seed::IDS_KEY;

/// The key of `sso.key`, which `config.rs` writes.
pub(crate) const SSO_KEY: [u8; 32] = [0x3b; 32];
/// The issuer of the settings when they name none.
const ISSUER: &str = "http://localhost:8080";
const HOUR_S: i64 = 3_600;

struct Machine;

impl Clock for Machine {
    #[expect(
        clippy::disallowed_methods,
        reason = "the rig runs beside a switch that reads the machine's clock"
    )]
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
        Timestamp(since.as_millis() as i64)
    }

    fn business_date(&self, _at: Timestamp) -> BusinessDate {
        BusinessDate(20_260_101)
    }
}

impl Chance for Machine {
    fn fill(&self, bytes: &mut [u8]) {
        aws_lc_rs::rand::fill(bytes).expect("the machine gives random bytes");
    }
}

/// Makes the client, and an access token for it that is good for an hour.
pub(crate) async fn access_token(db: &Db, id: ClientId) -> String {
    let sealer = Arc::new(Sealer::new(&[("rig".into(), SSO_KEY)]).expect("a key"));
    let sso = Sso::new(Parts {
        db: db.clone(),
        clock: Arc::new(Machine),
        chance: Arc::new(Machine),
        vault: Arc::new(SoftwareVault::new(Arc::clone(&sealer))),
        sealer,
        public_ids: PublicIds::new(IDS_KEY),
        settings: Settings { access_token_s: HOUR_S, ..Settings::new(ISSUER) },
    });
    sso.rotate_keys().await.expect("keys are made");
    let scopes: Vec<String> = Scope::ALL
        .into_iter()
        .filter(|scope| scope.resource() == Some(Resource::PaymentApi))
        .map(|scope| scope.as_str().to_owned())
        .collect();
    let relying = relying(id, scopes.clone());
    let mut tx = db.begin().await.expect("begins");
    let new = client::Client { id, name: "bench".into(), kind: ClientKind::Api, webhook: None };
    assert!(client::add(&mut tx, &new, sso.now()).await.expect("added"), "the database is fresh");
    assert!(sso::store::client::add(&mut tx, &relying, sso.now()).await.expect("added"));
    tx.commit().await.expect("commits");
    let granted = Granted {
        client: relying.id.clone(),
        account: None,
        session: None,
        scopes: scopes.clone(),
        claims: serde_json::Value::Null,
        resources: Vec::new(),
        nonce: None,
        level: 0,
        methods: String::new(),
        authenticated_at: 0,
    };
    let content = Content {
        client: &relying,
        granted: &granted,
        family: None,
        scopes: &scopes,
        resources: &[Resource::PaymentApi],
        binding: &Binding::Bearer,
    };
    access_token::mint(&sso, &content).await.expect("a token")
}

fn relying(id: ClientId, scopes: Vec<String>) -> Client {
    let registration = Registration {
        client_name: ClientName { ar: "bench".into(), en: "bench".into() },
        profile: Profile::Baseline,
        token_endpoint_auth_method: ClientAuthentication::ClientSecretBasic,
        grant_types: vec![Grant::ClientCredentials],
        scopes,
        redirect_uris: Vec::new(),
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
    };
    let secret_digest = Some(sso::seal::digest("nobody asks for it"));
    Client { id: "bench".into(), registration, secret_digest, api_client: Some(id.0), version: 1 }
}
