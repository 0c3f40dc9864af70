//! The SQL of identity: one text for both engines, one file a noun, on the primitives of `switch-store`.

pub mod account;
pub mod activity;
pub mod ceremony;
pub mod client;
pub mod message;
pub mod one_time;
pub mod passkey;
pub mod password;
pub mod role;
pub mod session;
pub mod signing_key;
pub mod throttle;

use switch_store::schema::Step;
use switch_store::statements::Statement;

/// The steps of the schema, after the switch's own.
pub const STEPS: &[Step] = &[
    Step { version: 101, description: "sso accounts", sql: include_str!("../migrations/0101_accounts.sql") },
    Step { version: 102, description: "sso clients", sql: include_str!("../migrations/0102_clients.sql") },
    Step { version: 103, description: "sso grants", sql: include_str!("../migrations/0103_grants.sql") },
    Step {
        version: 104,
        description: "sso credentials",
        sql: include_str!("../migrations/0104_credentials.sql"),
    },
];

/// Every statement of the package, for the test that prepares them all.
pub fn statements() -> impl Iterator<Item = &'static Statement> {
    [
        account::STATEMENTS,
        activity::STATEMENTS,
        ceremony::STATEMENTS,
        client::STATEMENTS,
        message::STATEMENTS,
        one_time::STATEMENTS,
        passkey::STATEMENTS,
        password::STATEMENTS,
        role::STATEMENTS,
        session::STATEMENTS,
        signing_key::STATEMENTS,
        throttle::STATEMENTS,
    ]
    .into_iter()
    .flatten()
}
