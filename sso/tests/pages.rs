//! Every page in both languages, against its drawing and the rules of pages.

use sso::words::WORDS;

const FOLDER: &str = env!("CARGO_MANIFEST_DIR");

/// One line a page; a page that is not here is not held by anything.
macro_rules! pages {
    ($($name:ident: $page:ty),+ $(,)?) => {$(
        #[test]
        fn $name() {
            look::golden::check_pages::<$page>(FOLDER, &WORDS);
        }
    )+};
}

pages! {
    recover: sso::recover::pages::Recover,
    recover_done: sso::recover::pages::Recovered,
    recover_password: sso::recover::pages::NewPassword,
    recover_proof: sso::recover::pages::Proof,
    sign_in: sso::sign_in::pages::SignIn,
    sign_in_code_first: sso::sign_in::pages::CodeFirst,
    sign_in_done: sso::sign_in::pages::Done,
    sign_in_factor: sso::sign_in::pages::Factor,
    sign_in_stop: sso::sign_in::pages::Stop,
    device: sso::oidc::device_page::DevicePage,
    trouble: sso::trouble::Trouble,
}

#[test]
fn both_languages_have_the_same_words() {
    look::golden::check_words(FOLDER);
}
