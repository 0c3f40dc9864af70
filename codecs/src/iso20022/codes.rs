//! The external code sets of ISO 20022, as data: a code that is not among them may still be used by agreement.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde::Deserialize;

#[derive(Deserialize)]
struct Published {
    sets: BTreeMap<String, BTreeSet<String>>,
}

static PUBLISHED: LazyLock<Published> = LazyLock::new(|| {
    serde_json::from_str(include_str!("external-codes.json"))
        .expect("the published codes are read by the tests")
});

/// True if the published set, such as `ExternalPurpose1Code`, has the code. False says no more than that: sets grow four
/// times a year, so an unknown code is passed on, never refused.
#[must_use]
pub fn known(set: &str, code: &str) -> bool {
    PUBLISHED.sets.get(set).is_some_and(|codes| codes.contains(code))
}

/// The names of the sets there are.
pub fn sets() -> impl Iterator<Item = &'static str> {
    PUBLISHED.sets.keys().map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_data() {
        #[rustfmt::skip]
        let table = [
            ("ExternalPurpose1Code", "GOVT", true), ("ExternalPurpose1Code", "TAXS", true),
            ("ExternalServiceLevel1Code", "INST", true), ("ExternalLocalInstrument1Code", "INST", true),
            ("ExternalPersonIdentification1Code", "NIDN", true), ("ExternalStatusReason1Code", "AC01", true),
            ("ExternalReturnReason1Code", "DUPL", true), ("ExternalPurpose1Code", "govt", false),
            ("ExternalPurpose1Code", "", false), ("NoSuchSet", "GOVT", false),
        ];
        for (set, code, is_known) in table {
            assert_eq!(known(set, code), is_known, "{set} {code}");
        }
        assert_eq!(sets().count(), 16);
    }
}
