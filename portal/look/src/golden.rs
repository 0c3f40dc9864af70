//! What tests of crates with pages call: every sample of a page in both languages, held against the
//! committed drawing and against the rules that every page obeys. It does not ship with any caller.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::markup::{Tag, tags, unbalanced};
use crate::{Frame, Language, Page, StaticLoader};

/// Draws every sample of a page in both languages, refuses what breaks a rule, and compares the drawing
/// with `golden/pages/<name>.<case>.<language>.html` in the folder of the crate, for which callers give
/// `env!("CARGO_MANIFEST_DIR")`. `UPDATE_EXPECT=1` rewrites the files; the difference is the review.
///
/// # Panics
/// With every rule that a drawing breaks, or the first line that differs.
pub fn check_pages<P: Page>(folder: &str, words: &'static StaticLoader) {
    let drawings = Path::new(folder).join("golden/pages");
    let mut drawn = BTreeSet::new();
    for language in Language::ALL {
        let samples = P::samples(Frame::sample(language, words));
        assert!(!samples.is_empty(), "{} has no samples", P::NAME);
        let mut cases = BTreeSet::new();
        for (case, page) in samples {
            assert!(cases.insert(case), "{} has two samples named {case}", P::NAME);
            let name = format!("{}.{case}.{language}", P::NAME);
            let html = page.render().unwrap_or_else(|why| panic!("{name}: {why}"));
            let broken = broken_rules(&html, language);
            assert!(broken.is_empty(), "{name} against the rules of pages:\n{}", broken.join("\n"));
            compare(&drawings.join(format!("{name}.html")), &tidied(&html));
            drawn.insert(format!("{name}.html"));
        }
    }
    let old = undrawn(&drawings, P::NAME, &drawn);
    assert!(old.is_empty(), "no sample draws these any more, delete them: {old:?}");
}

/// Drawings of this page that no sample made: one was renamed or taken out.
fn undrawn(folder: &Path, page: &str, drawn: &BTreeSet<String>) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let files = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    files.filter(|file| file.split('.').next() == Some(page) && !drawn.contains(file)).collect()
}

/// Both languages of `locales/` in a crate have the same words, with the same variables.
///
/// # Panics
/// With every word or variable that one of the two does not have.
pub fn check_words(folder: &str) {
    let [arabic, english] =
        Language::ALL.map(|language| words_of(&Path::new(folder).join("locales").join(language.code())));
    let broken = unequal_words(&arabic, &english);
    assert!(broken.is_empty(), "{folder}/locales:\n{}", broken.join("\n"));
    assert!(!arabic.is_empty(), "{folder}/locales has no words");
}

/// The words of one language: their variables, by key.
type Keys = BTreeMap<String, BTreeSet<String>>;

fn words_of(folder: &Path) -> Keys {
    let entries = fs::read_dir(folder).unwrap_or_else(|why| panic!("{}: {why}", folder.display()));
    let mut keys = Keys::new();
    for path in entries.map(|entry| entry.expect("a readable folder entry").path()) {
        let text = fs::read_to_string(&path).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
        for (key, variables) in messages(&text) {
            assert!(keys.insert(key.clone(), variables).is_none(), "{}: {key} twice", path.display());
        }
    }
    keys
}

/// The messages of a file of Fluent, whose keys begin their lines.
fn messages(text: &str) -> Vec<(String, BTreeSet<String>)> {
    let mut found: Vec<(String, BTreeSet<String>)> = Vec::new();
    for line in text.lines() {
        if let Some((key, _)) = line.split_once('=')
            && line.starts_with(|c: char| c.is_ascii_alphabetic())
        {
            found.push((key.trim().to_owned(), BTreeSet::new()));
        }
        let variables = line.split('$').skip(1).map(|rest| {
            rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_').next().unwrap_or("")
        });
        if let Some((_, known)) = found.last_mut() {
            known.extend(variables.map(str::to_owned));
        }
    }
    found
}

