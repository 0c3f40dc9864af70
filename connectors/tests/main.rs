//! The connectors against their twins, over real sockets on loopback.

mod card;
mod card_conformance;
mod pos;
mod support;
