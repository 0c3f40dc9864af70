//! A change as before and after, field by field.

use jsonwebtoken::jwk::JwkSet;
use serde_json::{Map, Value};

use super::{role_key, scope_name};
use crate::Sso;
use crate::change::Content;
use crate::client::Registration;
use crate::fault::Fault;
use crate::jose;
use crate::store::office::Office;
use crate::store::{client, office};
use crate::visit::Visit;

/// One field that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The name of the field, in words or in the words of the standard.
    pub field: String,
    /// What it was, a line each.
    pub before: Vec<String>,
    /// What it shall be.
    pub after: Vec<String>,
}

impl Difference {
    fn new(field: impl Into<String>, before: &str, after: &str) -> Self {
        let lines = |text: &str| if text.is_empty() { vec![] } else { vec![text.to_owned()] };
        Self { field: field.into(), before: lines(before), after: lines(after) }
    }
}

/// The differences a change makes now.
pub(super) async fn of(visit: &Visit, sso: &Sso, content: &Content) -> Result<Vec<Difference>, Fault> {
    let say = |key| visit.words.say(key);
    Ok(match content {
        Content::GrantRole { role, scope, .. } => {
            let held = format!("{}: {}", say(role_key(*role)), scope_name(visit, scope));
            vec![Difference::new(say("admin-role"), "", &held)]
        }
        Content::WithdrawRole { role, scope, .. } => {
            let held = format!("{}: {}", say(role_key(*role)), scope_name(visit, scope));
            vec![Difference::new(say("admin-role"), &held, "")]
        }
        Content::UnlockAccount { .. } => vec![state(visit, "admin-account-locked", "admin-account-active")],
        Content::CloseAccount { .. } => vec![state(visit, "admin-account-open", "admin-account-closed")],
        Content::ResumeClient { .. } => vec![state(visit, "admin-client-suspended", "admin-client-active")],
        Content::AddClient { registration, .. } => of_registrations(None, registration),
        Content::ChangeClient { client, registration } => {
            let now = client::find_any(&sso.db, client).await?;
            of_registrations(now.as_ref().map(|(client, _)| &client.registration), registration)
        }
        Content::AddOffice { office } => of_offices(None, office),
        Content::ChangeOffice { office } => {
            let now = office::find(&sso.db, &office.code).await?;
            of_offices(now.as_ref(), office)
        }
    })
}

fn state(visit: &Visit, before: &str, after: &str) -> Difference {
    Difference::new(visit.words.say("admin-state"), &visit.words.say(before), &visit.words.say(after))
}

fn of_offices(before: Option<&Office>, after: &Office) -> Vec<Difference> {
    let json = |office: &Office| {
        let mut fields = fields(serde_json::to_value(office));
        fields.remove("version");
        fields
    };
    differing(&before.map(json).unwrap_or_default(), &json(after))
}

/// The fields of two registrations that differ, keys as their thumbprints.
#[must_use]
pub fn of_registrations(before: Option<&Registration>, after: &Registration) -> Vec<Difference> {
    let json = |registration: &Registration| {
        let mut fields = fields(serde_json::to_value(registration));
        if let Some(set) = &registration.jwks {
            fields.insert("jwks".into(), thumbprints(set).into());
        }
        fields
    };
    differing(&before.map(json).unwrap_or_default(), &json(after))
}

fn fields(value: serde_json::Result<Value>) -> Map<String, Value> {
    match value {
        Ok(Value::Object(fields)) => fields,
        Ok(_) | Err(_) => Map::new(), // ours are objects
    }
}

/// `kid`, algorithm and thumbprint (RFC 7638) of each key.
#[must_use]
pub fn thumbprints(set: &JwkSet) -> Vec<String> {
    let one = |key: &jsonwebtoken::jwk::Jwk| {
        let kid = key.common.key_id.as_deref().unwrap_or("-");
        format!("{kid} {}", jose::thumbprint(key).unwrap_or_default())
    };
    set.keys.iter().map(one).collect()
}

fn differing(before: &Map<String, Value>, after: &Map<String, Value>) -> Vec<Difference> {
    let mut names: Vec<&String> = before.keys().chain(after.keys()).collect();
    names.sort_unstable();
    names.dedup();
    let lines = |fields: &Map<String, Value>, name: &str| fields.get(name).map(lines_of).unwrap_or_default();
    let all = names.into_iter().map(|name| Difference {
        field: name.clone(),
        before: lines(before, name),
        after: lines(after, name),
    });
    all.filter(|one| one.before != one.after).collect()
}

fn lines_of(value: &Value) -> Vec<String> {
    match value {
        Value::Null => Vec::new(),
        Value::String(text) => vec![text.clone()],
        Value::Bool(_) | Value::Number(_) => vec![value.to_string()],
        Value::Array(list) => list.iter().flat_map(lines_of).collect(),
        Value::Object(fields) => {
            let line = |(name, value): (&String, &Value)| format!("{name}: {}", lines_of(value).join(", "));
            fields.iter().map(line).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn registration(redirects: Value, scopes: Value) -> Registration {
        serde_json::from_value(json!({
            "client_name": { "ar": "س", "en": "x" }, "profile": "baseline",
            "token_endpoint_auth_method": "none", "grant_types": ["authorization_code"],
            "scopes": scopes, "redirect_uris": redirects,
        }))
        .expect("a registration")
    }

    #[test]
    fn only_what_differs_is_shown() {
        let before = registration(json!(["https://a.example.ps/"]), json!(["openid"]));
        let after =
            registration(json!(["https://a.example.ps/", "https://b.example.ps/"]), json!(["openid"]));
        let found = of_registrations(Some(&before), &after);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].field, "redirect_uris");
        assert_eq!(found[0].before, ["https://a.example.ps/"]);
        assert_eq!(found[0].after, ["https://a.example.ps/", "https://b.example.ps/"]);
        assert!(of_registrations(Some(&before), &before).is_empty());
        assert!(of_registrations(None, &after).len() >= 6, "everything is new");
    }
}
