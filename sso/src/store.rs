//! The SQL of identity: one text for both engines, one file a noun, on the primitives of `switch-store`.

pub mod account;
pub mod activation;
pub mod activity;
pub mod application;
pub mod ceremony;
pub mod change;
pub mod client;
pub mod code;
pub mod consent;
pub mod desk_act;
pub mod device_grant;
pub mod family;
pub mod logout_notice;
pub mod look_up;
pub mod message;
pub mod office;
pub mod one_time;
pub mod passkey;
pub mod password;
pub mod proposal;
pub mod pushed_request;
pub mod reproof;
pub mod role;
pub mod session;
pub mod signing_key;
pub mod throttle;
pub mod together;
pub mod used;

use switch_store::schema::Step;
use switch_store::statements::Statement;

/// A step of the schema: its number, what it makes, its file.
macro_rules! step {
    ($version:literal, $makes:literal, $file:literal) => {
        Step {
            version: $version,
            description: concat!("sso ", $makes),
            sql: include_str!(concat!("../migrations/", $file)),
        }
    };
}

/// The steps of the schema, after the switch's own, in order.
pub const STEPS: &[Step] = &[
    step!(101, "accounts", "0101_accounts.sql"),
    step!(102, "clients", "0102_clients.sql"),
    step!(103, "grants", "0103_grants.sql"),
    step!(104, "credentials", "0104_credentials.sql"),
    step!(105, "registration", "0105_registration.sql"),
    step!(106, "authorization", "0106_authorization.sql"),
    step!(107, "tokens", "0107_tokens.sql"),
    step!(108, "administration", "0108_administration.sql"),
];

/// Every statement of the package, for the test that prepares them all.
pub fn statements() -> impl Iterator<Item = &'static Statement> {
    [
        account::STATEMENTS,
        activation::STATEMENTS,
        application::STATEMENTS,
        activity::STATEMENTS,
        ceremony::STATEMENTS,
        change::STATEMENTS,
        client::STATEMENTS,
        desk_act::STATEMENTS,
        look_up::STATEMENTS,
        code::STATEMENTS,
        consent::STATEMENTS,
        logout_notice::STATEMENTS,
        device_grant::STATEMENTS,
        family::STATEMENTS,
        message::STATEMENTS,
        office::STATEMENTS,
        pushed_request::STATEMENTS,
        proposal::STATEMENTS,
        reproof::STATEMENTS,
        one_time::STATEMENTS,
        passkey::STATEMENTS,
        password::STATEMENTS,
        role::STATEMENTS,
        session::STATEMENTS,
        signing_key::STATEMENTS,
        throttle::STATEMENTS,
        used::STATEMENTS,
    ]
    .into_iter()
    .flatten()
}
