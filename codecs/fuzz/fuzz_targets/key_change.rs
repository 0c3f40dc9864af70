//! A layout of key change and a message read with it.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    codecs_fuzz::key_change(bytes);
});
