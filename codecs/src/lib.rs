//! Turns bytes into messages and back: ISO 8583 and framing.
