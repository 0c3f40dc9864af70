//! A message as a connector writes it.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    codecs_fuzz::draft(bytes);
});
