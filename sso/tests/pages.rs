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
