//! Invented people. Their identity numbers have right check digits and belong to nobody.

use sso::person::{Name, Person};
use sso::store::account::{self, Account, AccountState};

use super::bed::Bed;

/// The identity number of the person numbered `n`, below 100,000: eight digits and a check digit.
pub(crate) fn national_id(n: u32) -> String {
    let digits = format!("4000{n:04}");
    let sum: u32 = digits
        .bytes()
        .enumerate()
        .map(|(i, b)| {
            let product = u32::from(b - b'0') * (1 + (i as u32 & 1));
            product / 10 + product % 10
        })
        .sum();
    format!("{digits}{}", (10 - sum % 10) % 10)
}

/// The person numbered `n`.
pub(crate) fn person(n: u32) -> Person {
    let name = |given: &str, father: &str, grandfather: &str, family: &str| Name {
        given: given.into(),
        father: father.into(),
        grandfather: grandfather.into(),
        family: family.into(),
    };
    Person {
        identity_kind: "national_id".into(),
        identity_number: national_id(n),
        name: name("سلمى", "يوسف", "كمال", "النجار"),
        name_latin: Some(name("Salma", "Yousef", "Kamal", "Najjar")),
        born: jiff::civil::date(1990, 5, 17),
        mobile: format!("+9705900{n:05}"),
        email: Some(format!("salma{n}@example.ps")),
    }
}

impl Bed {
    /// An active account of the person numbered `n`, verified in person.
    pub(crate) async fn citizen(&self, n: u32) -> Account {
        let (sso, now) = (&self.sso, self.sso.now());
        let account = Account {
            id: sso.new_id(),
            person: person(n),
            state: AccountState::Active,
            in_person: true,
            is_staff: false,
            language: "ar".into(),
            digits: "western".into(),
            created_at: now,
            activated_at: Some(now),
        };
        let mut tx = sso.db.begin().await.expect("begins");
        assert!(account::add(&mut tx, &sso.sealer, &account).await.expect("added"), "the identity is taken");
        tx.commit().await.expect("commits");
        account
    }
}
