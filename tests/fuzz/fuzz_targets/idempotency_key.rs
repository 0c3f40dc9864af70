//! The Idempotency-Key header.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    switchd::fuzz::idempotency_key(bytes);
});
