//! The message both benches write and read: a purchase of 19 fields, 253 bytes in the dialect iso87-abin.

use std::hint::black_box;

use codecs::iso8583::{Draft, Mti, Profile};

pub(crate) const FIELDS: [(u8, &str); 19] = [
    (2, "4111111111111111"),
    (3, "000000"),
    (4, "000000005000"),
    (7, "1122103110"),
    (11, "000010"),
    (12, "123110"),
    (13, "1122"),
    (14, "2812"),
    (18, "9399"),
    (22, "051"),
    (25, "00"),
    (32, "275001"),
    (35, "4111111111111111=28122011234567890"),
    (37, "632612000010"),
    (41, "GOV00001"),
    (42, "HUKUMATI0000001"),
    (43, "HUKUMATI GOV SERVICES    RAMALLAH     PS"),
    (48, "BLR0040BILL000000000001234567SRV000000017"),
    (49, "376"),
];

pub(crate) fn request() -> Mti {
    Mti::from_digits([0, 2, 0, 0]).expect("four digits")
}

/// Appends the message through a draft.
pub(crate) fn draft(profile: &Profile, out: &mut Vec<u8>) {
    let mut draft = Draft::new(request());
    for (n, value) in black_box(&FIELDS) {
        draft.set(*n, *value);
    }
    draft.encode(profile, out).expect("the message of this bench");
}

/// Appends the message field by field.
pub(crate) fn write(profile: &Profile, out: &mut Vec<u8>) {
    let mut writer = profile.writer(request(), out);
    for (n, value) in black_box(&FIELDS) {
        writer.set(*n, value);
    }
    writer.finish().expect("the message of this bench");
}
