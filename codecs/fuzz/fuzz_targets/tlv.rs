//! Data objects of a chip card.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    codecs_fuzz::tlv(bytes);
});