fn unequal_words(arabic: &Keys, english: &Keys) -> Vec<String> {
    let keys: BTreeSet<&String> = arabic.keys().chain(english.keys()).collect();
    let mut found = Vec::new();
    for key in keys {
        match (arabic.get(key), english.get(key)) {
            (Some(_), None) => found.push(format!("{key} is not in English")),
            (None, Some(_)) => found.push(format!("{key} is not in Arabic")),
            (a, b) if a != b => found.push(format!("{key} has other variables in the other language")),
            _ => {}
        }
    }
    found
}

/// Every rule that a drawing breaks.
fn broken_rules(html: &str, language: Language) -> Vec<String> {
    let tags = match tags(html) {
        Ok(tags) => tags,
        Err(why) => return vec![why],
    };
    let mut found: Vec<String> = unbalanced(&tags).into_iter().collect();
    found.extend(missing_words(html));
    found.extend(language_and_headings(&tags, language));
    found.extend(anything_inline(&tags));
    found.extend(names_without_a_place(&tags));
    found.extend(fields_without_a_label(&tags));
    found.extend(forms_without_a_token(&tags));
    found
}

/// A key in guillemets: what `Words` shows in place of a word it does not have.
fn missing_words(html: &str) -> Vec<String> {
    let is_key = |word: &str| {
        !word.is_empty()
            && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c))
    };
    let quoted = html.split('«').skip(1).filter_map(|rest| rest.split_once('»'));
    quoted.filter(|(word, _)| is_key(word)).map(|(word, _)| format!("no word for {word}")).collect()
}

