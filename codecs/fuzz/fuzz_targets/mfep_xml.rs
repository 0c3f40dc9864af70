//! Bill payment messages, from XML on.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    codecs_fuzz::mfep(bytes);
});
