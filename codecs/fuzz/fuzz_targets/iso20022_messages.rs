//! Messages of ISO 20022 as structs.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    codecs_fuzz::iso20022_messages(bytes);
});
