//! The OpenID Provider: what relying parties speak to.

pub mod error;
pub mod granted;
pub mod keys;
pub mod subject;
