//! The reader of ISO 20022: what is XML is read, what is not or is dangerous is refused by the right layer.

use codecs::iso20022::{Element, Event, Layer, Limits, Reader, XmlError};
use proptest::prelude::*;

use crate::iso20022_instances::written;

/// A document told back as one line.
fn told(bytes: &[u8], limits: Limits) -> Result<String, XmlError> {
    let mut reader = Reader::new(bytes, limits);
    let mut told = String::new();
    loop {
        match reader.next()? {
            Event::Start { name, namespace, attributes } => {
                let colon = if namespace.is_empty() { "" } else { ":" };
                told.push_str(&format!("<{namespace}{colon}{name}"));
                attributes.iter().for_each(|(n, v)| told.push_str(&format!(" {n}={v:?}")));
                told.push('>');
            }
            Event::Text(text) => told.push_str(&format!("{text:?}")),
            Event::End => told.push_str("</>"),
            Event::Eof => return Ok(told),
        }
    }
}

#[test]
fn elements_are_read() {
    #[rustfmt::skip]
    let table = [
        ("<a/>",                                            "<a></>"),
        ("\u{feff}<a></a>",                                 "<a></>"),
        ("<?xml version='1.0' encoding='utf-8'?>\n<a/>\n",  "<a></>"),
        ("<a>\n <b> </b>\n</a>",                            "<a><b>\" \"</></>"),
        ("<a>x&amp;&#65;<![CDATA[<y>]]>z<!-- c -->!</a>",   "<a>\"x&A<y>z!\"</>"),
        ("<a>1\r\n2\r3</a>",                                "<a>\"1\\n2\\n3\"</>"),
        ("<a b='&lt;\n&#9;' c=\"'\"/>",                     "<a b=\"< \\t\" c=\"'\"></>"),
        ("<a xmlns='u'><b xmlns=''/><c/></a>",              "<u:a><b></><u:c></></>"),
        ("<p:a xmlns:p='u'><p:b p:x='1'/></p:a>",           "<u:a><u:b p:x=\"1\"></></>"),
        ("<a xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' xsi:schemaLocation='u v'/>", "<a></>"),
        ("<اسم>نص</اسم>",                                   "<اسم>\"نص\"</>"),
    ];
    for (document, expected) in table {
        assert_eq!(told(document.as_bytes(), Limits::message()).as_deref(), Ok(expected), "{document}");
    }
}

