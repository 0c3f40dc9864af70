//! What the stories of the sign-in do again and again: a password, an app, a passkey, a way in.

use sso::level::{Loa, Methods};
use sso::session::{COOKIE, SignedIn};
use sso::store::account::Account;
use switch_core::clock::Timestamp;
use switch_store::transact;
use totp_rs::{Algorithm, Builder, Secret, Totp};

use super::authenticator::Authenticator;
use super::bed::Bed;
use super::browser::{Answer, Browser};

/// A password that may stand alone.
pub(crate) const PASSWORD: &str = "زيتون الجبل أطيب من الذهب";

/// An app that shows codes.
pub(crate) struct App(Totp);

impl App {
    /// Its code at a moment.
    pub(crate) fn code(&self, at: Timestamp) -> String {
        self.0.generate(u64::try_from(at.0 / 1_000).expect("after 1970")).to_string()
    }
}

impl Bed {
    /// An active citizen with [`PASSWORD`].
    pub(crate) async fn citizen_with_password(&self, n: u32) -> Account {
        let account = self.citizen(n).await;
        self.give_password(&account, PASSWORD).await;
        account
    }

    /// Gives an account a password, rules aside.
    pub(crate) async fn give_password(&self, account: &Account, password: &str) {
        let sso = &self.sso;
        let hashed = sso.hash_password(password).await.expect("hashed").expect("a place");
        let now = sso.now();
        let set: Result<(), _> = transact!(sso.db, tx =>
            sso::credential::password::set(tx, account.id, &hashed, now).await);
        set.expect("set");
    }

    /// Connects an app; its first code is used up, so the next one comes half a minute later.
    pub(crate) async fn give_app(&self, account: &Account) -> App {
        let sso = &self.sso;
        let offer = sso.begin_totp(account).await.expect("begun");
        let secret = Secret::try_from_base32(offer.secret.replace(' ', "")).expect("base32");
        let builder = Builder::new().with_algorithm(Algorithm::SHA1).with_secret(secret);
        let app = App(builder.build().expect("a generator"));
        let code = app.code(sso.now());
        assert!(sso.finish_totp(account, &offer.token, &code, "Firefox").await.expect("answered"));
        self.clock.pass_ms(30_000);
        app
    }

    /// Adds a passkey; its number.
    pub(crate) async fn give_passkey(&self, account: &Account, key: &mut Authenticator) -> i64 {
        let begun = self.sso.begin_passkey(account).await.expect("begun");
        let answer = key.register(&begun.options);
        let done = self.sso.finish_passkey(account, &begun.token, &answer, ("My key", "Firefox")).await;
        done.expect("answered").expect("added")
    }
}

impl Browser {
    /// Types number and password at the door, on the way to a path.
    pub(crate) async fn sign_in(&mut self, identity: &str, password: &str, door: &str) -> Answer {
        let page = self.get(door).await;
        self.fill(&page, "/sign-in", &[("identity", identity), ("password", password)]).await
    }

    /// Types a code at the second step.
    pub(crate) async fn second(&mut self, code: &str) -> Answer {
        let page = self.get("/sign-in/factor").await;
        self.fill(&page, "/sign-in/factor", &[("code", code)]).await
    }

    /// The options of a ceremony, as the script of the page fetches them.
    pub(crate) async fn passkey_options(&mut self) -> serde_json::Value {
        let page = self.get("/sign-in").await;
        let csrf = page.field("csrf").or(self.get("/sign-in/factor").await.field("csrf"));
        let csrf = match csrf {
            Some(csrf) => csrf,
            None => self.get("/recover").await.field("csrf").expect("a page with a form"),
        };
        self.post("/sign-in/passkey/options", &[("csrf", &csrf)]).await.json()
    }

    /// A passkey, on the way to a path.
    pub(crate) async fn passkey(&mut self, key: &mut Authenticator, onward: &str) -> Answer {
        let options = self.passkey_options().await;
        let credential = key.sign(&options);
        self.send_passkey(&credential, onward).await
    }

    /// The answer of a ceremony, as the script of the page sends it.
    pub(crate) async fn send_passkey(&mut self, credential: &str, onward: &str) -> Answer {
        let csrf = self.get("/recover").await.field("csrf").expect("a page with a form");
        let path = format!("/sign-in/passkey{onward}");
        self.post(&path, &[("csrf", &csrf), ("credential", credential)]).await
    }

    /// Who is signed in here.
    pub(crate) async fn known(&self, bed: &Bed) -> Option<SignedIn> {
        let cookie = format!("{COOKIE}={}", self.cookie(COOKIE)?);
        let value = axum::http::HeaderValue::from_str(&cookie).expect("ASCII");
        let headers = axum::http::HeaderMap::from_iter([(axum::http::header::COOKIE, value)]);
        bed.sso.signed_in(&headers).await.expect("read")
    }

    /// Level and methods of who is signed in here.
    pub(crate) async fn level(&self, bed: &Bed) -> Option<(Loa, Methods)> {
        self.known(bed).await.map(|known| (known.session.level, known.session.methods))
    }
}
