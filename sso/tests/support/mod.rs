//! What the stories stand on: a database, a clock that is set, a seed, a browser.

pub(crate) mod authenticator;
pub(crate) mod bed;
pub(crate) mod browser;
pub(crate) mod doorway;
pub(crate) mod inbox;
pub(crate) mod party;
pub(crate) mod people;
