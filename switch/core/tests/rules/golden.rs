//! Files that are reviewed by reading their diff.

use std::path::PathBuf;

/// Compares a text with a file of `tests/`; with `UPDATE_EXPECT=1` writes it instead.
pub(crate) fn expect(name: &str, actual: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests").join(name);
    if std::env::var_os("UPDATE_EXPECT").is_some_and(|value| value == "1") {
        std::fs::write(&path, actual).expect("the tests folder can be written");
        return;
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    let (mut is, mut was) = (actual.lines(), expected.lines());
    for number in 1.. {
        match (is.next(), was.next()) {
            (None, None) => break,
            (is, was) => assert_eq!(is, was, "{name}, line {number}; UPDATE_EXPECT=1 accepts the change"),
        }
    }
}

/// Rows as columns divided by ` | `, each as wide as its longest cell. An empty row is an empty line.
pub(crate) fn aligned<const N: usize>(rows: &[Option<[String; N]>]) -> String {
    let width = |column: usize| {
        rows.iter().flatten().map(|row| row[column].chars().count()).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..N).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let cells: Vec<String> =
            row.iter().flatten().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        text.push_str(cells.join(" | ").trim_end());
        text.push('\n');
    }
    text
}
