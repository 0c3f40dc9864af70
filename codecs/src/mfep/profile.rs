//! How a counterparty wants to be written to. Reading needs no profile: every form seen is understood.
//!
//! A profile is a TOML file; the built-in ones are under `profiles/`. What the counterparty's own specification says
//! belongs there and not in code. A key that is unknown is refused.

use std::sync::Arc;

use serde::Deserialize;

use super::name::own_spelling;
use super::stamp::StampForm;
use crate::iso4217::Currency;
use crate::signature::Algorithm;

/// The syntax of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// RFC 8259.
    Json,
    /// XML 1.0.
    Xml,
}

/// The envelope around an XML message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Deserialize)]
pub enum Soap {
    /// None.
    #[default]
    #[serde(rename = "none")]
    None,
    /// SOAP 1.1.
    #[serde(rename = "1.1")]
    V11,
    /// SOAP 1.2.
    #[serde(rename = "1.2")]
    V12,
}

impl Soap {
    pub(super) const fn namespace(self) -> Option<&'static str> {
        match self {
            Soap::None => None,
            Soap::V11 => Some("http://schemas.xmlsoap.org/soap/envelope/"),
            Soap::V12 => Some("http://www.w3.org/2003/05/soap-envelope"),
        }
    }
}

/// How many decimals an amount is written with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AmountDecimals {
    /// As many as it was made with.
    #[default]
    AsWritten,
    /// As many as its currency has: three for the dinar.
    Currency,
}

/// Where transactions stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Nesting {
    /// `Transactions/TrxInf`.
    #[default]
    Nested,
    /// `TrxInf`.
    Flat,
    /// `BillingInfo`; one transaction only.
    BillingInfo,
}

/// How a list of one is written in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Single {
    /// As an object.
    #[default]
    Object,
    /// As a list.
    List,
}

/// How whole numbers that are codes are written in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scalar {
    /// As what they are: numbers, `true` and `false`.
    #[default]
    Bare,
    /// As texts.
    String,
}

/// What of the body is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Over {
    /// The whole value: `<MsgBody>…</MsgBody>`, or the object under `MsgBody`.
    #[default]
    Element,
    /// What is between the tags, or the braces.
    Content,
}

/// In which encoding it is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Deserialize)]
pub enum Encoding {
    /// The bytes as they are sent.
    #[default]
    #[serde(rename = "utf-8")]
    Utf8,
    /// As one public client of the scheme did it.
    #[serde(rename = "utf-16le")]
    Utf16Le,
}

/// How bodies are signed. The algorithm of the scheme is not public: it is a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Signing {
    /// The algorithm.
    pub kind: Algorithm,
    /// What of the body.
    pub over: Over,
    /// In which encoding.
    pub encoding: Encoding,
}

/// A counterparty's form of messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    pub(super) settings: Settings,
    pub(super) currency: Option<Currency>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Settings {
    pub(super) format: Format,
    #[serde(default)]
    pub(super) soap: Soap,
    /// The namespace of the services, and the parameter a request stands in.
    #[serde(default = "service_namespace")]
    pub(super) service_namespace: String,
    #[serde(default = "parameter")]
    pub(super) parameter: String,
    #[serde(default)]
    pub(super) declaration: bool,
    /// Spaces a level; none puts everything on one line.
    #[serde(default)]
    pub(super) indent: u8,
    #[serde(default)]
    pub(super) stamps: StampForm,
    #[serde(default)]
    pub(super) amount_decimals: AmountDecimals,
    #[serde(default = "as_string")]
    pub(super) amounts: Scalar,
    #[serde(default)]
    pub(super) codes: Scalar,
    #[serde(default)]
    pub(super) flags: Scalar,
    /// Of amounts whose message names none.
    currency: Option<String>,
    #[serde(default)]
    pub(super) transactions: Nesting,
    #[serde(default)]
    pub(super) prepaid_transactions: Nesting,
    #[serde(default)]
    pub(super) acknowledgements: Nesting,
    #[serde(default)]
    pub(super) one_transaction: Single,
    #[serde(default = "as_list")]
    pub(super) one_bill: Single,
    /// Answers say whom they are for.
    #[serde(default)]
    pub(super) receiver_in_answers: bool,
    /// Bills inside `BillsRec`.
    #[serde(default)]
    pub(super) bills_rec: bool,
    /// JSON: `SubPmts` is the list itself.
    #[serde(default)]
    pub(super) sub_pmts_list: bool,
    /// Other spellings of names.
    #[serde(default)]
    names: std::collections::BTreeMap<String, String>,
    #[serde(default)]
    pub(super) signature: Signing,
}

