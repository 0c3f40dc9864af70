//! The settings of a port for terminals.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    connectors::fuzz::pos_settings(bytes);
});
