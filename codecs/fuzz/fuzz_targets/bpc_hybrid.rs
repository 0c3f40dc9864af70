//! A message in the dialect bpc-hybrid.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    codecs_fuzz::message("bpc-hybrid", bytes);
});
