//! Account reports of ISO 20022.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    codecs_fuzz::camt(bytes);
});
