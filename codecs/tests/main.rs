//! What the codecs promise, told with the vectors under `golden/`: made by other implementations, or published.

mod allocations;
mod arbitrary;
mod framing;
mod fuzz;
mod iso20022_answers;
mod iso20022_bulk;
mod iso20022_instances;
mod iso20022_messages;
mod iso20022_samples;
mod iso20022_table;
mod iso20022_understood;
mod iso20022_xml;
mod iso20022_xmllint;
mod macs;
mod malformed;
mod masking;
mod profiles;
mod support;
mod tlv;
mod vectors;
