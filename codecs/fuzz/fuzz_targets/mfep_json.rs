//! Bill payment messages, from JSON on.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    codecs_fuzz::mfep(bytes);
});
