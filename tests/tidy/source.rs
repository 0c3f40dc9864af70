//! The files of the repository as the rules see them, and the harness that holds a rule to them.

use std::path::Path;

/// A rule finds each planted violation, alone, at its line; nothing in the innocent files, taken
/// together; and nothing in the repository.
pub(super) fn check(
    rule: fn(&[File]) -> Vec<String>,
    planted: &[(&str, &str, usize)],
    innocent: &[(&str, &str)],
) {
    for (path, text, line) in planted {
        let found = rule(&[File::new(path, text)]);
        let place = format!("{path}:{line}: ");
        assert!(
            found.iter().any(|s| s.starts_with(&place)),
            "not found at {place}{text}\nfound only: {found:?}"
        );
    }
    let innocent: Vec<File> = innocent.iter().map(|(path, text)| File::new(path, text)).collect();
    assert_eq!(rule(&innocent), Vec::<String>::new(), "innocent files accused");
    nothing(rule(&tree()));
}

pub(super) fn nothing(found: Vec<String>) {
    assert!(found.is_empty(), "{} against the house rules:\n{}", found.len(), found.join("\n"));
}

/// Every Rust, TOML and Markdown file of the repository, hidden and built ones left out.
pub(super) fn tree() -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder).unwrap_or_else(|why| panic!("{}: {why}", folder.display()));
        for path in entries.map(|entry| entry.expect("a readable folder entry").path()) {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() && !name.starts_with('.') && !name.starts_with("target") {
                folders.push(path);
            } else if [".rs", ".toml", ".md"].iter().any(|ending| name.ends_with(ending)) {
                let text =
                    std::fs::read_to_string(&path).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
                let short = path.strip_prefix(root).expect("it was found under the root");
                files.push(File::new(&short.to_string_lossy(), &text));
            }
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(files.len() > 20, "the repository has more than {} files", files.len());
    files
}

/// A file, taken apart when it is Rust.
pub(super) struct File {
    /// From the root of the repository.
    pub(super) path: String,
    pub(super) text: String,
    /// Without comments, and with empty string literals; line for line as `text`.
    code: String,
    /// The comments alone; line for line as `text`.
    comments: String,
    /// String literals with the line where each begins.
    literals: Vec<(usize, String)>,
    /// Where `#[cfg(test)] mod tests {` begins: the rest of the file does not ship.
    tests_at: usize,
}

impl File {
    pub(super) fn new(path: &str, text: &str) -> Self {
        let mut file = Self {
            path: path.to_owned(),
            text: text.to_owned(),
            code: String::new(),
            comments: String::new(),
            literals: Vec::new(),
            tests_at: usize::MAX,
        };
        if file.is_rust() {
            file.take_apart();
            let lines: Vec<&str> = file.code.lines().map(str::trim).collect();
            let is_test_module = |pair: &[&str]| {
                pair[0] == "#[cfg(test)]" && pair[1].starts_with("mod ") && pair[1].ends_with('{')
            };
            file.tests_at = lines.windows(2).position(is_test_module).map_or(usize::MAX, |at| at + 1);
        }
        file
    }

    pub(super) fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    pub(super) fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// Part of a binary or library, not of a test or a bench.
    pub(super) fn is_shipped(&self) -> bool {
        let mut parts = self.path.split('/');
        !parts.any(|part| matches!(part, "tests" | "benches" | "tests.rs"))
    }

    pub(super) fn at(&self, line: usize, sentence: &str) -> String {
        format!("{}:{line}: {sentence}", self.path)
    }

