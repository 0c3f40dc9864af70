//! Administration: four eyes, who may do what, what is written down, and the boundary between departments.

mod authorisation;
mod four_eyes;
mod pages;

use serde_json::{Value, json};
use sso::change::{Content, NotDone, Refused};
use sso::client::{Client, Registration};
use sso::level::{Method, Methods};
use sso::store::account::{self, Account};
use sso::store::role::{self, Held, Role};
use sso::store::{change, client};

use crate::support::bed::Bed;
use crate::support::browser::Browser;

/// A registration that may stand, of a department.
pub(crate) fn registration(department: Option<&str>) -> Value {
    json!({
        "client_name": { "ar": "بوابة العمل", "en": "Labour portal" },
        "profile": "baseline",
        "token_endpoint_auth_method": "client_secret_basic",
        "grant_types": ["authorization_code", "refresh_token"],
        "scopes": ["openid", "profile"],
        "redirect_uris": ["https://labour.example.ps/callback"],
        "department": department,
    })
}

/// The same as the type.
pub(crate) fn registered(department: Option<&str>) -> Registration {
    serde_json::from_value(registration(department)).expect("a registration")
}

/// Why nothing was done, where a rule said no.
pub(crate) fn refusal<T: std::fmt::Debug>(done: Result<T, NotDone>) -> Refused {
    match done {
        Err(NotDone::Refused(refused)) => refused,
        other => panic!("no refusal but {other:?}"),
    }
}

impl Bed {
    /// A browser somebody is signed in at with two factors.
    pub(crate) async fn at_work(&self, account: &Account) -> Browser {
        let mut browser = Browser::new(self);
        browser.take(&self.session_cookie(account, &[Method::Password, Method::OneTimePassword]).await);
        browser
    }

    /// `Set-Cookie` of a session that was begun with these methods.
    pub(crate) async fn session_cookie(&self, account: &Account, methods: &[Method]) -> String {
        let begun = self.sso.begin_session(account, &Methods::of(methods), "Firefox, Linux").await;
        begun.expect("a session").1.to_str().expect("ASCII").to_owned()
    }

    /// The person numbered `n` with roles.
    pub(crate) async fn staff(&self, n: u32, roles: &[(Role, &str)]) -> Account {
        let account = self.citizen(n).await;
        let mut tx = self.sso.db.begin().await.expect("begins");
        for (role, scope) in roles {
            let held = Held { role: *role, scope: (*scope).to_owned() };
            assert!(role::grant(&mut tx, account.id, &held, self.sso.now()).await.expect("granted"));
        }
        account::set_staff(&mut tx, account.id, true).await.expect("set");
        tx.commit().await.expect("commits");
        account
    }

    /// An administrator of everywhere.
    pub(crate) async fn administrator(&self, n: u32) -> Account {
        self.staff(n, &[(Role::Administrator, "")]).await
    }

    /// An active client of a department.
    pub(crate) async fn client(&self, id: &str, department: Option<&str>) -> Client {
        let client = Client {
            id: id.to_owned(),
            registration: registered(department),
            secret_digest: None,
            api_client: None,
            version: 1,
        };
        let mut tx = self.sso.db.begin().await.expect("begins");
        assert!(client::add(&mut tx, &client, self.sso.now()).await.expect("added"));
        tx.commit().await.expect("commits");
        client
    }

    /// The roles of an account, `clerk@x`.
    pub(crate) async fn roles(&self, account: i64) -> Vec<String> {
        let held = role::of_account(&self.sso.db, account).await.expect("read");
        held.into_iter().map(|held| format!("{}@{}", held.role.as_str(), held.scope)).collect()
    }

    /// What a proposal shows to who approves it.
    pub(crate) async fn digest(&self, change: i64) -> Vec<u8> {
        change::find(&self.sso.db, change).await.expect("read").expect("a change").digest
    }

    /// A proposal that must succeed.
    pub(crate) async fn proposed(&self, by: &Account, content: &Content) -> i64 {
        sso::change::propose(&self.sso, by.id, content, "needed for the work").await.expect("proposed")
    }

    /// What the audit log says of a subject, the oldest first: `act | actor | detail`.
    pub(crate) async fn written_down(&self, subject: &str) -> Vec<String> {
        let found =
            switch_store::audit_log::Search { subject: Some(subject.to_owned()), ..Default::default() };
        let page = switch_store::audit_log::search(&self.sso.db, &found).await.expect("read");
        let line = |entry: &switch_store::audit_log::Written| {
            format!("{} | {} | {}", entry.act, entry.actor, entry.detail)
        };
        page.iter().rev().map(line).collect()
    }
}

/// A grant.
pub(crate) fn grant(to: &Account, role: Role, scope: &str) -> Content {
    Content::GrantRole { account: to.id, role, scope: scope.to_owned() }
}

/// An office.
pub(crate) fn office(code: &str) -> sso::store::office::Office {
    use sso::store::office::{Both, Office, OfficeKind};
    let both = |ar: &str, en: &str| Both { ar: ar.into(), en: en.into() };
    Office {
        code: code.into(),
        kind: OfficeKind::Post,
        name: both("بريد رام الله", "Ramallah post"),
        address: both("شارع الإرسال", "Irsal street"),
        hours: both("الأحد إلى الخميس، 8 إلى 14", "Sunday to Thursday, 8 to 14"),
        is_open: true,
        version: 0,
    }
}
