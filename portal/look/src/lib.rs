//! How every page looks and speaks: templates, styles, scripts, words, and the headers it leaves with.
//!
//! A page is one struct with a field `frame`, one askama template that extends `layout.html`, and its
//! samples. It is answered with [`answer`] and held by [`golden::check_pages`]. A crate with pages has:
//!
//! - `askama.toml` beside its `Cargo.toml`, `[general]` with `dirs = ["templates", "../portal/look/templates"]`:
//!   askama resolves both from the folder of that `Cargo.toml`;
//! - `locales/ar/*.ftl` and `locales/en/*.ftl`, loaded by [`fluent_templates::static_loader!`], which
//!   reads them from the same folder;
//! - one test a page that calls `golden::check_pages`, and one that calls `golden::check_words`.
//!
//! It knows no visitor, no session and no business: what a page shows comes in as values.

pub mod assets;
pub mod components;
pub mod digits;
mod fault;
mod form;
mod frame;
pub mod golden;
pub mod headers;
mod language;
mod markup;
mod page;
mod shapes;
#[cfg(test)]
mod style;
mod words;

pub use digits::Digits;
pub use fault::{Fault, FaultPage};
pub use form::{Form, Refusal};
pub use frame::{Frame, Links, Place, Visitor};
pub use headers::headers;
pub use language::Language;
pub use page::{Page, answer};
pub use words::{Value, Words};

/// What crates with pages load their words with, and the type it makes.
pub use fluent_templates::{self, StaticLoader};
