//! What the codecs promise, told with the vectors under `golden/`: made by other implementations, or published.

mod acquirer;
mod allocations;
mod arbitrary;
mod framing;
mod fuzz;
mod ipm;
mod iso2003;
mod json;
mod macs;
mod malformed;
mod masking;
mod profiles;
mod settlement;
mod statements;
mod subfields;
mod support;
mod tlv;
mod vectors;
