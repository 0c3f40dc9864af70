//! Files that are generated from the code and committed: the test compares, `UPDATE_EXPECT=1`
//! rewrites, and the difference is the review.

use std::path::Path;

/// Compares a committed file with what the code says now.
///
/// # Panics
/// With the first line that differs.
pub(crate) fn check(path: &str, expected: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&file, expected).expect("the golden file can be written");
        return;
    }
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    let difference = expected.lines().zip(committed.lines()).position(|(a, b)| a != b);
    assert!(
        committed == expected,
        "{path} differs from the code from line {} on; UPDATE_EXPECT=1 cargo test rewrites it",
        difference.unwrap_or(expected.lines().count().min(committed.lines().count())) + 1
    );
}
