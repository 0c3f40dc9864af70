//! Rules of the style sheet: one sheet for both directions, and colours that can be read. It is a test,
//! and ships nothing.

use std::collections::BTreeMap;

const SHEET: &str = include_str!("../assets/page.css");
const BYTES_MAX: usize = 25 * 1024;

/// What is written on what, and the least contrast between them: WCAG 2.2, 1.4.3 (text, 4.5) and 1.4.11
/// (borders of fields, focus rings, shapes, 3).
const PAIRS: &[(&str, &[&str], f64)] = &[
    ("ink", &["paper", "sheet", "accent-wash", "amber-wash", "red-wash"], 7.0),
    ("ink-soft", &["paper", "sheet", "accent-wash"], 4.5),
    ("accent", &["paper", "sheet", "accent-wash", "amber-wash", "red-wash"], 4.5),
    ("red", &["paper", "sheet", "red-wash"], 4.5),
    ("amber", &["amber-wash", "paper"], 4.5),
    ("on-fill", &["fill", "fill-deep"], 4.5),
    ("on-red", &["red-fill", "red-deep"], 4.5),
    ("edge", &["paper", "sheet"], 3.0),
    ("fill", &["paper", "sheet"], 3.0),
    ("red-fill", &["paper", "sheet"], 3.0),
    ("focus", &["paper", "sheet", "accent-wash", "amber-wash", "red-wash"], 3.0),
];

/// Never read against anything: hairlines.
const DECORATION: &[&str] = &["line"];

type Tokens = BTreeMap<String, [u8; 3]>;

/// The colours of the block that begins at `start`, by name.
fn tokens(start: &str) -> Tokens {
    let (_, block) = SHEET.split_once(start).expect("the block is in the sheet");
    let block = block.split('}').next().unwrap_or("");
    let lines = block.lines().filter_map(|line| line.trim().strip_prefix("--")?.split_once(": #"));
    lines.map(|(name, value)| (name.to_owned(), colour(value.get(..6).unwrap_or("")))).collect()
}

fn colour(hex: &str) -> [u8; 3] {
    let number = u32::from_str_radix(hex, 16).unwrap_or_else(|_| panic!("#{hex} has no six digits"));
    let [_, red, green, blue] = number.to_be_bytes();
    [red, green, blue]
}

/// Contrast by WCAG 2.2, from 1 to 21.
fn contrast(one: [u8; 3], other: [u8; 3]) -> f64 {
    let light = |colour: [u8; 3]| {
        let [red, green, blue] = colour.map(|channel| {
            let share = f64::from(channel) / 255.0;
            if share <= 0.04045 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
        });
        0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05
    };
    let (one, other) = (light(one), light(other));
    one.max(other) / one.min(other)
}

fn unreadable(tokens: &Tokens) -> Vec<String> {
    let mut found = Vec::new();
    for (name, grounds, least) in PAIRS {
        for ground in *grounds {
            let reached = contrast(tokens[*name], tokens[*ground]);
            if reached < *least {
                found.push(format!("{name} on {ground} is {reached:.2}, and not {least}"));
            }
        }
    }
    found
}

#[test]
fn every_pair_of_colours_can_be_read_by_day_and_by_night() {
    assert_eq!(format!("{:.1}", contrast([0; 3], [255; 3])), "21.0");
    assert_eq!(format!("{:.2}", contrast(colour("767676"), [255; 3])), "4.54");
    let (day, night) = (tokens(":root {"), tokens("(prefers-color-scheme: dark) {"));
    assert_eq!(unreadable(&day), Vec::<String>::new(), "by day");
    assert_eq!(unreadable(&night), Vec::<String>::new(), "by night");
    let pale = Tokens::from_iter(day.clone().into_iter().chain([("ink-soft".to_owned(), colour("999999"))]));
    assert_eq!(unreadable(&pale).len(), 3, "a pale grey is found on each ground");
}

#[test]
fn every_colour_is_named_twice_and_held_to_a_pair() {
    let (day, night) = (tokens(":root {"), tokens("(prefers-color-scheme: dark) {"));
    assert!(day.keys().eq(night.keys()), "a colour of the day has none for the night");
    for name in day.keys() {
        let is_held = PAIRS.iter().any(|(ink, grounds, _)| ink == name || grounds.contains(&name.as_str()));
        assert!(is_held || DECORATION.contains(&name.as_str()), "{name} is in no pair");
    }
}

/// Declarations that know which side is left, and what Arabic script cannot bear.
fn one_sided(sheet: &str) -> Vec<String> {
    const WORDS: &[&str] = &[
        "left",
        "right",
        "float",
        "letter-spacing",
        "italic",
        "oblique",
        "width",
        "height",
        "min-width",
        "max-width",
        "min-height",
        "max-height",
        "top",
        "bottom",
        "margin-top",
        "margin-bottom",
        "padding-top",
        "padding-bottom",
        "border-top",
        "border-bottom",
    ];
    let mut found = Vec::new();
    for (at, line) in sheet.lines().enumerate() {
        let line = line.split("/*").next().unwrap_or("");
        if line.starts_with("@media") {
            continue; // widths of the window are all that a query can ask
        }
        let words = line.split(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '.' && c != '_');
        for word in words {
            let is_sided = |side: &str| word.split('-').any(|part| part == side);
            if WORDS.contains(&word) || is_sided("left") || is_sided("right") {
                found.push(format!("line {}: {word}", at + 1));
            }
        }
        if four_sides(line) {
            found.push(format!("line {}: four values begin at the top and go by the right", at + 1));
        }
    }
    found
}

/// `margin: a b c d`: the second is right and the fourth left, whatever the direction.
fn four_sides(line: &str) -> bool {
    line.split([';', '{', '}']).filter_map(|declaration| declaration.split_once(':')).any(|(name, value)| {
        let is_shorthand =
            matches!(name.trim(), "margin" | "padding" | "inset" | "border-width" | "border-radius");
        is_shorthand && value.split_whitespace().count() == 4
    })
}

#[test]
fn the_sheet_serves_both_directions() {
    for sided in [
        "a { margin-left: 1px; }",
        "a { text-align: right; }",
        "a { float: none; }",
        "a { border-top-left-radius: 1px; }",
        "a { padding: 1px 2px 3px 4px; }",
        "a { width: 1px; }",
        "a { letter-spacing: 1px; }",
        "a { font-style: italic; }",
    ] {
        assert!(!one_sided(sided).is_empty(), "{sided}");
    }
    let innocent =
        "a { margin-inline-start: 1px; padding: 1px 2px 3px; } /* not left */\n@media (min-width: 1px) {";
    assert_eq!(one_sided(innocent), Vec::<String>::new());
    assert_eq!(one_sided(SHEET), Vec::<String>::new());
}

#[test]
fn the_sheet_is_small_and_names_its_colours_once() {
    assert!(SHEET.len() <= BYTES_MAX, "{} bytes", SHEET.len());
    let (_, rules) = SHEET.split_once("/* --- ground").expect("the tokens stand above the rules");
    let (rules, _) = rules.split_once("@media print").expect("paper is black and white");
    let loose: Vec<&str> =
        rules.lines().filter(|line| line.contains(": #") && !line.contains("scanners")).collect();
    assert_eq!(loose, Vec::<&str>::new(), "a colour without a name");
}
