//! A message in the dialect iso03-abin.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    codecs_fuzz::message("iso03-abin", bytes);
});
