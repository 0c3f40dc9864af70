//! Passkeys, with a software authenticator that can be bent.

use axum::http::StatusCode;
use sso::credential::passkey::Refusal;
use sso::level::{Loa, Method, Methods};

use crate::support::authenticator::Authenticator;
use crate::support::bed::Bed;
use crate::support::browser::Browser;
use crate::support::doorway::PASSWORD;
use crate::support::inbox::Inbox;
use crate::support::people::national_id;

suite! {
    a_passkey_is_a_whole_sign_in,
    a_ceremony_is_finished_once_and_on_any_node,
    what_is_not_verified_here_is_refused,
    a_counter_that_goes_backwards_ends_the_passkey,
    passkeys_are_listed_renamed_and_removed,
    a_passkey_is_a_second_step,
}

async fn a_passkey_is_a_whole_sign_in(bed: &Bed) {
    let account = bed.citizen(21).await;
    let mut key = Authenticator::new(1);
    bed.give_passkey(&account, &mut key).await;
    let mut browser = Browser::new(bed);
    let options = browser.passkey_options().await;
    let public_key = &options["publicKey"];
    assert_eq!(public_key["userVerification"], "required");
    assert_eq!(public_key["rpId"], "id.example.ps");
    assert!(public_key["allowCredentials"].as_array().is_none_or(Vec::is_empty), "it names nobody");
    let done = browser.send_passkey(&key.sign(&options), "?next=%2Fpay&level=3&since=0").await;
    assert_eq!(done.location(), "/pay");
    let passkey = Methods::of(&[Method::Passkey]);
    assert_eq!(browser.level(bed).await, Some((Loa::Passkey, passkey)));
    let inbox = Inbox::default();
    bed.sso.deliver_due(&inbox).await.expect("delivered");
    assert_eq!(inbox.texts(&account.person.mobile).len(), 1, "its owner was told that it was added");
    let begun = bed.sso.begin_passkey(&account).await.expect("begun");
    assert_eq!(begun.options["publicKey"]["authenticatorSelection"]["residentKey"], "preferred");
    assert_eq!(begun.options["publicKey"]["excludeCredentials"].as_array().map(Vec::len), Some(1));
}

async fn a_ceremony_is_finished_once_and_on_any_node(bed: &Bed) {
    let account = bed.citizen(22).await;
    let mut key = Authenticator::new(2);
    bed.give_passkey(&account, &mut key).await;
    let other = bed.another_node();
    let mut browser = Browser::new(bed);
    let options = browser.passkey_options().await;
    let answer = key.sign(&options);
    let mut there = browser.at(&other);
    assert_eq!(there.send_passkey(&answer, "").await.location(), "/account", "begun here, finished there");
    // A new answer to the same question, so that no counter gives it away.
    let again = browser.send_passkey(&key.sign(&options), "").await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY, "and once");
    assert!(again.text.contains("انتهت مهلة"), "{}", again.text);
    // Five minutes, and it is over.
    let mut late = Browser::new(bed);
    let options = late.passkey_options().await;
    bed.clock.pass_ms(300_001);
    assert!(late.send_passkey(&key.sign(&options), "").await.text.contains("انتهت مهلة"));
    // An answer to another question.
    let asked = bed.sso.ask_for_passkey(None).await.expect("asked");
    let other_question = bed.sso.ask_for_passkey(None).await.expect("asked");
    let answer = key.sign(&other_question.options);
    let refused = bed.sso.verify_passkey(&asked.token, &answer, "x").await.expect("answered");
    assert_eq!(refused, Err(Refusal::Invalid));
}

async fn what_is_not_verified_here_is_refused(bed: &Bed) {
    let (account, stranger) = (bed.citizen(23).await, bed.citizen(24).await);
    let bend = async |bend: fn(&mut Authenticator)| {
        let mut key = Authenticator::new(3);
        let number = bed.give_passkey(&account, &mut key).await;
        bend(&mut key);
        let asked = bed.sso.ask_for_passkey(None).await.expect("asked");
        let answer = key.sign(&asked.options);
        let done = bed.sso.verify_passkey(&asked.token, &answer, "x").await.expect("answered");
        assert!(bed.sso.remove_passkey(&account, number, "x").await.expect("removed"));
        done
    };
    assert_eq!(bend(|_| {}).await, Ok(account.id), "unbent it is taken");
    assert_eq!(bend(|key| key.verifies = false).await, Err(Refusal::Invalid), "nobody was verified");
    assert_eq!(bend(|key| key.origin = "https://id.example.ps.evil.example").await, Err(Refusal::Invalid));
    // The key of somebody else, under the handle of this one.
    let mut key = Authenticator::new(4);
    bed.give_passkey(&account, &mut key).await;
    let asked = bed.sso.ask_for_passkey(Some(account.id)).await.expect("asked");
    let mut others = Authenticator::new(5);
    bed.give_passkey(&stranger, &mut others).await;
    let answer = others.sign(&asked.options);
    let done = bed.sso.verify_passkey(&asked.token, &answer, "x").await.expect("answered");
    assert_eq!(done, Err(Refusal::Unknown));
    // One bit of the signature, and bytes that are no answer at all.
    let asked = bed.sso.ask_for_passkey(None).await.expect("asked");
    let mut answer: serde_json::Value = serde_json::from_str(&key.sign(&asked.options)).expect("JSON");
    let signature = answer["response"]["signature"].as_str().expect("one").to_owned();
    let (before, after) = signature.split_at(signature.len() / 2);
    let other = if after.starts_with('A') { "B" } else { "A" };
    let bent = format!("{before}{other}{}", &after[1..]);
    answer["response"]["signature"] = bent.into();
    let done = bed.sso.verify_passkey(&asked.token, &answer.to_string(), "x").await.expect("answered");
    assert_eq!(done, Err(Refusal::Invalid));
    for nothing in ["", "{}", "null", "[1]", "{\"id\":\"x\"}"] {
        let asked = bed.sso.ask_for_passkey(None).await.expect("asked");
        let done = bed.sso.verify_passkey(&asked.token, nothing, "x").await.expect("answered");
        assert_eq!(done, Err(Refusal::Invalid), "{nothing}");
    }
    // The ceremony of one account adds nothing to another one.
    let begun = bed.sso.begin_passkey(&account).await.expect("begun");
    let answer = Authenticator::new(6).register(&begun.options);
    let done = bed.sso.finish_passkey(&stranger, &begun.token, &answer, ("", "x")).await.expect("answered");
    assert_eq!(done, Err(Refusal::Over));
}

