//! The body of a card for one payment.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    switchd::fuzz::card_body(bytes);
});
