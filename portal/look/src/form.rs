//! What a visitor typed and what was wrong with it, for showing a form again. It checks nothing itself.

/// The values and refusals of the form on a page; empty on a fresh one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Form {
    values: Vec<(String, String)>,
    refusals: Vec<Refusal>,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The name of the field, which is also its id.
    pub field: String,
    /// A whole sentence in the visitor's language, saying what to do about it.
    pub message: String,
}

impl Form {
    /// An empty form.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same form with a value in a field. Never a password or a code: those are typed again.
    pub fn with(mut self, field: &str, value: &str) -> Self {
        self.values.push((field.to_owned(), value.to_owned()));
        self
    }

    /// Says what is wrong with a field; `message` is a sentence, not a key.
    pub fn refuse(&mut self, field: &str, message: impl Into<String>) {
        self.refusals.push(Refusal { field: field.to_owned(), message: message.into() });
    }

    /// What is in a field, or nothing.
    pub fn value(&self, field: &str) -> &str {
        self.values.iter().find(|(name, _)| name == field).map_or("", |(_, value)| value)
    }

    /// Whether this value is among those of a field: chosen radio buttons, ticked boxes, options.
    pub fn has(&self, field: &str, value: &str) -> bool {
        self.values.iter().any(|pair| pair.0 == field && pair.1 == value)
    }

    /// What is wrong with a field.
    pub fn refusal(&self, field: &str) -> Option<&str> {
        self.refusals.iter().find(|refusal| refusal.field == field).map(|refusal| refusal.message.as_str())
    }

    /// Everything that is wrong, in the order of the fields.
    pub fn refusals(&self) -> &[Refusal] {
        &self.refusals
    }

    /// Whether anything is wrong.
    pub fn is_refused(&self) -> bool {
        !self.refusals.is_empty()
    }

    /// The ids of what describes a field, for `aria-describedby`; empty when nothing does.
    pub fn described_by(&self, field: &str, hint: &str) -> String {
        let hint = (!hint.is_empty()).then(|| format!("{field}-hint"));
        let error = self.refusal(field).map(|_| format!("{field}-error"));
        hint.into_iter().chain(error).collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_remembers_values_and_refusals() {
        let mut form = Form::new().with("office", "ramallah").with("day", "sun").with("day", "mon");
        assert!(!form.is_refused());
        form.refuse("office", "Choose an office that is open.");
        assert_eq!((form.value("office"), form.value("none")), ("ramallah", ""));
        assert!(form.has("day", "mon") && !form.has("day", "tue"));
        assert_eq!(form.refusal("office"), Some("Choose an office that is open."));
        assert_eq!(form.refusal("day"), None);
        assert_eq!(form.described_by("office", "office-help"), "office-hint office-error");
        assert_eq!(form.described_by("day", ""), "");
    }
}
