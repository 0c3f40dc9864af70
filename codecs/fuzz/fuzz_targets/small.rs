//! What people type: account, identity and phone numbers, amounts.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    codecs_fuzz::small(bytes);
});