#[test]
fn what_is_not_xml_or_is_dangerous_is_refused_by_its_layer() {
    use Layer::{Security, Xml};
    #[rustfmt::skip]
    let table: &[(&[u8], Layer, &str)] = &[
        (b"",                                                Xml, ""),
        (b"   ",                                             Xml, ""),
        (b"x<a/>",                                           Xml, ""),
        (b"<a/>x",                                           Xml, ""),
        (b"<a/><b/>",                                        Xml, ""),
        (b"<a/>&#65;",                                       Xml, ""),
        (b"<a/><![CDATA[]]>",                                Xml, ""),
        (b"<a>",                                             Xml, "a"),
        (b"<a><b></b>",                                      Xml, "a"),
        (b"<a><b></a></b>",                                  Xml, "a/b"),
        (b"<a></b>",                                         Xml, "a"),
        (b"</a>",                                            Xml, ""),
        (b"<a",                                              Xml, ""),
        (b"<a/ >",                                           Xml, ""),
        (b"< a/>",                                           Xml, ""),
        (b"<1/>",                                            Xml, ""),
        (b"<a:b:c xmlns:a='u'/>",                            Xml, ""),
        (b"<p:a/>",                                          Xml, "a"),
        (b"<a p:b='1'/>",                                    Xml, "a"),
        (b"<a xmlns:p=''/>",                                 Xml, "a"),
        (b"<a b='1' b='2'/>",                                Xml, ""),
        (b"<a xmlns:p='u' xmlns:q='u' p:b='1' q:b='2'/>",    Xml, "a"),
        (b"<a b='1'c='2'/>",                                 Xml, ""),
        (b"<a b=1/>",                                        Xml, ""),
        (b"<a b/>",                                          Xml, ""),
        (b"<a b='<'/>",                                      Xml, ""),
        (b"<a b='&'/>",                                      Xml, ""),
        (b"<a>&</a>",                                        Xml, "a"),
        (b"<a>& b;</a>",                                     Xml, "a"),
        (b"<a>&#0;</a>",                                     Xml, "a"),
        (b"<a>&#x1F;</a>",                                   Xml, "a"),
        (b"<a>&#xD800;</a>",                                 Xml, "a"),
        (b"<a>&#x110000;</a>",                               Xml, "a"),
        (b"<a>&#+65;</a>",                                   Xml, "a"),
        (b"<a b='&#0;'/>",                                   Xml, ""),
        (b"<a>\0</a>",                                       Xml, "a"),
        (b"<a>\x1f</a>",                                     Xml, "a"),
        (b"<a>\xef\xbf\xbf</a>",                             Xml, "a"),
        (b"<a>\xff</a>",                                     Xml, "a"),
        (b"<a>\xed\xa0\x80</a>",                             Xml, "a"),
        (b"<a>]]></a>",                                      Xml, "a"),
        (b"<a><!-- -- --></a>",                              Xml, "a"),
        (b"<a><!-- ---></a>",                                Xml, "a"),
        (b"<a><!-->",                                        Xml, "a"),
        (b"<a><![cdata[]]></a>",                             Xml, "a"),
        (b"<!ELEMENT a ANY><a/>",                            Xml, ""),
        (b" <?xml version='1.0'?><a/>",                      Xml, ""),
        (b"<a><?xml version='1.0'?></a>",                    Xml, "a"),
        (b"<?xml version='1.1'?><a/>",                       Xml, ""),
        (b"<?xml encoding='UTF-8'?><a/>",                    Xml, ""),
        (b"<?xml version='1.0' encoding='UTF-16'?><a/>",     Xml, ""),
        (b"<?xml version='1.0' encoding='ISO-8859-1'?><a/>", Xml, ""),
        (b"<?xml version='1.0' standalone='maybe'?><a/>",    Xml, ""),
        (b"\xef\xbb\xbf\xef\xbb\xbf<a/>",                    Xml, ""),
        (b"\xff\xfe<\0a\0/\0>\0",                            Xml, ""),
        (b"\xfe\xff\0<\0a\0/\0>",                            Xml, ""),
        (b"<\0a\0/\0>\0",                                    Xml, ""),
        (b"<!DOCTYPE a><a/>",                                Security, ""),
        (b"<!doctype a><a/>",                                Security, ""),
        (b"<!DOCTYPE a [<!ENTITY b 'c'>",                    Security, ""),
        (b"<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>",    Security, ""),
        (b"<a>&b;</a>",                                      Security, "a"),
        (b"<a b='&c;'/>",                                    Security, ""),
        (b"&b;<a/>",                                         Security, ""),
        (b"<?xml-stylesheet href='x'?><a/>",                 Security, ""),
        (b"<a><?php ?></a>",                                 Security, "a"),
    ];
    for (document, layer, path) in table {
        let error = told(document, Limits::message()).expect_err(&String::from_utf8_lossy(document));
        assert_eq!(
            (error.layer, &*error.path),
            (*layer, *path),
            "{} {error}",
            String::from_utf8_lossy(document)
        );
    }
}

