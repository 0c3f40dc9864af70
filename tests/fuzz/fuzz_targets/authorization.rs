//! The headers that say who calls, in which language and trace.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    switchd::fuzz::authorization(bytes);
});
