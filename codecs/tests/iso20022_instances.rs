//! Documents made from a schema by chance, and damage done to them by chance. The same seed makes the same ones.

use std::collections::BTreeMap;

use codecs::iso20022::Element;

/// SplitMix64: small, seeded, the same on every machine.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        (self.roll() % bound.max(1) as u64) as usize
    }

    pub(crate) fn one_of<'t, T>(&mut self, things: &'t [T]) -> &'t T {
        &things[self.below(things.len())]
    }
}

/// A schema as it was read: its types by name.
pub(crate) struct Schema<'s> {
    root: &'s Element,
    types: BTreeMap<&'s str, &'s Element>,
}

impl<'s> Schema<'s> {
    pub(crate) fn new(schema: &'s Element) -> Self {
        let named = |child: &'s Element| Some((child.attribute("name")?, child));
        let types =
            schema.children.iter().filter(|child| child.name != "element").filter_map(named).collect();
        Self { root: schema.child("element").expect("a root"), types }
    }

    /// A document with everything mandatory in it and some of the rest.
    pub(crate) fn document(&self, dice: &mut Dice) -> Element {
        self.element(self.root, 0, dice)
    }

    fn element(&self, declared: &Element, depth: usize, dice: &mut Dice) -> Element {
        let name = declared.attribute("name").expect("a name").to_owned();
        let mut made = Element { name, ..Element::default() };
        let kind = self.types[declared.attribute("type").expect("a type")];
        if kind.name == "simpleType" {
            made.text = value(kind, dice);
            return made;
        }
        let mut content = &kind.children[0];
        if content.children.first().is_some_and(|only| only.name == "choice") {
            content = &content.children[0];
        }
        match &*content.name {
            "sequence" => {
                for child in &content.children {
                    for _ in 0..occurrences(child, depth, dice) {
                        made.children.push(match child.attribute("namespace") {
                            None | Some("##any") if child.name == "any" => foreign("urn:other"),
                            Some(namespace) => foreign(namespace),
                            None => self.element(child, depth + 1, dice),
                        });
                    }
                }
            }
            "choice" => {
                let child = dice.one_of(&content.children);
                for _ in 0..occurrences(child, depth, dice).max(1) {
                    made.children.push(self.element(child, depth + 1, dice));
                }
            }
            "simpleContent" => {
                let extension = &content.children[0];
                made.text = value(self.types[extension.attribute("base").expect("a base")], dice);
                let attribute = &extension.children[0];
                let text = value(self.types[attribute.attribute("type").expect("a type")], dice);
                made.attributes.push((attribute.attribute("name").expect("a name").to_owned(), text));
            }
            other => panic!("{other}"),
        }
        made
    }
}

fn foreign(namespace: &str) -> Element {
    let attributes = vec![("xmlns".to_owned(), namespace.to_owned())];
    let inner = Element { name: "Inner".into(), text: "x".into(), ..Element::default() };
    Element { name: "Other".into(), attributes, children: vec![inner], ..Element::default() }
}

fn occurrences(child: &Element, depth: usize, dice: &mut Dice) -> usize {
    let min = child.attribute("minOccurs").map_or(1, |min| min.parse().expect("a number"));
    let max = match child.attribute("maxOccurs") {
        None => 1,
        Some("unbounded") => 3,
        Some(max) => max.parse().expect("a number"),
    };
    // Deep in the tree less and less is added, or documents would have no end.
    let wanted = if dice.below(3 + 2 * depth) < 2 { 1 + dice.below(max) } else { 0 };
    wanted.clamp(min, max)
}

