//! A part of a document held as a whole: one transaction, one header.

use std::io::BufRead;

use super::XmlError;
use super::error::Fault;
use super::xml::{Event, Reader};

/// An element with everything in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Element {
    /// The name without a prefix.
    pub name: String,
    /// Names and values, namespace declarations left out.
    pub attributes: Vec<(String, String)>,
    /// The text of an element that has no children, as written: white space is kept.
    pub text: String,
    /// In the order of the document.
    pub children: Vec<Element>,
}

impl Element {
    /// The value of an attribute.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(own, _)| own == name).map(|(_, value)| &**value)
    }

    /// The first child called `name`.
    #[must_use]
    pub fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }

    /// All children called `name`.
    pub fn children<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The first element at `path`, such as `Cdtr/PstlAdr/Ctry`.
    #[must_use]
    pub fn at(&self, path: &str) -> Option<&Element> {
        path.split('/').try_fold(self, |element, name| element.child(name))
    }

    /// The text of the first element at `path`.
    #[must_use]
    pub fn text_of(&self, path: &str) -> Option<&str> {
        self.at(path).map(|element| &*element.text)
    }
}

impl<R: BufRead> Reader<R> {
    /// The element that was just started, with everything up to its end. [`Limits::tree_max`](super::Limits) bounds it.
    ///
    /// # Errors
    /// Those of [`next`](Self::next); an element larger than the limit; no element was just started.
    pub fn element_tree(&mut self) -> Result<Element, XmlError> {
        let Some(started) = self.started() else {
            return Err(self.error(Fault::xml("no element was just started")));
        };
        let mut open = vec![started];
        let begin = self.consumed();
        loop {
            let event = self.next()?;
            match event {
                Event::Start { name, attributes, .. } => {
                    let attributes = attributes.iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
                    open.push(Element { name: name.to_owned(), attributes, ..Element::default() });
                }
                Event::Text(text) => {
                    if let Some(element) = open.last_mut() {
                        element.text.push_str(text);
                    }
                }
                Event::End | Event::Eof => {
                    let Some(done) = open.pop() else { continue };
                    match open.last_mut() {
                        Some(parent) => parent.children.push(done),
                        None => return Ok(done),
                    }
                }
            }
            if self.consumed() - begin > self.limits().tree_max {
                return Err(self.error(Fault::security("an element with more in it than is held at once")));
            }
        }
    }
}
