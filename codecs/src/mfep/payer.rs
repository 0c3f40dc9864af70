//! Personal data, shown masked: only whether something stands there, and of numbers the last two characters.

use std::fmt;

use super::model::{AdditionalInfo, PayerInfo};

/// A text of which nothing but its end may be seen, and that only where the rest still hides it.
pub(super) fn masked(text: &str) -> String {
    let len = text.chars().count();
    let shown = if len >= 6 { 2 } else { 0 };
    std::iter::repeat_n('*', len - shown).chain(text.chars().skip(len - shown)).collect()
}

struct Masked<'t>(&'t Option<Box<str>>);

impl fmt::Debug for Masked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            None => f.write_str("None"),
            Some(text) => f.write_str(&masked(text)),
        }
    }
}

/// Nothing of it, not even how long it is.
struct Hidden<'t>(&'t Option<Box<str>>);

impl fmt::Debug for Hidden<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "****" } else { "None" })
    }
}

impl fmt::Debug for PayerInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PayerInfo")
            .field("id_type", &self.id_type)
            .field("id", &Masked(&self.id))
            .field("nation", &self.nation)
            .field("name", &Hidden(&self.name))
            .field("phone", &Masked(&self.phone))
            .field("address", &Hidden(&self.address))
            .field("email", &Hidden(&self.email))
            .field("joebpps_no", &Masked(&self.joebpps_no))
            .finish()
    }
}

impl fmt::Debug for AdditionalInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AdditionalInfo")
            .field("cust_name", &Hidden(&self.cust_name))
            .field("free_text", &Hidden(&self.free_text))
            .field("email", &Hidden(&self.email))
            .field("phone", &Masked(&self.phone))
            .finish()
    }
}