fn value(kind: &Element, dice: &mut Dice) -> String {
    let restriction = &kind.children[0];
    let facet = |name: &str| restriction.child(name).and_then(|facet| facet.attribute("value"));
    let words: Vec<&str> = restriction.children("enumeration").filter_map(|e| e.attribute("value")).collect();
    if !words.is_empty() {
        return (*dice.one_of(&words)).to_owned();
    }
    let base = restriction.attribute("base").expect("a base");
    if let Some(pattern) = facet("pattern") {
        return example(base, pattern).to_owned();
    }
    match base {
        "xs:string" => {
            let max = facet("maxLength").map_or(20, |max| max.parse().expect("a number"));
            let letters = dice.one_of(&["x", "م", "9", "a b", "<&>"]);
            letters
                .chars()
                .cycle()
                .take(if dice.below(4) == 0 && max < 500 { max } else { max.min(4) })
                .collect()
        }
        "xs:decimal" => {
            let decimals: usize =
                facet("fractionDigits").map_or(2, |digits| digits.parse().expect("a number"));
            let negative = if facet("minInclusive").is_none() && dice.below(2) == 0 { "-" } else { "" };
            let fraction = if decimals == 0 { String::new() } else { format!(".{}", 10 + dice.below(90)) };
            format!("{negative}{}{}", dice.below(10), &fraction[..fraction.len().min(decimals + 1)])
        }
        "xs:base64Binary" => "QUJD".to_owned(),
        _ => example(base, "").to_owned(),
    }
}

fn example(base: &str, pattern: &str) -> &'static str {
    match (base, pattern) {
        ("xs:boolean", _) => "true",
        ("xs:date", _) => "2026-02-28",
        ("xs:dateTime", _) => "2026-02-28T23:59:59Z",
        ("xs:time", _) => "12:00:00",
        ("xs:gYear", _) => "2026",
        ("xs:gYearMonth", _) => "2026-02",
        (_, "[+]{0,1}[0-9]{1,15}" | "[\\+]{0,1}[0-9]{1,15}") => "+12",
        (_, "[0-9]") => "1",
        (_, "[0-9]{1,15}" | "[0-9]{1,3}" | "[0-9]{1,5}" | "[0-9]{2,3}" | "[0-9]{3}" | "[0-9]{3,4}") => "123",
        (_, "[0-9]{2}") => "12",
        (_, "[0-9]{8,28}") => "12345678",
        (_, "[A-Z0-9]{12,12}") => "ABCDEFGHIJ12",
        (_, "[A-Z0-9]{18,18}[0-9]{2,2}") => "ABCDEFGHIJKLMNOPQR12",
        (_, "[A-Z]{2,2}") => "PS",
        (_, "[A-Z]{2,2}[0-9]{2,2}[a-zA-Z0-9]{1,30}") => "PS92PALS000000000400123456702",
        (_, "[A-Z]{2,2}[A-Z0-9]{9,9}[0-9]{1,1}") => "PSABCDEFGHI1",
        (_, "[A-Z]{3,3}") => "ILS",
        (_, "[a-zA-Z0-9]{4}") => "aB12",
        (_, "[a-z]{2,2}") => "ar",
        (_, "\\+[0-9]{1,3}-[0-9()+\\-]{1,30}") => "+970-591234567",
        (_, p) if p.starts_with("[a-f0-9]{8}") => "7b1f3c52-0c5d-4c55-9d42-0d2f6a0f9a11",
        (_, p) if p.ends_with("([A-Z0-9]{3,3}){0,1}") => "PALSPS22XXX",
        (_, p) => panic!("no example for {p}"),
    }
}

/// What chance puts where a value was. White space around dates is not among it: XML Schema part 2 (4.3.6) takes it away,
/// libxml2 does not.
const VALUES: &[&str] = &[
    "",
    " ",
    "x",
    " x ",
    "0",
    "00",
    "-0",
    "-1",
    "+1",
    "+1.50",
    ".5",
    "5.",
    ".",
    "1e2",
    "1,5",
    "0001.1000000",
    "1.123456",
    "1.12345",
    "123456789012345678",
    "1234567890123456789",
    "0.00000000000000001",
    "12345678901234567.1",
    "0.1234567890123",
    "true",
    "TRUE",
    " 1 ",
    "2026-02-28",
    "2026-02-29",
    "2024-02-29Z",
    "2026-02-28+14:00",
    "2026-02-28+14:01",
    "2026-2-28",
    "-2026-02-28",
    "12026-02-28",
    "2026-02-28T23:59:59",
    "2026-02-28T24:00:00",
    "2026-02-28T24:00:01",
    "2026-02-28T23:59:60",
    "2026-02-28T23:59:59.123+02:00",
    "2026-02-28T23:59",
    "23:59:59",
    "23:59",
    "24:00:00",
    "2026",
    "202",
    "2026Z",
    "2026-13",
    "2026-12",
    "QUJD",
    "QUI=",
    "QUI",
    "QR==",
    "Q Q = =",
    "QUJD\nQUJD",
    "????",
    "ILS",
    "ils",
    "ILSX",
    "PALSPS22",
    "PALSPS22XXX",
    "PALSPS22XX",
    "PALSPS22xxx",
    "PS92PALS000000000400123456702",
    "PS9",
    "ps92A",
    "+970-591234567",
    "970-591234567",
    "7b1f3c52-0c5d-4c55-9d42-0d2f6a0f9a11",
    "7b1f3c52-0c5d-1c55-9d42-0d2f6a0f9a11",
    "7B1F3C52-0C5D-4C55-9D42-0D2F6A0F9A11",
    "CRDT",
    "crdt",
    "ACSC",
    "ترحيل",
    "é",
    "\u{10348}",
    "1234",
    "12345",
    "+",
    "12345678901234567890123456789012345",
    "123456789012345678901234567890123456",
    "مممممممممممممممممممممممممممممممممممم",
    "a\tb",
    "a\nb",
];

