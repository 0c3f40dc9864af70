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
    activate: sso::activation::pages::CodePage,
    activate_password: sso::activation::pages::PasswordPage,
    activate_sms: sso::activation::pages::SmsPage,
    desk: sso::desk::DeskPage,
    desk_end: sso::desk::RefusedPage,
    desk_file: sso::desk::FilePage,
    desk_find: sso::desk::FindPage,
    desk_hand_over: sso::desk::HandOverPage,
    desk_offices: sso::desk::OfficesPage,
    desk_report: sso::desk::ReportPage,
    register_about: sso::registration::pages::AboutPage,
    register_check: sso::registration::pages::CheckPage,
    register_contact: sso::registration::pages::ContactPage,
    register_slip: sso::registration::pages::SlipPage,
    register_status: sso::registration::pages::StatusPage,
    register_status_ask: sso::registration::pages::StatusAskPage,
    device: sso::oidc::device_page::DevicePage,
    trouble: sso::trouble::Trouble,
}

#[test]
fn both_languages_have_the_same_words() {
    look::golden::check_words(FOLDER);
}
