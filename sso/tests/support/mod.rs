//! What the stories stand on: a database, a clock that is set, a seed, a browser, a desk.

pub(crate) mod bed;
pub(crate) mod browser;
pub(crate) mod desk;
pub(crate) mod party;
pub(crate) mod people;
pub(crate) mod relying;
pub(crate) mod tokens;
pub(crate) mod post;
