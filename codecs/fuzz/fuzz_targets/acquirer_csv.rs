//! Clearing files of acquirers.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    codecs_fuzz::acquirer_csv(bytes);
});
