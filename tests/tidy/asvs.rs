//! The table of the security standard, `docs/asvs.md`, against the standard's own numbers and against the
//! tests it names. Whether a test shows what its row wants is for those who review it.

use std::collections::{BTreeMap, BTreeSet};

use super::source::{File, has_word, nothing, tree};

const PATH: &str = "docs/asvs.md";

/// The sections of OWASP ASVS 5.0.0, each with the levels of its requirements in their order.
#[rustfmt::skip] // a table
const SECTIONS: &[(&str, &str)] = &[
    ("1.1", "22"), ("1.2", "1111122223"), ("1.3", "112222222223"), ("1.4", "222"), ("1.5", "123"),
    ("2.1", "122"), ("2.2", "112"), ("2.3", "12223"), ("2.4", "23"),
    ("3.1", "3"), ("3.2", "113"), ("3.3", "12223"), ("3.4", "11222233"), ("3.5", "11122333"), ("3.6", "3"),
    ("3.7", "22333"),
    ("4.1", "12233"), ("4.2", "23333"), ("4.3", "22"), ("4.4", "1222"),
    ("5.1", "2"), ("5.2", "112333"), ("5.3", "113"), ("5.4", "222"),
    ("6.1", "122"), ("6.2", "111111112222"), ("6.3", "11223333"), ("6.4", "112233"), ("6.5", "22222333"),
    ("6.6", "2223"), ("6.7", "33"), ("6.8", "2222"),
    ("7.1", "222"), ("7.2", "1111"), ("7.3", "22"), ("7.4", "11222"), ("7.5", "223"), ("7.6", "22"),
    ("8.1", "1233"), ("8.2", "1123"), ("8.3", "133"), ("8.4", "23"),
    ("9.1", "111"), ("9.2", "1222"),
    ("10.1", "22"), ("10.2", "223"), ("10.3", "22223"), ("10.4", "1111122222233333"), ("10.5", "22222"),
    ("10.6", "22"), ("10.7", "222"),
    ("11.1", "2233"), ("11.2", "22233"), ("11.3", "11233"), ("11.4", "1222"), ("11.5", "23"), ("11.6", "23"),
    ("11.7", "33"),
    ("12.1", "12233"), ("12.2", "11"), ("12.3", "22223"),
    ("13.1", "2333"), ("13.2", "222223"), ("13.3", "2233"), ("13.4", "1222233"),
    ("14.1", "22"), ("14.2", "12223333"), ("14.3", "122"),
    ("15.1", "12233"), ("15.2", "12233"), ("15.3", "1222222"), ("15.4", "3333"),
    ("16.1", "2"), ("16.2", "22222"), ("16.3", "2222"), ("16.4", "222"), ("16.5", "2223"),
    ("17.1", "23"), ("17.2", "22223333"), ("17.3", "22"),
];
/// WebRTC, which the table leaves out as a whole.
const LEFT_OUT: &str = "17.";
/// Of level 3, those that were chosen.
const CHOSEN: [&str; 10] =
    ["2.3.5", "5.2.4", "5.3.3", "6.3.7", "6.3.8", "6.4.6", "7.5.3", "10.3.5", "10.4.13", "10.4.14"];
const VERDICTS: [&str; 3] = ["met", "not applicable", "open"];

/// Every requirement of the standard with its level.
fn published() -> Vec<(String, char)> {
    let mut all = Vec::new();
    for (section, levels) in SECTIONS {
        all.extend((1..).zip(levels.chars()).map(|(at, level)| (format!("{section}.{at}"), level)));
    }
    all
}

/// Every requirement the table must have, with its level.
fn wanted() -> BTreeMap<String, char> {
    let is_wanted = |(number, level): &(String, char)| {
        (*level != '3' || CHOSEN.contains(&number.as_str())) && !number.starts_with(LEFT_OUT)
    };
    published().into_iter().filter(is_wanted).collect()
}

/// The cells of a line of a table; none of another line.
fn cells(line: &str) -> Vec<&str> {
    let inner = line.trim().strip_prefix('|').and_then(|line| line.strip_suffix('|'));
    inner.map(|inner| inner.split('|').map(str::trim).collect()).unwrap_or_default()
}

