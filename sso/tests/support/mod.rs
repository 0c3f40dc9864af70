//! What the stories stand on: a database, a clock that is set, a seed, a browser, a desk.

pub(crate) mod authenticator;
pub(crate) mod bed;
pub(crate) mod browser;
pub(crate) mod desk;
pub(crate) mod doorway;
pub(crate) mod inbox;
pub(crate) mod party;
pub(crate) mod people;
pub(crate) mod post;
pub(crate) mod relying;
pub(crate) mod tokens;
