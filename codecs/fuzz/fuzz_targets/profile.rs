//! A dialect as an operator writes it.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    codecs_fuzz::profile(bytes);
});
