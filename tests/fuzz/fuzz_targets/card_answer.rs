//! What a card host answers.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    connectors::fuzz::card_answer(bytes);
});
