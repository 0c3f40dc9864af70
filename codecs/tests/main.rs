//! What the codecs promise, told with the vectors under `golden/`: made by other implementations, or published.

mod allocations;
mod arbitrary;
mod differential;
mod framing;
mod fuzz;
mod macs;
mod malformed;
mod masking;
mod profiles;
mod support;
mod tlv;
mod vectors;
mod writer;
