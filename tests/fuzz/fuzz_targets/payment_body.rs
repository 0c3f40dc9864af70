//! The body of a payment.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    switchd::fuzz::payment_body(bytes);
});
