//! Packed digits, EBCDIC, hexadecimal text.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    codecs_fuzz::packed(bytes);
});