    pub(super) fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        (1..).zip(self.code.lines())
    }

    pub(super) fn comments(&self) -> impl Iterator<Item = (usize, &str)> {
        (1..).zip(self.comments.lines())
    }

    pub(super) fn shipped_code(&self) -> impl Iterator<Item = (usize, &str)> {
        self.code().filter(|(line, _)| *line < self.tests_at)
    }

    pub(super) fn shipped_literals(&self) -> impl Iterator<Item = (usize, &str)> {
        self.literals
            .iter()
            .filter(|(line, _)| *line < self.tests_at)
            .map(|(line, text)| (*line, text.as_str()))
    }

    /// Just enough of Rust's lexical structure to tell code, comments and strings apart.
    fn take_apart(&mut self) {
        let text = self.text.clone();
        let mut rest = text.as_str();
        while let Some(c) = rest.chars().next() {
            let used = if rest.starts_with("//") {
                self.comment(&rest[..rest.find('\n').unwrap_or(rest.len())])
            } else if rest.starts_with("/*") {
                self.comment(&rest[..block_comment(rest)])
            } else if c == '"' {
                let end = 1 + plain_string(&rest[1..]);
                self.literal(&rest[1..end], true);
                end + 1
            } else if c == '\'' {
                let end = char_literal(rest);
                self.code.push_str(if end > 1 { "' '" } else { "'" });
                end
            } else if is_word(c) {
                let word = &rest[..rest.find(|c| !is_word(c)).unwrap_or(rest.len())];
                let after = &rest[word.len()..];
                let hashes = after.len() - after.trim_start_matches('#').len();
                if matches!(word, "r" | "br" | "cr") && after[hashes..].starts_with('"') {
                    let inside = &after[hashes + 1..];
                    let end = inside.find(&format!("\"{}", "#".repeat(hashes))).unwrap_or(inside.len());
                    self.literal(&inside[..end], false);
                    word.len() + hashes + 1 + end + 1 + hashes
                } else {
                    self.code.push_str(word);
                    word.len()
                }
            } else {
                self.code.push(c);
                if c == '\n' {
                    self.comments.push(c);
                }
                c.len_utf8()
            };
            rest = rest.get(used..).unwrap_or("");
        }
    }

    fn comment(&mut self, text: &str) -> usize {
        self.comments.push_str(text);
        self.code.extend(text.chars().filter(|c| *c == '\n'));
        text.len()
    }

    fn literal(&mut self, text: &str, has_escapes: bool) {
        let mut value = String::new();
        let mut chars = text.chars();
        while let Some(c) = chars.next() {
            // What an escape stands for never matters here, only that it ends a word.
            value.push(if has_escapes && c == '\\' { chars.next().map_or(' ', |_| ' ') } else { c });
        }
        self.literals.push((1 + self.code.matches('\n').count(), value));
        let newlines = || text.chars().filter(|c| *c == '\n');
        self.code.push_str("\"\"");
        self.code.extend(newlines());
        self.comments.extend(newlines());
    }
}

/// Length of the block comment, which may nest, at the start of `text`.
fn block_comment(text: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < text.len() {
        let step = match &text.as_bytes()[at..] {
            [b'/', b'*', ..] => (1, 2),
            [b'*', b'/', ..] => (-1, 2),
            _ => (0, 1),
        };
        depth += step.0;
        at += step.1;
        if depth == 0 {
            break;
        }
    }
    at
}

/// Length of the inside of a string literal that may have escapes.
fn plain_string(inside: &str) -> usize {
    let mut chars = inside.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return at,
            '\\' => drop(chars.next()),
            _ => {}
        }
    }
    inside.len()
}

/// Length of the character literal at the start of `text`, or 1 for the quote of a lifetime.
fn char_literal(text: &str) -> usize {
    let mut chars = text.char_indices().skip(1);
    match (chars.next(), chars.next(), chars.next()) {
        (Some((_, '\\')), Some((escaped, _)), _) => {
            text[escaped + 1..].find('\'').map_or(1, |close| escaped + 1 + close + 1)
        }
        (_, Some((close, '\'')), _) => close + 1,
        _ => 1,
    }
}

pub(super) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// `part` occurs in `text`, not as a piece of a longer word.
pub(super) fn has_word(text: &str, part: &str) -> bool {
    text.match_indices(part).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + part.len()..].chars().next();
        let goes_on_before = before.is_some_and(is_word) && part.starts_with(is_word);
        let goes_on_after = after.is_some_and(is_word) && part.ends_with(is_word);
        !goes_on_before && !goes_on_after
    })
}

#[test]
#[rustfmt::skip] // a table
fn code_comments_and_strings_are_told_apart() {
    let table = [
        // source                                 code                     comments      literals
        ("a /* b /* c */ d */ e",                 "a  e",                  "/* b /* c */ d */", vec![]),
        ("f(\"a \\\" // b\"); // c",              "f(\"\"); ",             "// c",       vec!["a   // b"]),
        ("f(r#\"a \" b\"#, br\"c\\\")",           "f(\"\", \"\")",         "",           vec!["a \" b", "c\\"]),
        ("x('\"', '\\'', '\\u{22}', 'ض') /// y",  "x(' ', ' ', ' ', ' ') ", "/// y",     vec![]),
        ("fn f<'a>(x: &'a str) -> r#type",        "fn f<'a>(x: &'a str) -> r#type", "",  vec![]),
        ("\"a\nb\" // c",                         "\"\"\n ",               "\n// c",     vec!["a\nb"]),
        ("\"never closed",                        "\"\"",                  "",           vec!["never closed"]),
    ];
    for (source, code, comments, literals) in table {
        let file = File::new("x.rs", source);
        let strings: Vec<&str> = file.shipped_literals().map(|(_, text)| text).collect();
        assert_eq!((&*file.code, &*file.comments, strings), (code, comments, literals), "{source}");
    }
}
