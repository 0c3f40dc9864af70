//! The departments and services that may be billed, from the files of `config/services`.

use std::collections::HashMap;

use serde::Deserialize;

use crate::problem::Flaw;
use crate::settings::{Loaded, SettingsError};

/// What may be billed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Catalogue {
    departments: HashMap<String, Department>,
    services: HashMap<String, Service>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    department: Vec<Department>,
    #[serde(default)]
    service: Vec<Service>,
}

/// An authority that is owed money.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Department {
    code: String,
    name_ar: String,
    name_en: String,
    account: String,
}

/// What a department does for citizens.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Service {
    /// Its code, unique among all.
    pub(crate) code: String,
    /// The department it belongs to.
    pub(crate) department: String,
    /// In Arabic.
    pub(crate) name_ar: String,
    /// In English.
    pub(crate) name_en: String,
    kind: Kind,
    /// What it usually costs.
    pub(crate) fee: Option<String>,
    /// The currency of the fee.
    pub(crate) currency: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Paid,
    Inquiry,
}

impl Catalogue {
    /// Reads the files the settings name.
    ///
    /// # Errors
    /// [`SettingsError`] names the file and its line.
    pub(crate) fn read(loaded: &Loaded) -> Result<Self, SettingsError> {
        let mut catalogue = Self::default();
        for path in &loaded.settings.catalogue {
            let path = loaded.path(path);
            let wrong = |problem: String| loaded.wrong("catalogue", format!("{}: {problem}", path.display()));
            let text = std::fs::read_to_string(&path).map_err(|error| wrong(error.to_string()))?;
            catalogue.take(&text).map_err(wrong)?;
        }
        Ok(catalogue)
    }

    /// Takes up the text of one file.
    ///
    /// # Errors
    /// A sentence, with the line where the text is not readable.
    pub(crate) fn take(&mut self, text: &str) -> Result<(), String> {
        self.add(toml::from_str(text).map_err(|error| one_line(&error, text))?)
    }

    fn add(&mut self, file: File) -> Result<(), String> {
        for department in file.department {
            if let Some(twice) = self.departments.insert(department.code.clone(), department) {
                return Err(format!("department {} stands twice", twice.code));
            }
        }
        for service in file.service {
            if !self.departments.contains_key(&service.department) {
                return Err(format!("service {} is of no department: {}", service.code, service.department));
            }
            if let Some(twice) = self.services.insert(service.code.clone(), service) {
                return Err(format!("service {} stands twice", twice.code));
            }
        }
        Ok(())
    }

    /// Whether a department may bill a service, or which of the two is wrong.
    pub(crate) fn paid(&self, department: &str, service: &str) -> Result<(), Flaw> {
        if !self.departments.contains_key(department) {
            return Err(Flaw::UnknownDepartment);
        }
        match self.services.get(service) {
            Some(known) if known.department == department && known.kind == Kind::Paid => Ok(()),
            Some(_) | None => Err(Flaw::UnknownService),
        }
    }

    /// Code and names of each department, Arabic first, in the order of their codes.
    pub(crate) fn departments(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        let mut all: Vec<_> = self.departments.values().collect();
        all.sort_by(|a, b| a.code.cmp(&b.code));
        all.into_iter().map(|one| (one.code.as_str(), one.name_ar.as_str(), one.name_en.as_str()))
    }

    /// The account each department is settled to.
    pub(crate) fn settlement_accounts(&self) -> HashMap<String, String> {
        self.departments.iter().map(|(code, department)| (code.clone(), department.account.clone())).collect()
    }

    /// A service by its code.
    pub(crate) fn service(&self, code: &str) -> Option<&Service> {
        self.services.get(code)
    }
}

fn one_line(error: &toml::de::Error, text: &str) -> String {
    let line = error.span().map_or(0, |span| 1 + text[..span.start.min(text.len())].matches('\n').count());
    format!("line {line}: {}", error.message().replace('\n', " "))
}
