//! The claims about a person: what a grant allows, and not one more (OpenID Connect Core section 5).

use serde_json::{Map, Value, json};

use super::claim_scope::{NAME_TAGS, NAMES, SCOPES, is_personal};
use super::granted::Granted;
use crate::person::Name;
use crate::store::account::Account;

/// The answer a claim goes into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Into {
    /// The ID token: only what was asked for by the parameter `claims`.
    IdToken,
    /// The userinfo endpoint: what the scopes release, and what was asked for.
    Userinfo,
}

/// What a grant releases about an account.
#[must_use]
pub fn released(granted: &Granted, account: &Account, into: Into) -> Map<String, Value> {
    let section = if into == Into::IdToken { "id_token" } else { "userinfo" };
    let single = granted.claims.get(section).and_then(Value::as_object);
    let single = single.into_iter().flat_map(|asked| asked.keys().cloned());
    let of_scopes = SCOPES
        .iter()
        .filter(|scope| into == Into::Userinfo && granted.has(scope.name))
        .flat_map(|scope| scope.claims.iter().flat_map(|claim| in_all_languages(claim)));
    of_scopes
        .chain(single)
        .filter(|name| is_personal(name))
        .filter_map(|name| value(account, &name).map(|value| (name, value)))
        .collect()
}

fn in_all_languages(claim: &str) -> Vec<String> {
    let tags = NAME_TAGS.iter().filter(|_| NAMES.contains(&claim)).map(|tag| format!("{claim}#{tag}"));
    std::iter::once(claim.to_owned()).chain(tags).collect()
}

/// The value of a claim, where it is known.
fn value(account: &Account, claim: &str) -> Option<Value> {
    let person = &account.person;
    let (base, tag) = claim.split_once('#').map_or((claim, "ar"), |(base, tag)| (base, tag));
    let name = || if tag == "en" { person.name_latin.as_ref() } else { Some(&person.name) };
    Some(match base {
        "name" => name()?.full().into(),
        "given_name" => text(&name()?.given)?,
        "middle_name" => text(&middle(name()?))?,
        "family_name" => text(&name()?.family)?,
        "birthdate" => person.born.to_string().into(),
        "locale" => account.language.as_str().into(),
        "updated_at" => account.activated_at.unwrap_or(account.created_at).0.div_euclid(1000).into(),
        "email" => text(person.email.as_deref()?)?,
        // Neither is kept with a proof that its owner answers there, and what is not known is not said.
        "email_verified" => person.email.as_ref().map(|_| json!(false))?,
        "phone_number" => text(&person.mobile)?,
        "phone_number_verified" => json!(false),
        "identity_kind" => person.identity_kind.as_str().into(),
        "identity_number" => person.identity_number.as_str().into(),
        _ => return None,
    })
}

fn text(value: &str) -> Option<Value> {
    (!value.is_empty()).then(|| value.into())
}

fn middle(name: &Name) -> String {
    let parts = [&name.father, &name.grandfather];
    parts.into_iter().filter(|part| !part.is_empty()).map(String::as_str).collect::<Vec<_>>().join(" ")
}
