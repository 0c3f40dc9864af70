//! Mastercard's clearing files.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    codecs_fuzz::ipm(bytes);
});
