//! What stands around every page: its language, its title, the service it belongs to, who is visiting.

use std::borrow::Cow;

use crate::shapes::shape;
use crate::{Digits, Form, Language, StaticLoader, Value, Words, assets};

/// Everything `layout.html` asks for. Every page struct has one in a field `frame`.
#[derive(Clone)]
pub struct Frame {
    /// The words of the crate the page is in.
    pub words: Words,
    /// The heading and the title of the window, in words.
    pub title: String,
    /// The path and query of this page, which the language switch leads back to.
    pub here: String,
    /// The service the page belongs to, shown beside the name of the portal.
    pub service: Option<Place>,
    /// Who is signed in.
    pub visitor: Option<Visitor>,
    /// The token every form sends back; a page with a form has one.
    pub csrf: Option<String>,
    /// What was typed and what was wrong with it.
    pub form: Form,
    /// A line above everything, in words: that this is a sandbox, that a service is down tonight.
    pub banner: Option<String>,
    /// Where the links of header and footer lead.
    pub links: Links,
    /// Pages are personal and never kept by a cache, unless they are public.
    pub is_public: bool,
    /// Hosts besides our own that the forms of this page may end at, as origins. Browsers hold redirects
    /// after a form to `form-action` too: a page before a `redirect_uri` names its origin here.
    pub form_action: Vec<String>,
}

/// Who is signed in, as the header shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visitor {
    /// The name to greet.
    pub name: String,
    /// The level of assurance of this sign-in, 1 to 3.
    pub level: u8,
}

/// Something with a name and an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// In words.
    pub name: String,
    /// Where it is.
    pub href: String,
}

/// Where the links of header and footer lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Links {
    /// The first page of the portal.
    pub home: Cow<'static, str>,
    /// The visitor's own account.
    pub account: Cow<'static, str>,
    /// What the sign-out form posts to.
    pub sign_out: Cow<'static, str>,
    /// Help and contact.
    pub help: Cow<'static, str>,
    /// The accessibility statement.
    pub accessibility: Cow<'static, str>,
    /// What we keep about people, and why.
    pub privacy: Cow<'static, str>,
}

impl Default for Links {
    fn default() -> Self {
        Self {
            home: "/".into(),
            account: "/account".into(),
            sign_out: "/sign-out".into(),
            help: "/help".into(),
            accessibility: "/accessibility".into(),
            privacy: "/privacy".into(),
        }
    }
}

impl Frame {
    /// A personal page for nobody in particular, with the title that `title_key` names.
    pub fn new(words: Words, title_key: &str, here: impl Into<String>) -> Self {
        Self {
            words,
            title: words.say(title_key),
            here: here.into(),
            service: None,
            visitor: None,
            csrf: None,
            form: Form::new(),
            banner: None,
            links: Links::default(),
            is_public: false,
            form_action: Vec::new(),
        }
    }

    /// The frame that samples are drawn in: a token, and nobody signed in.
    pub fn sample(language: Language, loader: &'static StaticLoader) -> Self {
        let words = Words::new(language, Digits::Western, loader);
        let mut frame = Self::new(words, "portal", "/sample");
        frame.csrf = Some("sample-token".to_owned());
        frame
    }

    /// The same frame with the title that `key` names: what samples begin with.
    pub fn titled(mut self, key: &str) -> Self {
        self.title = self.words.say(key);
        self
    }

    /// The same frame for someone who is signed in.
    pub fn visited(mut self, name: &str, level: u8) -> Self {
        self.visitor = Some(Visitor { name: name.to_owned(), level });
        self
    }

    /// The same frame with a form to show again.
    pub fn filled(mut self, form: Form) -> Self {
        self.form = form;
        self
    }

    /// A message without variables.
    pub fn say(&self, key: &str) -> String {
        self.words.say(key)
    }

    /// A message with its variables.
    pub fn fill<'a, V: Into<Value<'a>> + Clone>(&self, key: &str, values: &[(&'static str, V)]) -> String {
        self.words.fill(key, values)
    }

    /// A number, date or amount in the visitor's digits.
    pub fn show(&self, text: impl std::fmt::Display) -> String {
        self.words.digits.show(&text.to_string())
    }

    /// The address of an embedded file.
    pub fn asset(&self, name: &str) -> &'static str {
        assets::url(name)
    }

    /// The shape that stands beside the word of a state.
    pub fn shape(&self, kind: &str) -> &'static str {
        shape(kind)
    }

    /// This page in the other language.
    pub fn switch_href(&self) -> String {
        let (path, query) = self.here.split_once('?').unwrap_or((&self.here, ""));
        let kept = query.split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("lang="));
        let chosen = format!("lang={}", self.words.language.other());
        let query: Vec<&str> = kept.chain([chosen.as_str()]).collect();
        format!("{path}?{}", query.join("&"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::OWN;

    #[test]
    fn the_language_switch_leads_back_to_the_same_page() {
        let mut frame = Frame::sample(Language::Arabic, &OWN);
        for (here, expected) in [
            ("/sign-in", "/sign-in?lang=en"),
            ("/sign-in?lang=ar", "/sign-in?lang=en"),
            ("/authorize?a=1&lang=ar&b=2", "/authorize?a=1&b=2&lang=en"),
            ("/authorize?", "/authorize?lang=en"),
        ] {
            here.clone_into(&mut frame.here);
            assert_eq!(frame.switch_href(), expected);
        }
    }
}