/// Three numbers with points between.
fn is_number(text: &str) -> bool {
    let parts: Vec<&str> = text.split('.').collect();
    parts.len() == 3 && parts.iter().all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
}

/// What a cell names between backquotes.
fn named(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

fn is_test(name: &str) -> bool {
    name.contains(".rs::")
}

/// A test is a function of the file, or a line of its `pages!`.
fn is_there(files: &[File], name: &str) -> bool {
    let (path, function) = name.split_once("::").unwrap_or((name, ""));
    let Some(file) = files.iter().find(|file| file.path == path) else { return false };
    let is_function = |code: &str| has_word(code, &format!("fn {function}"));
    let is_page = |code: &str| code.trim().strip_prefix(function).is_some_and(|rest| rest.starts_with(": "));
    let has_pages = file.text.contains("pages! {");
    function.is_empty() || file.code().any(|(_, code)| is_function(code) || has_pages && is_page(code))
}

/// What is wrong with one row, but for its number.
fn wrong_row(files: &[File], verdict: &str, why: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    if !VERDICTS.contains(&verdict) {
        wrong.push(format!("\"{verdict}\" is no verdict: {}", VERDICTS.join(", ")));
    }
    if why.is_empty() {
        wrong.push("say what shows it, or why".to_owned());
    }
    if verdict == "met" && !named(why).any(is_test) {
        wrong.push("what is met is shown by a test: name it as `file.rs::function`".to_owned());
    }
    let is_file = |name: &&str| [".rs", ".toml", ".md"].iter().any(|ending| name.ends_with(ending));
    for name in named(why).filter(|name| is_test(name) || is_file(name)) {
        if !is_there(files, name) {
            wrong.push(format!("there is no {name}"));
        }
    }
    wrong
}

fn broken_table(files: &[File]) -> Vec<String> {
    let Some(table) = files.iter().find(|file| file.path == PATH) else {
        return vec![format!("{PATH}:1: is not there")];
    };
    let wanted = wanted();
    let (mut found, mut seen) = (Vec::new(), BTreeSet::new());
    let mut counted: BTreeMap<String, [usize; 4]> = BTreeMap::new();
    let mut said: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (line, text) in (1..).zip(table.text.lines()) {
        let cells = cells(text);
        let first = cells.first().copied().unwrap_or_default();
        if VERDICTS.contains(&first) {
            said.insert(first.to_owned(), cells.iter().skip(1).map(|cell| (*cell).to_owned()).collect());
        }
        if !is_number(first) {
            continue;
        }
        let [number, level, _, verdict, why] = *cells.as_slice() else {
            found.push(table.at(line, "a row has five cells"));
            continue;
        };
        if !seen.insert(number.to_owned()) {
            found.push(table.at(line, &format!("{number} stands here twice")));
        }
        match wanted.get(number) {
            None => found.push(table.at(line, &format!("{number} is not of the table"))),
            Some(right) if right.to_string() != level => {
                found.push(table.at(line, &format!("{number} is of level {right}")));
            }
            Some(right) => {
                let counts = counted.entry(verdict.to_owned()).or_default();
                counts[usize::from(*right as u8 - b'1')] += 1;
                counts[3] += 1;
            }
        }
        found.extend(wrong_row(files, verdict, why).iter().map(|wrong| table.at(line, wrong)));
    }
    for number in wanted.keys().filter(|number| !seen.contains(*number)) {
        found.push(table.at(1, &format!("{number} is missing")));
    }
    for verdict in VERDICTS {
        let counts = counted.get(verdict).copied().unwrap_or_default().map(|count| count.to_string());
        if said.get(verdict).is_none_or(|said| *said != counts) {
            found.push(table.at(1, &format!("the rows that are {verdict}: {}", counts.join(", "))));
        }
    }
    found
}

/// A table where every row is met by one test, with its counts.
fn good_table() -> String {
    let row = |(number, level): (String, char)| {
        format!("| {number} | {level} | words | met | `tests/a.rs::it_is_seen`, `Cargo.toml` |\n")
    };
    let rows: String = wanted().into_iter().map(row).collect();
    format!(
        "| met | 70 | 176 | 10 | 256 |\n| not applicable | 0 | 0 | 0 | 0 |\n| open | 0 | 0 | 0 | 0 |\n\n{rows}"
    )
}

#[test]
fn the_standard_has_the_published_numbers() {
    let of = |level: char| published().iter().filter(|(_, of)| *of == level).count();
    assert_eq!(['1', '2', '3'].map(of), [70, 183, 92], "ASVS 5.0.0");
    let is_left_out = |(number, level): &&(String, char)| number.starts_with(LEFT_OUT) && *level == '2';
    assert_eq!(published().iter().filter(is_left_out).count(), 7);
    assert_eq!(wanted().len(), 70 + 183 - 7 + CHOSEN.len());
    assert!(CHOSEN.iter().all(|number| wanted().get(*number) == Some(&'3')), "chosen from level 3");
}

#[test]
fn the_table_of_the_standard_names_tests_that_are_there() {
    let good = good_table();
    let with = |table: &str| {
        let pages = "//! x\npages! {\n    consent: sso::Page,\n}";
        let tests = "//! x\n#[test]\nfn it_is_seen() {}\n// fn it_was_seen() {}";
        broken_table(&[
            File::new(PATH, table),
            File::new("Cargo.toml", ""),
            File::new("tests/a.rs", tests),
            File::new("tests/pages.rs", pages),
        ])
    };
    assert_eq!(with(&good), Vec::<String>::new());
    let of_a_page = good.replacen("tests/a.rs::it_is_seen", "tests/pages.rs::consent", 1);
    assert_eq!(with(&of_a_page), Vec::<String>::new());
    for (from, to, expected) in [
        ("| 6.2.1 | 1 | words | met | `tests/a.rs::it_is_seen`, `Cargo.toml` |\n", "", "6.2.1 is missing"),
        ("| 6.2.1 | 1 |", "| 6.2.2 | 1 |", "6.2.2 stands here twice"),
        ("| 6.2.1 | 1 |", "| 6.2.13 | 1 |", "6.2.13 is not of the table"),
        ("| 6.2.1 | 1 |", "| 6.3.5 | 3 |", "6.3.5 is not of the table"),
        ("| 6.2.1 | 1 |", "| 17.1.1 | 2 |", "17.1.1 is not of the table"),
        ("| 6.2.1 | 1 |", "| 6.2.1 | 2 |", "6.2.1 is of level 1"),
        ("| 6.2.1 | 1 | words |", "| 6.2.1 | 1 |", "five cells"),
        ("| words | met |", "| words | done |", "\"done\" is no verdict"),
        ("| met | `tests/a.rs::it_is_seen`, `Cargo.toml` |", "| met | it is so |", "shown by a test"),
        ("| met | `tests/a.rs::it_is_seen`, `Cargo.toml` |", "| not applicable | |", "or why"),
        (
            "| met | `tests/a.rs::it_is_seen`, `Cargo.toml` |",
            "| open | later |",
            "the rows that are open: 0, 1, 0, 1",
        ),
        ("::it_is_seen", "::it_was_seen", "there is no tests/a.rs::it_was_seen"),
        ("::it_is_seen", "::it_is", "there is no tests/a.rs::it_is"),
        ("tests/a.rs::", "tests/b.rs::", "there is no tests/b.rs::it_is_seen"),
        ("`Cargo.toml`", "`cargo.toml`", "there is no cargo.toml"),
        ("| met | 70 |", "| met | 71 |", "the rows that are met: 70, 176, 10, 256"),
    ] {
        let broken = good.replacen(from, to, 1);
        assert_ne!(broken, good, "{from} is not in the table");
        let found = with(&broken);
        assert!(found.iter().any(|why| why.contains(expected)), "{to}: {found:?}");
    }
    assert_eq!(broken_table(&[]), [format!("{PATH}:1: is not there")]);
    nothing(broken_table(&tree()));
}
