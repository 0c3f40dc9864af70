//! Statements of SWIFT.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    codecs_fuzz::mt940(bytes);
});
