//! Free text and identifications.

use super::super::error::Fault;
use super::fault;

/// Control characters of the bidirectional algorithm make a name read otherwise than it is written: marks, embeddings,
/// overrides and isolates (Unicode Standard Annex 9). Arabic text needs none of them.
pub(super) fn check_direction(text: &str) -> Result<(), Fault> {
    let is_control = |c| matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if !text.is_ascii() && text.contains(is_control) {
        return Err(fault("a control character of bidirectional text"));
    }
    Ok(())
}

/// What a transaction is found by again. Blanks around it would make two of one.
pub(super) fn check_identification(name: &str, text: &str) -> Result<(), Fault> {
    let is_one = matches!(name, "MsgId" | "PmtInfId" | "InstrId" | "EndToEndId" | "TxId" | "RtrId");
    if is_one && text.trim() != text {
        return Err(fault("an identification that begins or ends with white space, or is nothing else"));
    }
    Ok(())
}
