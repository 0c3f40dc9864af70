//! A desk for stories: offices, clerks with their browsers, and people who apply.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use sso::level::{Method, Methods};
use sso::person::Person;
use sso::registry::{CivilRegistry, Question, Record, Unavailable};
use sso::store::account::Account;
use sso::store::office::{self, Both, Office, OfficeKind};
use sso::store::role::{self, Held, Role};

use super::bed::Bed;
use super::browser::{Answer, Browser};

/// The office of most stories.
pub(crate) const POST: &str = "post-ramallah";
/// Another one.
pub(crate) const INTERIOR: &str = "interior-hebron";

/// A registry in memory; `None` is out of reach.
pub(crate) struct Registry(pub(crate) Option<Vec<Record>>);

impl CivilRegistry for Registry {
    fn find<'a>(&'a self, question: Question<'a>) -> BoxFuture<'a, Result<Option<Record>, Unavailable>> {
        let known = self.0.as_ref().ok_or_else(|| Unavailable("a story".into()));
        let found = known.map(|known| known.iter().find(|r| r.number == question.number).cloned());
        async move { found }.boxed()
    }
}

/// Somebody as the registry has them.
pub(crate) fn record(person: &Person) -> Record {
    Record {
        number: person.identity_number.clone(),
        name: person.name.clone(),
        born: person.born,
        is_deceased: false,
    }
}

/// The answers of a person, as the first page asks for them.
pub(crate) fn about(person: &Person) -> Vec<(&'static str, String)> {
    vec![
        ("kind", person.identity_kind.clone()),
        ("number", person.identity_number.clone()),
        ("given", person.name.given.clone()),
        ("father", person.name.father.clone()),
        ("grandfather", person.name.grandfather.clone()),
        ("family", person.name.family.clone()),
        ("born-day", person.born.day().to_string()),
        ("born-month", person.born.month().to_string()),
        ("born-year", person.born.year().to_string()),
    ]
}

/// The answers of a person, as the second page asks for them.
pub(crate) fn contact(person: &Person, office: &str) -> Vec<(&'static str, String)> {
    vec![
        ("mobile", person.mobile.clone()),
        ("email", person.email.clone().unwrap_or_default()),
        ("office", office.to_owned()),
        ("terms", "yes".to_owned()),
    ]
}

/// The same with borrowed values.
pub(crate) fn fields<'a>(given: &'a [(&'static str, String)]) -> Vec<(&'a str, &'a str)> {
    given.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

/// What a clerk saw at the desk.
pub(crate) const SEEN: [(&str, &str); 5] = [
    ("face", "yes"),
    ("document", "A1234567"),
    ("valid-day", "31"),
    ("valid-month", "1"),
    ("valid-year", "2030"),
];

/// Ten characters with a hyphen between, after a mark in a page.
pub(crate) fn reference_in(page: &str) -> String {
    let is_plain = |c: char| c.is_ascii_digit() || c.is_ascii_uppercase();
    let words = page.split(|c: char| !is_plain(c) && c != '-');
    let mut found = words.filter(|w| w.len() == 11 && w.as_bytes()[5] == b'-' && !w.ends_with('-'));
    found.next().unwrap_or_else(|| panic!("no reference in {page}")).to_owned()
}

impl Bed {
    /// Opens both offices.
    pub(crate) async fn offices(&self) {
        for (code, kind) in [(POST, OfficeKind::Post), (INTERIOR, OfficeKind::Interior)] {
            let both = |text: &str| Both { ar: format!("{text} ع"), en: format!("{text} en") };
            let office = Office {
                code: code.into(),
                kind,
                name: both(code),
                address: both("1"),
                hours: both("8-15"),
                is_open: true,
                version: 1,
            };
            let mut tx = self.sso.db.begin().await.expect("begins");
            assert!(office::add(&mut tx, &office, self.sso.now()).await.expect("added"));
            tx.commit().await.expect("commits");
        }
    }

    /// The person numbered `n` with a role at an office, signed in with two factors.
    pub(crate) async fn clerk(&self, n: u32, role: Role, office: &str) -> (Account, Browser) {
        let account = self.citizen(n).await;
        let held = Held { role, scope: office.into() };
        let mut tx = self.sso.db.begin().await.expect("begins");
        assert!(role::grant(&mut tx, account.id, &held, self.sso.now()).await.expect("granted"));
        tx.commit().await.expect("commits");
        let browser = self.signed_in(&account).await;
        (account, browser)
    }

    /// A browser at which an account is signed in with two factors.
    pub(crate) async fn signed_in(&self, account: &Account) -> Browser {
        let methods = Methods::of(&[Method::Password, Method::OneTimePassword]);
        let (_, cookie) = self.sso.begin_session(account, &methods, "Firefox").await.expect("begins");
        let mut browser = Browser::new(self);
        browser.take(cookie.to_str().expect("ASCII"));
        browser
    }

    /// A person applies at home; the reference on the slip.
    pub(crate) async fn apply(&self, person: &Person, office: &str) -> String {
        let mut browser = Browser::new(self);
        let answer = browser.submit("/register", &fields(&about(person))).await;
        assert_eq!(answer.location(), "/register/contact", "{}", answer.text);
        let answer = browser.submit("/register/contact", &fields(&contact(person, office))).await;
        assert_eq!(answer.location(), "/register/check", "{}", answer.text);
        let answer = browser.submit("/register/check", &[]).await;
        assert_eq!(answer.location(), "/register/slip", "{}", answer.text);
        reference_in(&browser.get("/register/slip").await.text)
    }

    /// The same, and the registry agrees.
    pub(crate) async fn apply_known(&self, person: &Person) -> String {
        let reference = self.apply(person, POST).await;
        let registry = Registry(Some(vec![record(person)]));
        self.sso.match_due(&registry).await.expect("matched");
        reference
    }
}

impl Browser {
    /// A clerk finds an application of an office; the path of its page.
    pub(crate) async fn find(&mut self, what: &str, office: &str) -> String {
        let fields = [("office", office), ("what", what), ("why", "present")];
        let answer = self.submit_at(&format!("/desk/find?office={office}"), "/desk/find", &fields).await;
        answer.location().to_owned()
    }

    /// Sends a form that stands on one page and goes to another address.
    pub(crate) async fn submit_at(&mut self, page: &str, to: &str, fields: &[(&str, &str)]) -> Answer {
        let page = self.get(page).await;
        let csrf = page.field("csrf").unwrap_or_else(|| panic!("no csrf: {} {}", page.status, page.text));
        self.post(to, &[&[("csrf", csrf.as_str())], fields].concat()).await
    }

    /// A button on the page of an application.
    pub(crate) async fn act(&mut self, path: &str, act: &str, fields: &[(&str, &str)]) -> Answer {
        self.submit_at(path, &format!("{path}/{act}"), fields).await
    }
}
