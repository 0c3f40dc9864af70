//! Our verdict on a document is that of another implementation of XML Schema, libxml2, on thousands of documents.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use codecs::iso20022::{Event, Layer, Limits, NAMESPACE, Reader};

use crate::iso20022_instances::{Dice, Schema, damage, written};
use crate::iso20022_samples::validated;
use crate::iso20022_table::{golden, read};

const SEED: u64 = 0x2002_2026_1122;

/// A document on disk, by its message, with what was done to it.
struct Case {
    file: PathBuf,
    text: String,
    story: String,
}

/// The files that are valid, asked of xmllint in one run a schema.
fn valid_by_xmllint(schema: &Path, cases: &[Case]) -> BTreeSet<PathBuf> {
    let mut valid = BTreeSet::new();
    for some in cases.chunks(200) {
        let run = Command::new("xmllint")
            .args(["--noout", "--nonet", "--schema"])
            .arg(schema)
            .args(some.iter().map(|case| &case.file))
            .output()
            .expect("xmllint is needed (Debian: apt-get install libxml2-utils; tests/run installs it)");
        let says = String::from_utf8_lossy(&run.stderr);
        let verdict = |case: &&Case| {
            let file = case.file.display();
            let is_valid = says.contains(&format!("{file} validates\n"));
            assert_ne!(is_valid, says.contains(&format!("{file} fails to validate\n")), "{file}: {says}");
            is_valid
        };
        valid.extend(some.iter().filter(verdict).map(|case| case.file.clone()));
    }
    valid
}

/// Writes the cases of every message, asks both, and tells where they disagree. Gives how many were valid and how many not.
fn compare(name: &str, cases: BTreeMap<String, Vec<(String, String)>>) -> (usize, usize) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&folder).expect("a folder");
    let (mut right, mut wrong, mut differ) = (0, 0, Vec::new());
    for (message, texts) in cases {
        let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("golden/iso20022/xsd/{message}.xsd"));
        let cases: Vec<Case> = texts
            .into_iter()
            .zip(0..)
            .map(|((text, story), number)| {
                let file = folder.join(format!("{message}-{number}.xml"));
                fs::write(&file, &text).expect("a file");
                Case { file, text, story }
            })
            .collect();
        let valid = valid_by_xmllint(&schema, &cases);
        for case in cases {
            let (ours, theirs) = (validated(case.text.as_bytes()), valid.contains(&case.file));
            if theirs {
                right += 1
            } else {
                wrong += 1
            }
            assert!(
                ours.as_ref().err().is_none_or(|error| error.layer == Layer::Schema),
                "{}: {ours:?}",
                case.story
            );
            if ours.is_ok() != theirs {
                differ.push(format!(
                    "{} ({}): xmllint says {theirs}, we {ours:?}",
                    case.file.display(),
                    case.story
                ));
            }
        }
    }
    assert!(differ.is_empty(), "{} of {} differ:\n{}", differ.len(), right + wrong, differ.join("\n"));
    fs::remove_dir_all(folder).expect("the folder goes");
    (right, wrong)
}

#[test]
fn documents_of_every_schema_and_damaged_ones() {
    let mut dice = Dice(SEED);
    let mut cases = BTreeMap::new();
    for file in golden("xsd") {
        let message = file.file_stem().and_then(|stem| stem.to_str()).expect("a name").to_owned();
        let namespace = format!("{NAMESPACE}{message}");
        let (tree, mut texts) = (read(&file), Vec::new());
        let schema = Schema::new(&tree);
        for _ in 0..3 {
            let document = schema.document(&mut dice);
            texts.push((written(&document, &namespace), "made".to_owned()));
            for _ in 0..12 {
                let mut damaged = document.clone();
                let story = damage(&mut damaged, &mut dice);
                texts.push((written(&damaged, &namespace), story.to_owned()));
            }
        }
        cases.insert(message, texts);
    }
    let (right, wrong) = compare("xmllint-made", cases);
    assert!(right >= 54 * 3 && wrong > 500, "{right} valid, {wrong} not: nothing was tried");
}

#[test]
fn samples_and_damaged_ones() {
    let mut dice = Dice(SEED + 1);
    let mut cases: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    let samples = [golden("samples-ps"), golden("samples-thirdparty")].concat();
    for file in samples.iter().filter(|file| file.extension().is_some_and(|e| e == "xml")) {
        let text = fs::read_to_string(file).expect("a sample");
        let message = validated(text.as_bytes()).expect("a valid sample").to_owned();
        let mut reader = Reader::new(text.as_bytes(), Limits::message());
        reader.next().expect("a root");
        let document = reader.element_tree().expect("a document");
        let namespace = format!("{NAMESPACE}{message}");
        let texts = cases.entry(message).or_default();
        texts.push((text, "as it is".to_owned()));
        for _ in 0..15 {
            let mut damaged = document.clone();
            let story = damage(&mut damaged, &mut dice);
            texts.push((written(&damaged, &namespace), format!("{} {story}", file.display())));
        }
    }
    let (right, wrong) = compare("xmllint-samples", cases);
    assert!(right > 34 && wrong > 200, "{right} valid, {wrong} not: nothing was tried");
}

