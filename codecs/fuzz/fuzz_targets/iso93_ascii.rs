//! A message in the dialect iso93-ascii.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    codecs_fuzz::message("iso93-ascii", bytes);
});
