//! The book of the sandbox, line by line.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    connectors::fuzz::sandbox_book(bytes);
});
