//! HTML taken apart, far enough for the rules that every page is held to. It reads what our templates
//! write; it is no parser for the HTML of others.

/// A start tag and its attributes, or an end tag.
#[derive(Debug, PartialEq)]
pub(crate) struct Tag<'a> {
    pub(crate) name: &'a str,
    pub(crate) is_end: bool,
    pub(crate) attributes: Vec<(&'a str, &'a str)>,
    /// The text up to the next tag.
    pub(crate) text: &'a str,
}

const VOID: &[&str] = &["br", "hr", "img", "input", "link", "meta"];
/// Elements of SVG are closed in themselves: `<path/>`.
const DRAWN: &[&str] = &["path", "rect", "circle", "use"];

impl<'a> Tag<'a> {
    pub(crate) fn get(&self, name: &str) -> Option<&'a str> {
        self.attributes.iter().find(|(key, _)| *key == name).map(|(_, value)| *value)
    }

    pub(crate) fn is(&self, name: &str) -> bool {
        !self.is_end && self.name == name
    }
}

/// The tags in their order. What cannot be read ends the list with an error.
pub(crate) fn tags(html: &str) -> Result<Vec<Tag<'_>>, String> {
    let mut tags = Vec::new();
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        rest = &rest[start + 1..];
        if let Some(comment) = rest.strip_prefix("!--") {
            rest = comment.split_once("-->").ok_or("a comment has no end")?.1;
            continue;
        }
        let (inside, after) = split_tag(rest).ok_or_else(|| format!("a tag has no end: <{}", head(rest)))?;
        rest = after;
        if inside.starts_with('!') {
            continue;
        }
        let is_end = inside.starts_with('/');
        let inside = inside.trim_start_matches('/').trim_end_matches('/');
        let (name, attributes) = inside.split_once(|c: char| c.is_whitespace()).unwrap_or((inside, ""));
        let text = &rest[..rest.find('<').unwrap_or(rest.len())];
        tags.push(Tag { name, is_end, attributes: read_attributes(attributes)?, text });
    }
    Ok(tags)
}

/// Every element that is opened is closed, inside the one it was opened in.
pub(crate) fn unbalanced(tags: &[Tag<'_>]) -> Option<String> {
    let mut open: Vec<&str> = Vec::new();
    for tag in tags.iter().filter(|tag| !VOID.contains(&tag.name) && !DRAWN.contains(&tag.name)) {
        if !tag.is_end {
            open.push(tag.name);
        } else if open.pop() != Some(tag.name) {
            return Some(format!("</{}> closes what was not open", tag.name));
        }
    }
    open.pop().map(|name| format!("<{name}> is never closed"))
}

/// Splits at the `>` that is in no quoted value.
fn split_tag(text: &str) -> Option<(&str, &str)> {
    let mut is_quoted = false;
    for (at, c) in text.char_indices() {
        match c {
            '"' => is_quoted = !is_quoted,
            '>' if !is_quoted => return Some((&text[..at], &text[at + 1..])),
            _ => {}
        }
    }
    None
}

fn read_attributes(text: &str) -> Result<Vec<(&str, &str)>, String> {
    let mut attributes = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let end = rest.find(|c: char| c == '=' || c.is_whitespace()).unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        let Some(value) = after.strip_prefix('=') else {
            attributes.push((name, ""));
            rest = after.trim_start();
            continue;
        };
        let quoted = value.strip_prefix('"').and_then(|value| value.split_once('"'));
        let (value, after) = quoted.ok_or_else(|| format!("the value of {name} is not in quotes"))?;
        if after.starts_with(|c: char| !c.is_whitespace()) {
            return Err(format!("no space behind the value of {name}"));
        }
        attributes.push((name, value));
        rest = after.trim_start();
    }
    Ok(attributes)
}

fn head(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_and_their_attributes_are_read() {
        let read = tags("<!doctype html><a href=\"/x?a>b\" hidden>hi</a><br><!-- <b> -->").unwrap();
        assert_eq!(read.len(), 3);
        assert_eq!((read[0].name, read[0].get("href"), read[0].text), ("a", Some("/x?a>b"), "hi"));
        assert_eq!((read[0].get("hidden"), read[0].get("class")), (Some(""), None));
        assert!(read[1].is_end && !read[1].is("a"));
        assert_eq!(unbalanced(&read), None);
    }

    #[test]
    fn what_is_broken_is_an_error() {
        for broken in ["<a", "<a href=\"x>", "<a href=x>", "<a href=\"x\"id=\"y\">", "<!-- "] {
            assert!(tags(broken).is_err(), "{broken}");
        }
        for open in ["<p>", "</p>", "<p><b></p></b>", "<ul><li></ul>"] {
            assert!(unbalanced(&tags(open).unwrap()).is_some(), "{open}");
        }
    }
}
