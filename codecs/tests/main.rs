//! What the codecs promise, told with the vectors under `golden/`: made by other implementations, or published.

mod allocations;
mod arbitrary;
mod currency;
mod emv_qr;
mod framing;
mod fuzz;
mod iban;
mod key_change;
mod keys;
mod macs;
mod malformed;
mod masking;
mod national_id;
mod phone;
mod profiles;
mod support;
mod tlv;
mod vault;
mod vectors;
