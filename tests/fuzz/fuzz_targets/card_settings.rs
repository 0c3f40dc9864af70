//! The settings of a card host.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    connectors::fuzz::card_settings(bytes);
});
