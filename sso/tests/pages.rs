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
    device: sso::oidc::device_page::DevicePage,
    trouble: sso::trouble::Trouble,
    consent: sso::oidc::consent::ConsentPage,
    refused_request: sso::oidc::authorize::RefusedPage,
    sign_out: sso::oidc::logout::SignOutPage,
}

#[test]
fn both_languages_have_the_same_words() {
    look::golden::check_words(FOLDER);
}