const NAMES: &[&str] = &[
    "Id", "Cd", "Prtry", "Nm", "Amt", "Foo", "Document", "AppHdr", "nm", "Dt", "DtTm", "Othr", "BIC", "BICFI",
];

/// Does one thing to a document that may or may not leave it valid.
pub(crate) fn damage(document: &mut Element, dice: &mut Dice) -> &'static str {
    let count = size(document);
    let at = dice.below(count);
    let Some(element) = nth(document, &mut { at }) else { return "nothing" };
    let (children, other) = (element.children.len(), dice.below(8));
    let child = dice.below(children);
    match other {
        0 if children > 0 => {
            element.children.remove(child);
            "dropped"
        }
        1 if children > 0 => {
            for _ in 0..=dice.below(11) {
                element.children.insert(child, element.children[child].clone());
            }
            "doubled"
        }
        2 if children > 1 => {
            element.children.swap(child, (child + 1) % children);
            "swapped"
        }
        3 if children > 0 => {
            element.children[child].name = (*dice.one_of(NAMES)).to_owned();
            "renamed"
        }
        4 => {
            match element.attributes.first_mut() {
                Some((_, value)) if dice.below(2) == 0 => *value = (*dice.one_of(VALUES)).to_owned(),
                Some(_) => element.attributes.clear(),
                None => element.attributes.push(("Ccy".to_owned(), "ILS".to_owned())),
            }
            "attribute"
        }
        5 => {
            let name = (*dice.one_of(NAMES)).to_owned();
            element.children.insert(child, Element { name, text: "1".to_owned(), ..Element::default() });
            "added"
        }
        6 if children > 0 => {
            element.text = (*dice.one_of(&["x", " ", "\n\t", "0"])).to_owned();
            "text between"
        }
        _ => {
            let Some(leaf) = leaf(element, dice) else { return "nothing" };
            leaf.text = (*dice.one_of(VALUES)).to_owned();
            "value"
        }
    }
}

fn size(element: &Element) -> usize {
    1 + element.children.iter().map(size).sum::<usize>()
}

fn nth<'e>(element: &'e mut Element, left: &mut usize) -> Option<&'e mut Element> {
    if *left == 0 {
        return Some(element);
    }
    *left -= 1;
    element.children.iter_mut().find_map(|child| nth(child, left))
}

fn leaf<'e>(element: &'e mut Element, dice: &mut Dice) -> Option<&'e mut Element> {
    if element.children.is_empty() {
        return Some(element);
    }
    let at = dice.below(element.children.len());
    leaf(element.children.get_mut(at)?, dice)
}

/// The document as text, in the namespace of its message.
pub(crate) fn written(document: &Element, namespace: &str) -> String {
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    write(document, &format!(" xmlns=\"{namespace}\""), &mut text);
    text
}

fn write(element: &Element, namespace: &str, text: &mut String) {
    text.extend(["<", &element.name, namespace]);
    for (name, value) in &element.attributes {
        text.push_str(&format!(" {name}=\"{}\"", escaped(value)));
    }
    text.extend([">", &escaped(&element.text)]);
    element.children.iter().for_each(|child| write(child, "", text));
    text.extend(["</", &element.name, ">"]);
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