async fn a_counter_that_goes_backwards_ends_the_passkey(bed: &Bed) {
    let account = bed.citizen(25).await;
    let mut key = Authenticator::new(7);
    bed.give_passkey(&account, &mut key).await;
    let mut browser = Browser::new(bed);
    key.counter = 40;
    assert_eq!(browser.passkey(&mut key, "").await.location(), "/account");
    key.counter = 7;
    let copy = Browser::new(bed).passkey(&mut key, "").await;
    assert!(copy.text.contains("أوقفنا مفتاح المرور"), "{}", copy.text);
    // Not taken any more, whatever it counts.
    key.counter = 100;
    assert!(Browser::new(bed).passkey(&mut key, "").await.text.contains("أوقفنا مفتاح المرور"));
    let inbox = Inbox::default();
    bed.sso.deliver_due(&inbox).await.expect("delivered");
    let told = inbox.texts(&account.person.mobile);
    assert!(told.iter().any(|text| text.contains("أوقفنا أحد مفاتيح المرور")), "{told:?}");
    assert_eq!(bed.sso.factors(&account).await.expect("read").passkeys, 0);
    assert!(bed.sso.passkeys(account.id).await.expect("read")[0].is_suspended);
}

async fn passkeys_are_listed_renamed_and_removed(bed: &Bed) {
    let (account, stranger) = (bed.citizen(26).await, bed.citizen(27).await);
    let (mut one, mut two) = (Authenticator::new(8), Authenticator::new(9));
    let first = bed.give_passkey(&account, &mut one).await;
    let second = bed.give_passkey(&account, &mut two).await;
    assert!(bed.sso.rename_passkey(&account, second, " حاسوب \u{7} البيت ", "x").await.expect("renamed"));
    assert!(!bed.sso.rename_passkey(&stranger, second, "mine", "x").await.expect("asked"));
    assert!(!bed.sso.remove_passkey(&stranger, second, "x").await.expect("asked"));
    let names: Vec<_> =
        bed.sso.passkeys(account.id).await.expect("read").into_iter().map(|k| (k.id, k.name)).collect();
    assert_eq!(names, [(first, "My key".to_owned()), (second, "حاسوب  البيت".to_owned())]);
    assert!(bed.sso.remove_passkey(&account, first, "x").await.expect("removed"));
    let gone = Browser::new(bed).passkey(&mut one, "").await;
    assert!(gone.text.contains("غير مرتبط بهذا الحساب"), "{}", gone.text);
    assert_eq!(Browser::new(bed).passkey(&mut two, "").await.location(), "/account");
}

async fn a_passkey_is_a_second_step(bed: &Bed) {
    let account = bed.citizen_with_password(28).await;
    let mut key = Authenticator::new(10);
    bed.give_passkey(&account, &mut key).await;
    let mut browser = Browser::new(bed);
    let step = browser.sign_in(&national_id(28), PASSWORD, "/sign-in?next=%2Fpay&level=2&since=0").await;
    assert!(step.location().starts_with("/sign-in/factor"));
    let page = browser.get(step.location()).await;
    let csrf = page.field("csrf").or(browser.get("/sign-in").await.field("csrf")).expect("a token");
    let options = browser.post("/sign-in/passkey/options", &[("csrf", &csrf)]).await.json();
    assert_eq!(options["publicKey"]["allowCredentials"].as_array().map(Vec::len), Some(1), "its own");
    let done = browser.send_passkey(&key.sign(&options), "?next=%2Fpay&level=2&since=0").await;
    assert_eq!(done.location(), "/pay");
    let both = Methods::of(&[Method::Password, Method::Passkey]);
    assert_eq!(browser.level(bed).await, Some((Loa::Passkey, both)));
}