fn language_and_headings(tags: &[Tag<'_>], language: Language) -> Vec<String> {
    let mut found = Vec::new();
    let root = tags.iter().find(|tag| tag.is("html"));
    let said = root.map(|root| (root.get("lang").unwrap_or(""), root.get("dir").unwrap_or("")));
    if said != Some((language.tag(), language.dir())) {
        found.push(format!("<html> is {said:?}, and not {} {}", language.tag(), language.dir()));
    }
    let headings = tags.iter().filter(|tag| !tag.is_end).filter_map(|tag| {
        let level = tag.name.strip_prefix('h')?.parse::<u8>().ok()?;
        Some((level, tag.text))
    });
    let headings: Vec<(u8, &str)> = headings.collect();
    let first = headings.iter().filter(|(level, _)| *level == 1).count();
    if first != 1 {
        found.push(format!("{first} headings of the first level, and not one"));
    }
    let mut above = 1;
    for (level, text) in headings {
        if level > above + 1 {
            found.push(format!("the heading {text:?} skips a level"));
        }
        above = level;
    }
    found
}

/// The policy of content refuses all of this, silently for the visitor.
fn anything_inline(tags: &[Tag<'_>]) -> Vec<String> {
    let mut found = Vec::new();
    for tag in tags.iter().filter(|tag| !tag.is_end) {
        if tag.name == "style"
            || tag.name == "script" && (tag.get("src").is_none() || !tag.text.trim().is_empty())
        {
            found.push(format!("<{}> in the page", tag.name));
        }
        for (name, value) in &tag.attributes {
            if *name == "style" || name.starts_with("on") || value.trim_start().starts_with("javascript:") {
                found.push(format!("<{}> has {name}=\"{value}\"", tag.name));
            }
            if matches!(*name, "src" | "href") && value.ends_with("/assets/missing") {
                found.push(format!("<{}> names a file that is not embedded", tag.name));
            }
        }
    }
    found
}

/// Ids are unique, and what refers to one finds it.
fn names_without_a_place(tags: &[Tag<'_>]) -> Vec<String> {
    let mut found = Vec::new();
    let mut ids = BTreeSet::new();
    for id in tags.iter().filter_map(|tag| tag.get("id")) {
        if !ids.insert(id) {
            found.push(format!("two elements have the id {id:?}"));
        }
    }
    const REFERENCES: &[&str] =
        &["for", "aria-describedby", "aria-labelledby", "aria-controls", "data-reveal"];
    for tag in tags {
        let listed = REFERENCES.iter().filter_map(|name| tag.get(name)).flat_map(str::split_whitespace);
        let linked = tag.get("href").and_then(|href| href.strip_prefix('#'));
        for id in listed.chain(linked).filter(|id| !ids.contains(id)) {
            found.push(format!("<{}> refers to {id:?}, which is not there", tag.name));
        }
    }
    found
}

fn fields_without_a_label(tags: &[Tag<'_>]) -> Vec<String> {
    let labelled: BTreeSet<&str> =
        tags.iter().filter(|tag| tag.is("label")).filter_map(|tag| tag.get("for")).collect();
    let is_field = |tag: &&Tag<'_>| match tag.name {
        "input" => !matches!(tag.get("type"), Some("hidden" | "submit")),
        "select" | "textarea" => !tag.is_end,
        _ => false,
    };
    let is_named = |tag: &Tag<'_>| {
        tag.get("aria-label").is_some_and(|label| !label.is_empty())
            || tag.get("id").is_some_and(|id| labelled.contains(id))
    };
    let mut found = Vec::new();
    for tag in tags.iter().filter(is_field).filter(|tag| !is_named(tag)) {
        found.push(format!("<{}> {:?} has no label", tag.name, tag.get("name").unwrap_or("")));
    }
    for tag in tags.iter().filter(|tag| tag.is("img") && tag.get("alt").is_none()) {
        found.push(format!("<img> {:?} has no alt", tag.get("src").unwrap_or("")));
    }
    found
}

/// A form that changes something sends the token back.
fn forms_without_a_token(tags: &[Tag<'_>]) -> Vec<String> {
    let mut found = Vec::new();
    for (at, form) in tags.iter().enumerate().filter(|(_, tag)| tag.is("form")) {
        let inside = tags[at..].iter().take_while(|tag| !(tag.is_end && tag.name == "form"));
        let has_token = inside.clone().any(|tag| tag.get("name") == Some("csrf"));
        if form.get("method").is_some_and(|method| method.eq_ignore_ascii_case("post")) && !has_token {
            found.push(format!("the form to {:?} sends no csrf", form.get("action").unwrap_or("")));
        }
    }
    found
}

/// One drawing, whatever the hash of the files it names: a new style sheet does not rewrite every page.
fn tidied(html: &str) -> String {
    let mut text = String::new();
    let mut parts = html.split("/assets/");
    text.push_str(parts.next().unwrap_or(""));
    for part in parts {
        let (file, rest) = part.split_once('"').unwrap_or((part, ""));
        let (stem, ending) = file.rsplit_once('.').unwrap_or((file, ""));
        let stem = stem.rsplit_once('-').map_or(stem, |(stem, _)| stem);
        text.push_str(&format!("/assets/{stem}.{ending}\"{rest}"));
    }
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.flat_map(|line| [line, "\n"]).collect()
}

/// Compares a committed file with what the code says now.
fn compare(file: &Path, drawn: &str) {
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        let folder = file.parent().expect("a golden file is in a folder");
        fs::create_dir_all(folder).expect("the folder of golden files can be made");
        fs::write(file, drawn).expect("the golden file can be written");
        return;
    }
    let committed = fs::read_to_string(file).unwrap_or_default();
    let difference = drawn.lines().zip(committed.lines()).position(|(a, b)| a != b);
    assert!(
        committed == drawn,
        "{} differs from the code from line {} on; UPDATE_EXPECT=1 cargo test rewrites it",
        file.display(),
        difference.unwrap_or(drawn.lines().count().min(committed.lines().count())) + 1
    );
}

#[cfg(test)]
mod tests;
