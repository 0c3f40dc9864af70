//! An amount in any currency.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    switchd::fuzz::money(bytes);
});
