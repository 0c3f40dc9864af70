//! The settings of the switch.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    switchd::fuzz::settings(bytes);
});