fn service_namespace() -> String {
    "http://tempuri.org/".to_owned()
}

fn parameter() -> String {
    "request".to_owned()
}

const fn as_string() -> Scalar {
    Scalar::String
}

const fn as_list() -> Single {
    Single::List
}

/// Why a file is no profile.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// Not TOML, or a key or value there is not.
    #[error("{0}")]
    Toml(#[from] toml::de::Error),
    /// A currency ISO 4217 does not have, or one without a minor unit.
    #[error("currency = {0:?} is no currency with a minor unit")]
    Currency(String),
    /// A spelling that would not be read back as the name.
    #[error("names.{0} = {1:?} is not a spelling of that name")]
    Name(String, String),
    /// A setting of one format in the other.
    #[error("{0}")]
    Conflict(&'static str),
}

macro_rules! built_in {
    ($($name:literal)*) => {
        /// Name and text of each built-in profile.
        const BUILT_IN: &[(&str, &str)] = &[$(($name, include_str!(concat!("profiles/", $name, ".toml")))),*];

        impl Profile {
            /// The names of the built-in profiles.
            pub const NAMES: &'static [&'static str] = &[$($name),*];
        }
    };
}

built_in! { "biller-json" "biller-xml" "agent-soap" "fawateer-soap" }

impl Profile {
    /// A built-in profile.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Arc<Self>> {
        let (_, text) = BUILT_IN.iter().find(|(known, _)| *known == name)?;
        Self::from_toml(text).ok().map(Arc::new)
    }

    /// Reads a profile from its file.
    ///
    /// # Errors
    /// [`ProfileError`] names the key.
    pub fn from_toml(text: &str) -> Result<Self, ProfileError> {
        let settings: Settings = toml::from_str(text)?;
        let code = settings.currency.as_deref();
        let currency = code.and_then(Currency::by_code).filter(|currency| currency.decimals().is_some());
        if let (Some(code), None) = (code, currency) {
            return Err(ProfileError::Currency(code.to_owned()));
        }
        for (name, spelling) in &settings.names {
            if !own_spelling(name).is_some_and(|own| own == name && own_spelling(spelling) == Some(own)) {
                return Err(ProfileError::Name(name.clone(), spelling.clone()));
            }
        }
        settings.check().map_err(ProfileError::Conflict)?;
        Ok(Profile { settings, currency })
    }

    /// JSON or XML.
    #[must_use]
    pub const fn format(&self) -> Format {
        self.settings.format
    }

    /// The currency of amounts whose message names none.
    #[must_use]
    pub const fn currency(&self) -> Option<Currency> {
        self.currency
    }

    /// How bodies are signed.
    #[must_use]
    pub const fn signing(&self) -> Signing {
        self.settings.signature
    }

    /// The counterparty's spelling of a name.
    pub(super) fn spelling<'s>(&'s self, name: &'s str) -> &'s str {
        if self.settings.names.is_empty() {
            return name;
        }
        self.settings.names.get(name).map_or(name, String::as_str)
    }
}

impl Settings {
    fn check(&self) -> Result<(), &'static str> {
        if self.format == Format::Json && (self.soap != Soap::None || self.declaration) {
            return Err("soap and declaration are settings of XML");
        }
        if self.amount_decimals == AmountDecimals::Currency && self.currency.is_none() {
            return Err("amount_decimals = \"currency\" needs currency, for messages that name none");
        }
        if self.indent > 8 {
            return Err("indent is at most 8");
        }
        let is_name = |text: &str| {
            text.starts_with(|c: char| c.is_ascii_alphabetic())
                && text.bytes().all(|c| c.is_ascii_alphanumeric())
        };
        let is_uri = |text: &str| text.bytes().all(|c| c.is_ascii_graphic() && !b"<>&\"'".contains(&c));
        if !is_name(&self.parameter)
            || !is_uri(&self.service_namespace)
            || self.parameter.eq_ignore_ascii_case("guid")
        {
            return Err("parameter is a name and service_namespace a URI");
        }
        Ok(())
    }
}
