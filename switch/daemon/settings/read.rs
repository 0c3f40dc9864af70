//! Reads the settings and says what is wrong with them: the file, the line, the key, one sentence.

use std::fmt;
use std::path::{Path, PathBuf};

use confique::meta::{FieldKind, Meta};
use confique::{Config, Layer};

use super::Settings;

type FileLayer = <Settings as Config>::Layer;

/// Settings with the file they came from.
#[derive(Debug, Clone)]
pub(crate) struct Loaded {
    /// The values.
    pub(crate) settings: Settings,
    /// Where the file lies: relative paths begin here.
    pub(crate) folder: PathBuf,
    file: PathBuf,
    text: String,
}

/// Why the switch does not start. Prints as one sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SettingsError {
    place: String,
    problem: String,
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.problem)
    }
}

impl std::error::Error for SettingsError {}

/// The environment variable of a key.
pub(crate) fn variable(key: &str) -> String {
    format!("SWITCHD_{}", key.replace('.', "_").to_ascii_uppercase())
}

impl Loaded {
    /// Reads and checks a file under the environment of the process.
    ///
    /// # Errors
    /// [`SettingsError`] names file, line and key.
    pub(crate) fn read(file: &Path) -> Result<Self, SettingsError> {
        let at_file = |problem: String| SettingsError { place: file.display().to_string(), problem };
        let text =
            std::fs::read_to_string(file).map_err(|error| at_file(format!("cannot be read: {error}")))?;
        Self::of(file, text)
    }

    /// Checks the text of a file under the environment of the process. What its paths lead to is not read.
    ///
    /// # Errors
    /// [`SettingsError`] names file, line and key.
    pub(crate) fn of(file: &Path, text: String) -> Result<Self, SettingsError> {
        let at_file = |problem: String| SettingsError { place: file.display().to_string(), problem };
        let layer: FileLayer = toml::from_str(&text).map_err(|error| {
            let line = error.span().map(|span| line_at(&text, span.start));
            at_line(file, &text, line, error.message().trim())
        })?;
        let environment = from_environment()?;
        let merged = environment.with_fallback(layer).with_fallback(FileLayer::default_values());
        let settings = Settings::from_layer(merged).map_err(|error| at_file(error.to_string()))?;
        let folder = file.parent().map(Path::to_path_buf).unwrap_or_default();
        let loaded = Self { settings, folder, file: file.to_path_buf(), text };
        loaded.check()?;
        Ok(loaded)
    }

    /// A value that cannot stay, with the place it was given at.
    pub(crate) fn wrong(&self, key: &str, problem: impl Into<String>) -> SettingsError {
        let variable = variable(key);
        let place = match (std::env::var_os(&variable), line_of(&self.text, key)) {
            (Some(_), _) => format!("environment variable {variable} ({key})"),
            (None, Some(line)) => format!("{}, line {line}, {key}", self.file.display()),
            (None, None) => format!("{}, {key} (not set, default)", self.file.display()),
        };
        SettingsError { place, problem: problem.into() }
    }

    /// The file itself.
    pub(crate) fn file(&self) -> &Path {
        &self.file
    }

    /// A path of the settings as it can be opened.
    pub(crate) fn path(&self, path: &Path) -> PathBuf {
        self.folder.join(path)
    }
}

fn from_environment() -> Result<FileLayer, SettingsError> {
    let known = keys(&Settings::META, "");
    for (name, _) in std::env::vars_os() {
        let Some(name) = name.to_str().filter(|name| name.starts_with("SWITCHD_")) else { continue };
        // What the tests tell each other is not for the switch.
        let of_tests = name.starts_with("SWITCHD_TEST_") || name == crate::kill::VARIABLE;
        if !of_tests && !known.iter().any(|key| variable(key) == name) {
            let place = format!("environment variable {name}");
            return Err(SettingsError { place, problem: "is the name of no setting".into() });
        }
    }
    FileLayer::from_env()
        .map_err(|error| SettingsError { place: "environment".into(), problem: error.to_string() })
}

/// Every key, such as `http.tls.cert`.
pub(crate) fn keys(meta: &Meta, path: &str) -> Vec<String> {
    let mut found = Vec::new();
    for field in meta.fields {
        let key = format!("{path}{}", field.name);
        match field.kind {
            FieldKind::Leaf { .. } => found.push(key),
            FieldKind::Nested { meta } => found.extend(keys(meta, &format!("{key}."))),
        }
    }
    found
}

fn line_at(text: &str, byte: usize) -> usize {
    1 + text.bytes().take(byte).filter(|b| *b == b'\n').count()
}

/// An error of the TOML reader, with the key of its line when it has one.
fn at_line(file: &Path, text: &str, line: Option<usize>, problem: &str) -> SettingsError {
    let key = line.and_then(|line| text.lines().nth(line - 1)).and_then(|line| line.split_once('='));
    let place = match (line, key) {
        (Some(line), Some((key, _))) => format!("{}, line {line}, {}", file.display(), key.trim()),
        (Some(line), None) => format!("{}, line {line}", file.display()),
        (None, _) => file.display().to_string(),
    };
    SettingsError { place, problem: problem.replace('\n', " ") }
}

/// The line on which a key is given; understands tables and dotted keys.
fn line_of(text: &str, key: &str) -> Option<usize> {
    let mut table = String::new();
    for (i, line) in text.lines().enumerate() {
        let line = line.trim();
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            table = format!("{}.", name.trim());
        } else if let Some((name, _)) = line.split_once('=')
            && !line.starts_with('#')
            && format!("{table}{}", name.trim()) == key
        {
            return Some(i + 1);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_found_on_its_line() {
        let text =
            "node = 1\n\n[http]\n# listen = 1\nlisten = \"x\"\ntls.key = \"k\"\n[http.tls]\ncert = \"c\"\n";
        for (key, line) in [
            ("node", Some(1)),
            ("http.listen", Some(5)),
            ("http.tls.key", Some(6)),
            ("http.tls.cert", Some(8)),
            ("http.allow_plaintext", None),
        ] {
            assert_eq!(line_of(text, key), line, "{key}");
        }
    }
}
