//! The address of a subscriber.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    switchd::fuzz::webhook_address(bytes);
});
