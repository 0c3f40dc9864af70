//! The forgotten password: two factors without it, or a desk.

use axum::http::StatusCode;
use look::Language;
use sso::credential::sms;
use sso::store::account::{Account, set_staff};
use switch_store::transact;

use crate::support::authenticator::Authenticator;
use crate::support::bed::Bed;
use crate::support::browser::{Answer, Browser};
use crate::support::doorway::PASSWORD;
use crate::support::inbox::Inbox;
use crate::support::people::national_id;

suite! {
    two_codes_and_a_new_password,
    one_code_is_not_enough,
    a_passkey_and_a_new_password,
    weak_passwords_are_told_why,
}

const NEW: &str = "seven green doors by the sea";

impl Bed {
    /// A citizen with a password, a confirmed number and recovery codes.
    async fn recoverable(&self, n: u32, inbox: &Inbox) -> (Account, Vec<String>) {
        let account = self.citizen_with_password(n).await;
        let token = self.sso.send_code(&sms::CONFIRM, Some(&account), Language::Arabic).await;
        let code = inbox.code(self, &account.person.mobile).await;
        let token = token.expect("sent").expect("in budget");
        assert!(self.sso.confirm_mobile(&account, &token, &code, "x").await.expect("answered"));
        let codes = self.sso.make_recovery_codes(&account, "x").await.expect("made");
        (account, codes.iter().map(|code| code.to_string()).collect())
    }
}

async fn ask(browser: &mut Browser, n: u32) -> Answer {
    let page = browser.get("/recover").await;
    let asked = browser.fill(&page, "/recover", &[("identity", &*national_id(n))]).await;
    assert_eq!(asked.location(), "/recover/proof");
    browser.get("/recover/proof").await
}