#[test]
fn limits_are_refused_not_cut() {
    let small = Limits {
        bytes_max: Some(200),
        depth_max: 3,
        elements_max: Some(5),
        text_max: 40,
        attributes_max: 2,
        tree_max: 100,
    };
    let ok = |document: &str| told(document.as_bytes(), small);
    for (fits, beyond) in [
        ("<a><b><c/></b></a>", "<a><b><c><d/></c></b></a>"),
        ("<a><b/><b/><b/><b/></a>", "<a><b/><b/><b/><b/><b/></a>"),
        ("<a b='1' c='2'/>", "<a b='1' c='2' d='3'/>"),
        (&format!("<a>{}</a>", "x".repeat(40)), &format!("<a>{}</a>", "x".repeat(41))),
        (&format!("<a>{}</a>", "&#65;".repeat(30)), &format!("<a>{}</a>", "&#65;".repeat(41))),
        (&format!("<a b='{}'/>", "x".repeat(40)), &format!("<a b='{}'/>", "x".repeat(80))),
        ("<a><!-- short --></a>", &format!("<a><!--{}--></a>", "x".repeat(80))),
        (&format!("<a/>{}", " \n".repeat(20)), &format!("<a/>{}", "<!--123456-->".repeat(20))),
    ] {
        assert!(ok(fits).is_ok(), "{fits}");
        assert_eq!(ok(beyond).map_err(|e| e.layer), Err(Layer::Security), "{beyond}");
    }
}

#[test]
fn places_are_named() {
    let document = "<D>\n<T><A/></T>\n<T>\n<A>1</A><A>\n<B>&x;</B></A></T></D>";
    let error = told(document.as_bytes(), Limits::message()).expect_err("an entity");
    assert_eq!((&*error.path, error.line), ("D/T[2]/A[2]/B", 5));
    assert_eq!(error.to_string(), "security: D/T[2]/A[2]/B, line 5: a reference to an entity");
    assert_eq!(
        serde_json::to_string(&error).expect("JSON"),
        r#"{"layer":"security","path":"D/T[2]/A[2]/B","reason":"a reference to an entity"}"#
    );
}

#[test]
fn an_error_stays() {
    let mut reader = Reader::new(&b"<a>&b;</a>"[..], Limits::message());
    assert!(reader.next().is_ok());
    let error = reader.next().expect_err("an entity");
    assert_eq!(reader.next().expect_err("the same"), error);
}

#[test]
fn an_element_is_read_with_all_in_it() {
    let document = "<D><T id='1'><A>1</A><A>2<!-- --></A><B><C Ccy='ILS'>3</C></B></T><T/></D>";
    let mut reader = Reader::new(document.as_bytes(), Limits::message());
    assert!(matches!(reader.next(), Ok(Event::Start { name: "D", .. })));
    assert!(matches!(reader.next(), Ok(Event::Start { name: "T", .. })));
    let tree = reader.element_tree().expect("a tree");
    assert_eq!((tree.attribute("id"), tree.text_of("B/C")), (Some("1"), Some("3")));
    assert_eq!(tree.children("A").map(|a| &*a.text).collect::<Vec<_>>(), ["1", "2"]);
    assert_eq!(tree.at("B/C").and_then(|c| c.attribute("Ccy")), Some("ILS"));
    assert!(matches!(reader.next(), Ok(Event::Start { name: "T", .. })));
    assert_eq!(reader.element_tree().expect("a tree"), Element { name: "T".into(), ..Element::default() });
    assert!(matches!(reader.next(), Ok(Event::End)));
    assert!(reader.element_tree().is_err(), "nothing was just started");
    let mut reader = Reader::new(document.as_bytes(), Limits { tree_max: 20, ..Limits::message() });
    assert!(reader.next().is_ok());
    assert_eq!(reader.element_tree().map_err(|e| e.layer), Err(Layer::Security));
}

/// A source that gives one byte at a time.
struct Dripping<'a>(&'a [u8]);

impl std::io::Read for Dripping<'_> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let length = self.0.len().min(out.len()).min(1);
        out[..length].copy_from_slice(&self.0[..length]);
        self.0 = &self.0[length..];
        Ok(length)
    }
}

