//! A QR code of a merchant.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    codecs_fuzz::emv_qr(bytes);
});
