//! The rules of the core, held from outside: golden tables that are read by
//! people, vectors made elsewhere, and properties over thousands of cases.

mod bill;
mod evidence;
mod golden;
mod ids;
mod ledger;
mod limits;
mod money;
mod payment;
mod person;
mod property;
mod routing;
mod time;
mod transitions;
mod words;