async fn two_codes_and_a_new_password(bed: &Bed) {
    let inbox = Inbox::default();
    let (account, codes) = bed.recoverable(41, &inbox).await;
    let mut elsewhere = Browser::new(bed);
    elsewhere.sign_in(&national_id(41), PASSWORD, "/sign-in").await;
    assert!(elsewhere.known(bed).await.is_some());

    let mut browser = Browser::new(bed);
    let page = ask(&mut browser, 41).await;
    let code = inbox.code(bed, &account.person.mobile).await;
    let wrong =
        browser.fill(&page, "/recover/proof", &[("sms", &*code), ("recovery", "AAAA-AAAA-AAAA-AAAA")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    // The message was used up with the wrong one: another is sent.
    bed.clock.pass_ms(1_000);
    let page = ask(&mut browser, 41).await;
    let code = inbox.code(bed, &account.person.mobile).await;
    let typed = [("sms", &*code), ("recovery", &*codes[0])];
    let proven = browser.fill(&page, "/recover/proof", &typed).await;
    assert_eq!(proven.location(), "/recover/password", "{}", proven.text);
    let page = browser.get("/recover/password").await;
    let done = browser.fill(&page, "/recover/password", &[("password", NEW), ("again", NEW)]).await;
    assert_eq!(done.location(), "/recover/done");
    assert!(browser.get("/recover/done").await.text.contains("تغيّرت كلمة المرور"));
    assert!(elsewhere.known(bed).await.is_none(), "every session ended");
    // Proven once, chosen once.
    let again =
        browser.fill(&page, "/recover/password", &[("password", PASSWORD), ("again", PASSWORD)]).await;
    assert_eq!(again.location(), "/recover");
    let old = Browser::new(bed).sign_in(&national_id(41), PASSWORD, "/sign-in").await;
    assert_eq!(old.status, StatusCode::UNPROCESSABLE_ENTITY);
    bed.clock.pass_ms(1_000);
    let new = Browser::new(bed).sign_in(&national_id(41), NEW, "/sign-in").await;
    assert_eq!(new.location(), "/account");
    bed.sso.deliver_due(&inbox).await.expect("delivered");
    assert!(inbox.texts(&account.person.mobile).iter().any(|text| text.contains("تغيّرت كلمة مرور")));
}

async fn one_code_is_not_enough(bed: &Bed) {
    let inbox = Inbox::default();
    let (account, codes) = bed.recoverable(42, &inbox).await;
    for typed in [
        [("sms", ""), ("recovery", &*codes[0])],
        [("sms", "000000"), ("recovery", &*codes[0])],
        [("sms", "000000"), ("recovery", "")],
    ] {
        let mut browser = Browser::new(bed);
        let page = ask(&mut browser, 42).await;
        let answer = browser.fill(&page, "/recover/proof", &typed).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{typed:?}");
        assert!(answer.text.contains("راجع أقرب مكتب"));
        bed.clock.pass_ms(10_000);
    }
    let left = bed.sso.factors(&account).await.expect("read").recovery_codes;
    assert_eq!(left, 10, "beside a wrong message no recovery code is used up");
    assert_eq!(Browser::new(bed).get("/recover/password").await.location(), "/recover");
    // Who has no codes, and staff, are sent nothing.
    let without = bed.citizen_with_password(43).await;
    let (staff, _) = bed.recoverable(44, &inbox).await;
    transact!(bed.sso.db, tx => set_staff(tx, staff.id, true).await).expect("set");
    let texts = |account: &Account| inbox.texts(&account.person.mobile).len();
    bed.sso.deliver_due(&inbox).await.expect("delivered");
    let before = (texts(&without), texts(&staff));
    for n in [43, 44, 4_999] {
        ask(&mut Browser::new(bed), n).await;
    }
    bed.sso.deliver_due(&inbox).await.expect("delivered");
    assert_eq!((texts(&without), texts(&staff)), before);
}

async fn a_passkey_and_a_new_password(bed: &Bed) {
    let account = bed.citizen_with_password(45).await;
    let mut key = Authenticator::new(1);
    bed.give_passkey(&account, &mut key).await;
    let mut browser = Browser::new(bed);
    let door = "?next=%2Frecover%2Fpassword";
    assert_eq!(browser.passkey(&mut key, door).await.location(), "/recover/password");
    let page = browser.get("/recover/password").await;
    bed.clock.pass_ms(600_000);
    let late = browser.fill(&page, "/recover/password", &[("password", NEW), ("again", NEW)]).await;
    assert_eq!(late.location(), "/recover", "the proof is old");
    assert_eq!(browser.passkey(&mut key, door).await.location(), "/recover/password");
    let page = browser.get("/recover/password").await;
    let done = browser.fill(&page, "/recover/password", &[("password", NEW), ("again", NEW)]).await;
    assert_eq!(done.location(), "/recover/done", "{}", done.text);
    assert!(browser.known(bed).await.is_none());
}

async fn weak_passwords_are_told_why(bed: &Bed) {
    let account = bed.citizen_with_password(46).await;
    let mut key = Authenticator::new(2);
    bed.give_passkey(&account, &mut key).await;
    let mut browser = Browser::new(bed);
    browser.passkey(&mut key, "?next=%2Frecover%2Fpassword").await;
    let page = browser.get("/recover/password").await;
    assert!(page.says("8 أحرف على الأقل"), "beside a passkey eight will do: {}", page.text);
    let own = national_id(46);
    for (password, again, says) in [
        ("Kx9!vT7", "Kx9!vT7", "أقصر من 8 أحرف"),
        (&*"ط".repeat(129), "", "أطول من 128 حرفًا"),
        ("Password2026", "Password2026", "الشائعة"),
        ("abababababab", "abababababab", "متتالية أو مكررة"),
        (&*format!("Najjar {own}"), "", "معلومات يعرفها غيرك"),
        (NEW, "seven green doors by the hill", "غير متطابقتين"),
    ] {
        let answer =
            browser.fill(&page, "/recover/password", &[("password", password), ("again", again)]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{password}");
        assert!(answer.says(says), "{password}: {}", answer.text);
        assert!(!answer.text.contains(password), "what was typed is not shown");
    }
    let words: String = (1..40).map(|n| format!("{} green doors ", n * 37)).collect();
    let longest: String = words.chars().take(127).chain(['x']).collect();
    assert_eq!(longest.chars().count(), 128);
    let done = browser.fill(&page, "/recover/password", &[("password", &longest), ("again", &longest)]).await;
    assert_eq!(done.location(), "/recover/done");
}
