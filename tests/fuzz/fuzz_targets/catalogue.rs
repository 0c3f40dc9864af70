//! A file of departments and services.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    switchd::fuzz::catalogue(bytes);
});
