//! What can be wrong with bytes from a peer: one list for framing, messages and MACs.
//!
//! The names are a contract: they appear in answers, logs and metrics and are those of
//! `golden/iso8583/error-kinds.json`, plus [`ErrorKind::CharacterInvalid`], which that list does not know.

use std::fmt;

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $name:literal, $says:literal;)*) => {
        /// The kind of a fault. It never carries data of the message.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum ErrorKind {
            $($(#[$doc])* $kind,)*
        }

        impl ErrorKind {
            /// Every kind, in the order in which a message is read.
            pub const ALL: &'static [ErrorKind] = &[$(ErrorKind::$kind,)*];

            /// The name used in answers, logs and metrics, such as `FIELD_TRUNCATED`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(ErrorKind::$kind => $name,)* }
            }

            const fn says(self) -> &'static str {
                match self { $(ErrorKind::$kind => $says,)* }
            }
        }
    };
}

kinds! {
    /// No bytes at all.
    Empty = "EMPTY", "the message is empty";
    /// Fewer bytes than the message type needs.
    MtiTruncated = "MTI_TRUNCATED", "the message ends inside the message type";
    /// The message type has a character that is no decimal digit.
    MtiInvalid = "MTI_INVALID", "the message type is not four digits";
    /// The first digit of the message type belongs to another version than the profile's.
    MtiVersionUnsupported = "MTI_VERSION_UNSUPPORTED", "the message type is of another version of ISO 8583";
    /// The primary or secondary bitmap is cut.
    BitmapTruncated = "BITMAP_TRUNCATED", "the message ends inside a bitmap";
    /// A hexadecimal bitmap has another character.
    BitmapInvalid = "BITMAP_INVALID", "the bitmap is not hexadecimal";
    /// The length prefix of a variable field is cut.
    LengthTruncated = "LENGTH_TRUNCATED", "the message ends inside a length prefix";
    /// The length prefix is not decimal in the profile's encoding.
    LengthInvalid = "LENGTH_INVALID", "the length prefix is not a decimal number";
    /// The length is above the dictionary's maximum.
    LengthTooLong = "LENGTH_TOO_LONG", "the length is above the maximum";
    /// The body of a field is cut, or a fixed field was given too short a value.
    FieldTruncated = "FIELD_TRUNCATED", "the field is shorter than its length says";
    /// Bytes follow the last field.
    TrailingBytes = "TRAILING_BYTES", "bytes follow the last field";
    /// An `n` field holds something else than digits.
    NotNumeric = "NOT_NUMERIC", "a character is not a digit";
    /// A nibble above 9 in packed digits.
    BcdInvalid = "BCD_INVALID", "a packed digit is above 9";
    /// The pad nibble is not the profile's.
    PaddingInvalid = "PADDING_INVALID", "the pad nibble is not the agreed one";
    /// The sign of an `x+n` amount is neither C nor D.
    SignInvalid = "SIGN_INVALID", "the sign is neither C nor D";
    /// A binary field in hexadecimal text has another character, or an odd number of them.
    HexInvalid = "HEX_INVALID", "the field is not hexadecimal";
    /// A character outside the set of a text attribute (a control character, a letter beyond ASCII).
    CharacterInvalid = "CHARACTER_INVALID", "a character is outside the set of the field";
    /// The bitmap announces a field the profile does not carry (65: tertiary bitmap).
    FieldUnsupported = "FIELD_UNSUPPORTED", "the profile does not carry this field";
    /// A BER-TLV element inside field 55 runs past the end.
    TlvTruncated = "TLV_TRUNCATED", "a data object runs past the end of the field";
    /// The message authentication code is wrong or missing.
    MacMismatch = "MAC_MISMATCH", "the message authentication code does not match";
    /// A frame of length zero where heartbeats are not agreed.
    FrameLengthZero = "FRAME_LENGTH_ZERO", "the frame length is zero";
    /// The announced frame is longer than the configured maximum.
    FrameTooLarge = "FRAME_TOO_LARGE", "the frame is longer than the configured maximum";
    /// The peer closed before the announced bytes came.
    FrameShort = "FRAME_SHORT", "the connection ended inside a frame";
    /// The frame header is not in the agreed form.
    FrameHeaderInvalid = "FRAME_HEADER_INVALID", "the frame header is malformed";
}

impl ErrorKind {
    /// True for faults a lenient link may tolerate, because the message can still be read without guessing
    /// where a field begins or ends.
    #[must_use]
    pub const fn is_tolerable(self) -> bool {
        matches!(
            self,
            ErrorKind::NotNumeric
                | ErrorKind::BcdInvalid
                | ErrorKind::PaddingInvalid
                | ErrorKind::SignInvalid
                | ErrorKind::CharacterInvalid
        )
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.says())
    }
}
