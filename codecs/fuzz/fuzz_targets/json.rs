//! A message as JSON.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    codecs_fuzz::json(bytes);
});
