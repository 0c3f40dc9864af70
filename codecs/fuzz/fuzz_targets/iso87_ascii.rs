//! A message in the dialect iso87-ascii.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    codecs_fuzz::message("iso87-ascii", bytes);
});
