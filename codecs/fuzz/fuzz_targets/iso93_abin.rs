//! A message in the dialect iso93-abin.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    codecs_fuzz::message("iso93-abin", bytes);
});
