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
    consent: sso::oidc::consent::ConsentPage,
    refused_request: sso::oidc::authorize::RefusedPage,
    sign_out: sso::oidc::logout::SignOutPage,
    admin_home: sso::admin::home::Home,
    admin_accounts: sso::admin::accounts::Accounts,
    admin_account: sso::admin::account::OneAccount,
    admin_staff: sso::admin::staff::Staff,
    admin_clients: sso::admin::clients::Clients,
    admin_client: sso::admin::client::OneClient,
    admin_client_form: sso::admin::client_form::ClientForm,
    admin_offices: sso::admin::offices::Offices,
    admin_office: sso::admin::office::OneOffice,
    admin_changes: sso::admin::changes::Changes,
    admin_change: sso::admin::change::OneChange,
    admin_audit: sso::admin::audit::Audit,
}

#[test]
fn both_languages_have_the_same_words() {
    look::golden::check_words(FOLDER);
}
