//! The SQL of identity: one text for both engines, one file a noun, on the primitives of `switch-store`.

pub mod account;
pub mod activation;
pub mod application;
pub mod client;
pub mod desk_act;
pub mod office;
pub mod proposal;
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
        version: 105,
        description: "sso registration",
        sql: include_str!("../migrations/0105_registration.sql"),
    },
];

/// Every statement of the package, for the test that prepares them all.
pub fn statements() -> impl Iterator<Item = &'static Statement> {
    [
        account::STATEMENTS,
        activation::STATEMENTS,
        application::STATEMENTS,
        client::STATEMENTS,
        desk_act::STATEMENTS,
        office::STATEMENTS,
        proposal::STATEMENTS,
        role::STATEMENTS,
        session::STATEMENTS,
        signing_key::STATEMENTS,
        throttle::STATEMENTS,
    ]
    .into_iter()
    .flatten()
}
