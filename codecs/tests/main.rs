//! What the codecs promise, told with the vectors under `golden/`: made by other implementations, or published.

mod allocations;
mod arbitrary;
mod framing;
mod fuzz;
mod iban;
mod iso20022_instances;
mod iso20022_samples;
mod iso20022_table;
mod iso20022_xml;
mod iso20022_xmllint;
mod iso2003;
mod json;
mod key_change;
mod keys;
mod macs;
mod malformed;
mod masking;
mod national_id;
mod phone;
mod profiles;
mod settlement;
mod subfields;
mod support;
mod tlv;
mod vault;
mod vectors;
