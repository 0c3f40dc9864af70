//! The published codec the benches measure ours against: iso8583_rs.

use std::hint::black_box;

use iso8583_rs::iso8583::iso_spec::{self, Spec};

use crate::purchase::FIELDS;

/// iso8583_rs reads its field table, once a process, from the file this variable names.
pub(crate) const SPEC_VARIABLE: &str = "SPEC_FILE";
pub(crate) const SPEC_FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/iso8583/iso8583_rs.yaml");

pub(crate) struct Peer(&'static Spec);

impl Peer {
    /// Needs [`SPEC_VARIABLE`] in the environment.
    pub(crate) fn new() -> Self {
        Peer(iso_spec::spec(""))
    }

    pub(crate) fn decode(&self, wire: &mut Vec<u8>) {
        black_box(self.0.parse(black_box(wire)).unwrap_or_else(|_| panic!("a message of this bench")));
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        let known = "in the field table";
        let segment = self.0.get_message_from_header("0200").unwrap_or_else(|_| panic!("{known}"));
        let mut message = iso_spec::new_msg(self.0, segment);
        message.set("message_type", "0200").unwrap_or_else(|_| panic!("{known}"));
        for (n, value) in black_box(&FIELDS) {
            message.set_on((*n).into(), value).unwrap_or_else(|_| panic!("{known}"));
        }
        *out = message.assemble().unwrap_or_else(|_| panic!("a complete message"));
    }
}
