//! The parameter `claims` (OpenID Connect Core section 5.5): single claims, where they are wanted, and
//! how much.

use serde_json::{Map, Value, json};

use super::claim_scope::{self, OF_AUTHENTICATION};
use super::error::OAuthError;
use crate::level::Loa;

/// One claim that is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Requested {
    /// Its name, a tag of language included.
    pub name: String,
    /// The client says it cannot do without.
    pub is_essential: bool,
    /// The values it wants; empty for any.
    pub values: Vec<Value>,
}

/// What is asked for, by the place of its answer. Claims that are not known are left out, as the standard
/// asks.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RequestedClaims {
    /// In the ID token.
    pub id_token: Vec<Requested>,
    /// From the userinfo endpoint.
    pub userinfo: Vec<Requested>,
}

impl RequestedClaims {
    /// Reads the parameter.
    ///
    /// # Errors
    /// `invalid_request`.
    pub fn parse(text: &str) -> Result<Self, OAuthError> {
        let refused = || OAuthError::request("claims is not a JSON object of id_token and userinfo");
        let value: Value = serde_json::from_str(text).map_err(|_| refused())?;
        let value = value.as_object().ok_or_else(refused)?;
        Ok(Self {
            id_token: section(value, "id_token").ok_or_else(refused)?,
            userinfo: section(value, "userinfo").ok_or_else(refused)?,
        })
    }

    /// Each personal claim that is asked for, once; essential when it is anywhere.
    #[must_use]
    pub fn personal(&self) -> Vec<(String, bool)> {
        let mut found: Vec<(String, bool)> = Vec::new();
        for asked in self.id_token.iter().chain(&self.userinfo) {
            match found.iter_mut().find(|(name, _)| *name == asked.name) {
                Some(known) => known.1 |= asked.is_essential,
                None if claim_scope::is_personal(&asked.name) => {
                    found.push((asked.name.clone(), asked.is_essential));
                }
                None => {}
            }
        }
        found
    }

    /// The levels the ID token must have, where the client says that one of them is essential.
    #[must_use]
    pub fn essential_levels(&self) -> Option<Vec<Loa>> {
        self.acr().filter(|asked| asked.is_essential && !asked.values.is_empty()).map(levels)
    }

    /// The levels the client would like the ID token to have.
    #[must_use]
    pub fn voluntary_levels(&self) -> Vec<Loa> {
        self.acr().filter(|asked| !asked.is_essential).map(levels).unwrap_or_default()
    }

    fn acr(&self) -> Option<&Requested> {
        self.id_token.iter().find(|asked| asked.name == "acr")
    }

    /// The only subject the client takes, where it names one.
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        let named = self.id_token.iter().chain(&self.userinfo).find(|asked| asked.name == "sub");
        named.and_then(|asked| asked.values.first()).and_then(Value::as_str)
    }

    /// What of it is allowed, as a grant keeps it.
    pub fn allowed(&self, may: impl Fn(&str) -> bool) -> Value {
        let kept = |list: &[Requested]| {
            let kept = list.iter().filter(|asked| !claim_scope::is_personal(&asked.name) || may(&asked.name));
            kept.map(|asked| (asked.name.clone(), json!({ "essential": asked.is_essential })))
                .collect::<Map<_, _>>()
        };
        let (id_token, userinfo) = (kept(&self.id_token), kept(&self.userinfo));
        if id_token.is_empty() && userinfo.is_empty() {
            return Value::Null;
        }
        json!({ "id_token": id_token, "userinfo": userinfo })
    }
}

fn levels(asked: &Requested) -> Vec<Loa> {
    asked.values.iter().filter_map(Value::as_str).filter_map(Loa::parse).collect()
}

fn section(object: &Map<String, Value>, name: &str) -> Option<Vec<Requested>> {
    match object.get(name) {
        None | Some(Value::Null) => Some(Vec::new()),
        Some(Value::Object(asked)) => {
            let known = |name: &str| claim_scope::is_personal(name) || OF_AUTHENTICATION.contains(&name);
            asked.iter().filter(|(name, _)| known(name)).map(|(name, how)| requested(name, how)).collect()
        }
        Some(_) => None,
    }
}

fn requested(name: &str, how: &Value) -> Option<Requested> {
    let name = name.to_owned();
    let object = match how {
        Value::Null => return Some(Requested { name, is_essential: false, values: Vec::new() }),
        Value::Object(object) => object,
        _ => return None,
    };
    let is_essential = match object.get("essential") {
        None => false,
        Some(Value::Bool(is_essential)) => *is_essential,
        Some(_) => return None,
    };
    let values = match (object.get("value"), object.get("values")) {
        (None, None) => Vec::new(),
        (Some(one), None) => vec![one.clone()],
        (None, Some(Value::Array(several))) => several.clone(),
        _ => return None,
    };
    Some(Requested { name, is_essential, values })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_is_read_and_the_rest_is_left_out() {
        let asked = RequestedClaims::parse(
            r#"{"userinfo": {"email": {"essential": true}, "picture": null, "phone_number": null},
                "id_token": {"acr": {"essential": true, "values": ["urn:hukumati:loa:2", "x"]},
                             "phone_number": {"essential": true}, "sub": {"value": "abc"}},
                "other": 7}"#,
        )
        .expect("it is well formed");
        assert_eq!(asked.personal(), [("phone_number".to_owned(), true), ("email".to_owned(), true)]);
        assert_eq!(asked.essential_levels(), Some(vec![Loa::SecondFactor]));
        assert_eq!(asked.subject(), Some("abc"));
        let allowed = asked.allowed(|name| name == "email");
        assert_eq!(allowed["userinfo"], json!({ "email": { "essential": true } }));
        assert!(allowed["id_token"].get("phone_number").is_none());
        assert_eq!(RequestedClaims::parse("{}").expect("empty").allowed(|_| true), Value::Null);
    }

    #[test]
    fn what_is_no_request_for_claims_is_refused() {
        for text in [
            "",
            "[]",
            "7",
            "{",
            r#"{"id_token": 7}"#,
            r#"{"userinfo": []}"#,
            r#"{"userinfo": {"email": 7}}"#,
            r#"{"userinfo": {"email": {"essential": "yes"}}}"#,
            r#"{"userinfo": {"email": {"values": "x"}}}"#,
            r#"{"userinfo": {"email": {"value": 1, "values": [1]}}}"#,
        ] {
            assert!(RequestedClaims::parse(text).is_err(), "{text}");
        }
    }
}
