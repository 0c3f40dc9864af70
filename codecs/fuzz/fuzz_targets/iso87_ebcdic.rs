//! A message in the dialect iso87-ebcdic.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    codecs_fuzz::message("iso87-ebcdic", bytes);
});
