//! Each rule of pages sees what it is for, and passes over a page that obeys.

use super::*;

const GOOD: &str = "<!doctype html><html lang=\"ar-PS\" dir=\"rtl\"><body><h1>«عنوان»</h1><h2>a</h2>\
    <form method=\"post\" action=\"/x\"><input type=\"hidden\" name=\"csrf\" value=\"t\">\
    <label for=\"a\">A</label><input id=\"a\" type=\"text\" aria-describedby=\"a-hint\">\
    <p id=\"a-hint\">b</p></form><script src=\"/assets/page-1.js\" defer></script></body></html>";

#[test]
fn a_page_that_obeys_is_not_accused() {
    assert_eq!(broken_rules(GOOD, Language::Arabic), Vec::<String>::new());
}

#[test]
fn every_rule_finds_what_it_is_for() {
    for (from, to, expected) in [
        ("lang=\"ar-PS\"", "lang=\"en\"", "<html> is"),
        ("dir=\"rtl\"", "dir=\"ltr\"", "<html> is"),
        ("«عنوان»", "«sign-in-title»", "no word for sign-in-title"),
        ("<h1>«عنوان»</h1>", "", "0 headings of the first level"),
        ("<h2>a</h2>", "<h1>a</h1>", "2 headings of the first level"),
        ("<h2>a</h2>", "<h3>a</h3>", "skips a level"),
        ("<h2>a</h2>", "<h2>a", "closes what was not open"),
        ("<h2>a</h2>", "<h2 style=\"x\">a</h2>", "has style="),
        ("<h2>a</h2>", "<h2 onclick=\"x()\">a</h2>", "has onclick="),
        ("<h2>a</h2>", "<style>h2 {}</style>", "<style> in the page"),
        ("<h2>a</h2>", "<script>x()</script>", "<script> in the page"),
        ("<h2>a</h2>", "<a href=\"javascript:x()\">a</a>", "has href="),
        ("<h2>a</h2>", "<a href=\"#b\">a</a>", "refers to \"b\""),
        ("<h2>a</h2>", "<h2 id=\"a\">a</h2>", "two elements have the id"),
        ("<h2>a</h2>", "<img src=\"/x\">", "has no alt"),
        ("/assets/page-1.js", "/assets/missing", "not embedded"),
        ("for=\"a\"", "", "has no label"),
        ("aria-describedby=\"a-hint\"", "aria-describedby=\"a-error\"", "refers to \"a-error\""),
        ("name=\"csrf\"", "name=\"other\"", "sends no csrf"),
    ] {
        let broken = GOOD.replacen(from, to, 1);
        assert_ne!(broken, GOOD, "{from} is not in the page");
        let found = broken_rules(&broken, Language::Arabic);
        assert!(found.iter().any(|why| why.contains(expected)), "{to}: {found:?}");
    }
}

#[test]
fn words_of_one_language_only_are_found() {
    let keys = |text: &str| messages(text).into_iter().collect::<Keys>();
    let arabic = keys("# a\na = { $x }\nb = { $n ->\n   *[other] { $m }\n}\nc = 1\n");
    for (english, expected) in [
        ("a = { $x }\nb = { $n } { $m }\nc = 1", None),
        ("a = { $x }\nc = 1", Some("b is not in English")),
        ("a = { $x }\nb = { $n } { $m }\nc = 1\nd = 1", Some("d is not in Arabic")),
        ("a = { $y }\nb = { $n } { $m }\nc = 1", Some("a has other variables")),
    ] {
        let found = unequal_words(&arabic, &keys(english));
        assert_eq!(found.len(), usize::from(expected.is_some()), "{found:?}");
        assert!(expected.is_none_or(|expected| found[0].starts_with(expected)), "{found:?}");
    }
}

#[test]
fn our_own_words_are_in_both_languages() {
    check_words(env!("CARGO_MANIFEST_DIR"));
}

#[test]
fn a_drawing_does_not_change_with_the_hash_of_a_file() {
    assert_eq!(tidied("<a href=\"/assets/a-b-12.css\">\n\n  x\n"), "<a href=\"/assets/a-b.css\">\nx\n");
}

#[test]
fn a_drawing_without_a_sample_is_found() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/pages");
    let drawn = BTreeSet::from(["components.all.ar.html".to_owned()]);
    assert_eq!(undrawn(&folder, "components", &drawn), ["components.all.en.html"]);
    assert_eq!(undrawn(&folder, "compo", &drawn), Vec::<String>::new());
}
