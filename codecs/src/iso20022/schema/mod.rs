//! What the schemas of the messages say, held against elements as they pass.

mod lexical;
mod pattern;
mod simple;
mod table;
mod validator;

pub(super) use lexical::number;
pub(super) use simple::Simple;
pub(super) use table::table;
pub(super) use validator::Validator;