impl std::io::BufRead for Dripping<'_> {
    fn fill_buf(&mut self) -> std::io::Result<&[u8]> {
        Ok(&self.0[..self.0.len().min(1)])
    }

    fn consume(&mut self, amount: usize) {
        self.0 = &self.0[amount..];
    }
}

fn told_dripping(bytes: &[u8]) -> Result<usize, XmlError> {
    let mut reader = Reader::new(Dripping(bytes), Limits::message());
    let mut events = 0;
    while !matches!(reader.next()?, Event::Eof) {
        events += 1;
    }
    Ok(events)
}

#[test]
fn pieces_make_no_difference() {
    for document in
        ["\u{feff}<a>\u{feff}x&amp;y<![CDATA[z]]></a>", "<?xml version='1.0'?>\n<a b='c'/>", "<a>&b;</a>"]
    {
        let whole = {
            let mut reader = Reader::new(document.as_bytes(), Limits::message());
            let mut events = 0;
            loop {
                match reader.next() {
                    Ok(Event::Eof) => break Ok(events),
                    Ok(_) => events += 1,
                    Err(error) => break Err(error),
                }
            }
        };
        assert_eq!(told_dripping(document.as_bytes()), whole, "{document}");
    }
}

fn crumbs() -> impl Strategy<Value = Vec<u8>> {
    let crumb = prop_oneof![
        prop::sample::select(vec![
            "<",
            ">",
            "/",
            "<a",
            "</a>",
            "<a>",
            "<a/>",
            "a",
            " ",
            "=",
            "'",
            "\"",
            "&",
            ";",
            "&amp;",
            "&#",
            "x",
            "0",
            "<!--",
            "-->",
            "--",
            "<![CDATA[",
            "]]>",
            "<?xml version='1.0'?>",
            "<?",
            "?>",
            "<!DOCTYPE",
            "[",
            "]",
            "!",
            "xmlns",
            "xmlns:p='u'",
            "p:",
            ":",
            "\u{feff}",
            "\r\n",
        ])
        .prop_map(|s| s.as_bytes().to_vec()),
        prop::collection::vec(any::<u8>(), 0..4),
    ];
    prop::collection::vec(crumb, 0..40).prop_map(|parts| parts.concat())
}

/// A name, a text of characters XML allows, white space among them.
fn tree() -> impl Strategy<Value = Element> {
    let name = "[A-Za-z_\u{627}-\u{63a}][A-Za-z0-9._\u{627}-\u{63a}-]{0,8}";
    let text = "[ -~\u{85}\u{a0}\u{600}-\u{6ff}\u{2028}\u{10348}\n\t]{0,12}";
    let attributes = prop::collection::btree_map(name, "[ -~\u{600}-\u{6ff}]{0,8}", 0..3);
    let leaf = (name, attributes.clone(), text).prop_map(|(name, attributes, text)| Element {
        name,
        attributes: attributes.into_iter().collect(),
        text,
        children: Vec::new(),
    });
    leaf.prop_recursive(5, 40, 5, move |inner| {
        (name, attributes.clone(), prop::collection::vec(inner, 1..5)).prop_map(
            |(name, attributes, children)| Element {
                name,
                attributes: attributes.into_iter().collect(),
                text: String::new(),
                children,
            },
        )
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read(tree in tree()) {
        let document = written(&tree, "urn:any");
        let mut reader = Reader::new(document.as_bytes(), Limits::message());
        prop_assert!(reader.next().is_ok(), "{document}");
        prop_assert_eq!(reader.namespace(), "urn:any");
        prop_assert_eq!(reader.element_tree(), Ok(tree));
        prop_assert!(matches!(reader.next(), Ok(Event::Eof)));
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in crumbs()) {
        let whole = told(&bytes, Limits::message()).map(|_| ()).map_err(|e| (e.layer, e.path));
        let dripping = told_dripping(&bytes).map(|_| ()).map_err(|e| (e.layer, e.path));
        prop_assert_eq!(whole, dripping);
    }
}
