//! A number people see.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    switchd::fuzz::public_id(bytes);
});
