//! The body of a new bill.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    switchd::fuzz::bill_body(bytes);
});
