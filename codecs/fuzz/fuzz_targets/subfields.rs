//! A composite field.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    codecs_fuzz::subfields_of(bytes);
});
