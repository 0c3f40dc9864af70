//! QR codes of merchants: what is read can be built and means the same, and one changed character is found.

use codecs::emv_qr::{MerchantQr, build, objects, parse};

/// Reads a payload. True when it is a merchant's.
pub fn emv_qr(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let read: Vec<_> = objects(&text).collect();
    assert!(read.iter().rev().skip(1).all(Result::is_ok), "the walk ends with the first error");
    let whole = read.iter().all(Result::is_ok);

    let Ok(payload) = parse(&text) else {
        assert!(MerchantQr::parse(&text).is_err(), "what is no payload is no merchant's");
        return false;
    };
    assert!(whole, "a payload has whole objects");
    if text.chars().count() <= codecs::emv_qr::LEN_MAX {
        let built = build(&payload).expect("what was read can be built");
        assert!(built.eq_ignore_ascii_case(&text), "only the case of the checksum may differ");
        assert_eq!(parse(&built).as_ref(), Ok(&payload));
    }
    match MerchantQr::parse(&text) {
        Ok(qr) => {
            let built = qr.build();
            if text.chars().count() <= codecs::emv_qr::LEN_MAX {
                // Numbers may come back shorter or with more decimals; nothing else changes its length.
                let Ok(built) = built else { return true };
                assert_eq!(MerchantQr::parse(&built).as_ref(), Ok(&qr), "built, it means something else");
            }
            true
        }
        Err(error) => {
            assert!(!error.to_string().is_empty());
            false
        }
    }
}