/// What chance puts into a document: all that markup is made of, and some that it is not. A zero byte is not among it:
/// libxml2 takes it for the end of the document.
const CRUMBS: &[&str] = &[
    "<",
    ">",
    "/",
    "</",
    "/>",
    "<a>",
    "</a>",
    "<a/>",
    "=",
    "'",
    "\"",
    "a='1'",
    " a='1'",
    " a='1' a='2'",
    "&",
    ";",
    "&amp;",
    "&lt",
    "&#65;",
    "&#x41;",
    "&#0;",
    "&#x1F;",
    "&#xFFFE;",
    "&#xD800;",
    "&#x10FFFF;",
    "&#x110000;",
    "&#;",
    "&#x;",
    "&;",
    "<!--",
    "-->",
    "<!-- c -->",
    "<!-- -- -->",
    "<!----->",
    "<!-->",
    "<![CDATA[",
    "]]>",
    "<![CDATA[x]]>",
    "]]",
    "x",
    " ",
    "\n",
    "\r\n",
    "\t",
    "<?xml version='1.0'?>",
    "xmlns:p='urn:p'",
    " xmlns:p='urn:p'",
    " p:a='1'",
    "<p:a/>",
    "<a:b:c/>",
    "<:a/>",
    "<a:/>",
    "<1/>",
    "<-a/>",
    "<a.b-c_1/>",
    "<é/>",
    "<اسم/>",
    "<a b/>",
    "<a b=1/>",
    "<a b='<'/>",
    "<a b='>'/>",
    "<a b='&lt;'/>",
    "<a b = '1' />",
    "<a b='1'c='2'/>",
    "< a/>",
    "<a />",
    "<a/ >",
    "</a >",
    "</ a>",
    "<a></a b='1'>",
    "\u{1}",
    "\u{7f}",
    "\u{85}",
    "\u{fffe}",
    "\u{feff}",
    " xmlns=''",
    " xmlns:p=''",
    " xmlns:xml='urn:x'",
    " xml:lang='ar'",
    " xmlns:xmlns='urn:x'",
    "<xml/>",
];

#[test]
fn what_is_well_formed_is_so_by_both() {
    let mut dice = Dice(SEED + 2);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("xmllint-markup");
    fs::create_dir_all(&folder).expect("a folder");
    let small = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<a xmlns:p=\"urn:p\"><b c=\"1\">one two three four five six seven</b>\n\n<!-- eight nine ten -->\n\n<p:d p:e='2'/></a>\n";
    let cases: Vec<Case> = (0..1_500)
        .map(|number| {
            let mut text = small.to_owned();
            let mut story = String::new();
            for _ in 0..=dice.below(3) / 2 {
                let places: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
                let at = *dice.one_of(&places);
                let end = at
                    + text[at..]
                        .chars()
                        .take(dice.below(6).saturating_sub(3))
                        .map(char::len_utf8)
                        .sum::<usize>();
                let crumb = *dice.one_of(CRUMBS);
                text.replace_range(at..end, crumb);
                story = format!("{text:?}");
            }
            let file = folder.join(format!("{number}.xml"));
            fs::write(&file, &text).expect("a file");
            Case { file, text, story }
        })
        .collect();
    let (mut right, mut wrong, mut differ) = (0, 0, Vec::new());
    for some in cases.chunks(200) {
        let run = Command::new("xmllint")
            .args(["--noout", "--nonet"])
            .args(some.iter().map(|case| &case.file))
            .output();
        let run =
            run.expect("xmllint is needed (Debian: apt-get install libxml2-utils; tests/run installs it)");
        let says = String::from_utf8_lossy(&run.stderr);
        for case in some {
            let own = format!("{}:", case.file.display());
            // That the name of a namespace is no URI makes a document no less well-formed.
            let says =
                says.lines().filter(|line| line.starts_with(&own) && !line.ends_with("is not a valid URI"));
            let says: Vec<&str> = says.collect();
            let mut reader = Reader::new(case.text.as_bytes(), Limits::message());
            let ours = loop {
                match reader.next() {
                    Ok(Event::Eof) => break Ok(()),
                    Ok(_) => {}
                    Err(error) => break Err(error),
                }
            };
            // What we refuse though it is XML is another test's matter.
            if ours.as_ref().err().is_some_and(|error| error.layer == Layer::Security) {
                continue;
            }
            if says.is_empty() {
                right += 1
            } else {
                wrong += 1
            }
            if says.is_empty() != ours.is_ok() {
                differ.push(format!("{}: xmllint says {says:?}, we {ours:?}", case.story));
            }
        }
    }
    assert!(differ.is_empty(), "{} of {} differ:\n{}", differ.len(), right + wrong, differ.join("\n"));
    assert!(right > 100 && wrong > 500, "{right} well-formed, {wrong} not: nothing was tried");
    fs::remove_dir_all(folder).expect("the folder goes");
}
