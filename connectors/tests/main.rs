//! The connectors against their twins, over real sockets on loopback.

mod card;
mod card_conformance;
mod golden;
mod not_sent;
mod pos;
mod support;
