//! The table of all schemas is the published XSDs, no more and no less.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use codecs::iso20022::{Element, Limits, Reader};

/// Types by their name in the table; a name of several meanings is numbered: `Document~2`.
#[derive(Default)]
struct Table {
    messages: Vec<String>,
    types: BTreeMap<String, Vec<String>>,
}

/// One schema, and what its types are called in the table.
struct Schema<'s> {
    types: BTreeMap<&'s str, &'s Element>,
    named: BTreeMap<&'s str, String>,
}

pub(crate) fn golden(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/iso20022").join(folder);
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    files
}

impl Table {
    fn add(&mut self, name: &str, schema: &Element) {
        let types = schema.children.iter().filter(|child| child.name != "element");
        let types = types.map(|child| (child.attribute("name").expect("a name"), child)).collect();
        let mut own = Schema { types, named: BTreeMap::new() };
        let roots: Vec<&Element> = schema.children("element").collect();
        assert_eq!(roots.len(), 1, "{name} has one root");
        let namespace =
            schema.attribute("targetNamespace").and_then(|n| n.strip_prefix(codecs::iso20022::NAMESPACE));
        assert_eq!(namespace, Some(name));
        let root = self.particle(roots[0], &mut own);
        self.messages.push(format!("{name} message {root}"));
    }

    fn name_of<'s>(&mut self, name: &'s str, schema: &mut Schema<'s>) -> String {
        if let Some(named) = schema.named.get(name) {
            return named.clone();
        }
        let element = *schema.types.get(name).unwrap_or_else(|| panic!("{name} is not declared"));
        let line = match &*element.name {
            "simpleType" => format!("text {}", simple(element)),
            "complexType" => self.complex(element, schema),
            other => panic!("{other} is beyond the table"),
        };
        let variants = self.types.entry(name.to_owned()).or_default();
        let place = variants.iter().position(|own| *own == line).unwrap_or_else(|| {
            variants.push(line);
            variants.len() - 1
        });
        let named = if place == 0 { name.to_owned() } else { format!("{name}~{}", place + 1) };
        schema.named.insert(name, named.clone());
        named
    }

    fn complex<'s>(&mut self, element: &'s Element, schema: &mut Schema<'s>) -> String {
        let [content] = &element.children[..] else { panic!("{element:?}") };
        match (&*content.name, &content.children[..]) {
            ("sequence", [only]) if only.name == "any" => {
                assert!(
                    only.attributes.iter().all(|(name, _)| name == "namespace" || name == "processContents")
                );
                let namespace = only.attribute("namespace").filter(|namespace| *namespace != "##any");
                format!("any {}", namespace.unwrap_or_default()).trim_end().to_owned()
            }
            ("sequence", [only]) if only.name == "choice" => self.particles(only, schema),
            ("sequence" | "choice", _) => self.particles(content, schema),
            ("simpleContent", [extension]) if extension.name == "extension" => {
                let [attribute] = &extension.children[..] else { panic!("{element:?}") };
                assert_eq!(attribute.attribute("use"), Some("required"));
                let kind = self.name_of(attribute.attribute("type").expect("a type"), schema);
                let base = extension.attribute("base").expect("a base");
                let text = simple(schema.types[base]);
                format!("with {}:{kind} {text}", attribute.attribute("name").expect("a name"))
            }
            _ => panic!("{element:?}"),
        }
    }

    fn particles<'s>(&mut self, content: &'s Element, schema: &mut Schema<'s>) -> String {
        assert!(content.attributes.is_empty(), "{content:?}");
        let particles: Vec<String> =
            content.children.iter().map(|child| self.particle(child, schema)).collect();
        format!("{} {}", content.name, particles.join(" "))
    }

    fn particle<'s>(&mut self, element: &'s Element, schema: &mut Schema<'s>) -> String {
        assert_eq!((&*element.name, element.children.len()), ("element", 0));
        let mut rest = element.attributes.iter().map(|(name, _)| &**name);
        assert!(rest.all(|name| matches!(name, "name" | "type" | "minOccurs" | "maxOccurs")), "{element:?}");
        let kind = self.name_of(element.attribute("type").expect("a type"), schema);
        let occurs = |name| element.attribute(name).unwrap_or("1");
        let count = match (occurs("minOccurs"), occurs("maxOccurs")) {
            ("1", "1") => String::new(),
            ("0", "1") => "?".to_owned(),
            ("0", "unbounded") => "*".to_owned(),
            (min, "unbounded") => format!("{{{min},}}"),
            (min, max) => format!("{{{min},{max}}}"),
        };
        format!("{}:{kind}{count}", element.attribute("name").expect("a name"))
    }

    fn text(&self) -> String {
        let mut text = String::from(
            "# Every message and type of golden/iso20022/xsd. Written by tests/iso20022_table.rs with UPDATE_EXPECT=1.\n",
        );
        self.messages.iter().for_each(|line| text.extend([line, "\n"]));
        for (name, variants) in &self.types {
            for (line, number) in variants.iter().zip(1..) {
                let tail = if number == 1 { String::new() } else { format!("~{number}") };
                text.push_str(&format!("{name}{tail} {line}\n"));
            }
        }
        text
    }
}

/// The facets of a simple type, in the order of the schema.
fn simple(element: &Element) -> String {
    let [restriction] = &element.children[..] else { panic!("{element:?}") };
    assert_eq!(restriction.name, "restriction");
    let base = restriction.attribute("base").and_then(|base| base.strip_prefix("xs:")).expect("a base");
    let mut words = vec![base.to_owned()];
    let mut patterns = 0;
    for facet in &restriction.children {
        let value = facet.attribute("value").expect("a value");
        assert!(!value.is_empty() && !value.contains([' ', '\n']), "{facet:?}");
        words.push(match &*facet.name {
            "enumeration" => {
                assert!(!value.contains(['=', '/']), "{facet:?}");
                value.to_owned()
            }
            "minLength" => format!("min={value}"),
            "maxLength" => format!("max={value}"),
            "length" => format!("min={value} max={value}"),
            "totalDigits" => format!("total={value}"),
            "fractionDigits" => format!("fraction={value}"),
            "minInclusive" => format!("least={value}"),
            "pattern" => {
                patterns += 1;
                format!("/{value}/")
            }
            other => panic!("{other} is beyond the table"),
        });
    }
    assert!(patterns < 2, "{element:?}");
    words.join(" ")
}

pub(crate) fn read(file: &Path) -> Element {
    let text = fs::read(file).expect("a schema");
    let mut reader = Reader::new(&text[..], Limits::message());
    reader.next().expect("a root");
    reader.element_tree().expect("a schema")
}

#[test]
fn the_table_is_the_published_schemas() {
    let mut table = Table::default();
    let files = golden("xsd");
    assert_eq!(files.len(), 54);
    for file in files {
        let name = file.file_stem().and_then(|stem| stem.to_str()).expect("a name").to_owned();
        table.add(&name, &read(&file));
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/iso20022/schema/table.txt");
    if std::env::var_os("UPDATE_EXPECT").is_some_and(|value| value == "1") {
        fs::write(&path, table.text()).expect("the table is written");
    }
    let committed = fs::read_to_string(&path).expect("a table");
    let differs = committed
        .lines()
        .zip(table.text().lines())
        .find(|(own, wanted)| own != wanted)
        .map(|(_, wanted)| wanted.to_owned());
    assert_eq!(differs, None, "UPDATE_EXPECT=1 writes it again");
    assert_eq!(committed, table.text());
}
