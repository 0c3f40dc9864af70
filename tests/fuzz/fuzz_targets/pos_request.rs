//! What a terminal asks.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    connectors::fuzz::pos_request(bytes);
});
