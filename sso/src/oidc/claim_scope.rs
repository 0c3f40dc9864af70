//! The scopes that release claims and the claims they release (OpenID Connect Core section 5.4, and our
//! own scope `identity`).

/// A scope and the claims it releases.
#[derive(Debug, Clone, Copy)]
pub struct Scope {
    /// Its name.
    pub name: &'static str,
    /// The claims, without tags of language.
    pub claims: &'static [&'static str],
}

/// The scope of OpenID Connect itself.
pub const OPENID: &str = "openid";
/// Refresh tokens that outlive the session (OpenID Connect Core section 11).
pub const OFFLINE_ACCESS: &str = "offline_access";
/// The scope with the number of the identity document. Only for people who were verified in person.
pub const IDENTITY: &str = "identity";

/// The scopes that release claims.
pub const SCOPES: [Scope; 5] = [
    Scope {
        name: "profile",
        claims: &["name", "given_name", "middle_name", "family_name", "birthdate", "locale", "updated_at"],
    },
    Scope { name: "email", claims: &["email", "email_verified"] },
    Scope { name: "phone", claims: &["phone_number", "phone_number_verified"] },
    // Addresses of people are not kept; the scope may be asked for and releases nothing.
    Scope { name: "address", claims: &[] },
    Scope { name: IDENTITY, claims: &["identity_kind", "identity_number", "name", "birthdate"] },
];

/// The languages a name is known in, as tags of claims (OpenID Connect Core section 5.2).
pub const NAME_TAGS: [&str; 2] = ["ar", "en"];
/// The claims that are known in both.
pub const NAMES: [&str; 4] = ["name", "given_name", "middle_name", "family_name"];

/// The claims about the authentication, which no consent is asked for.
pub const OF_AUTHENTICATION: [&str; 4] = ["acr", "amr", "auth_time", "sub"];

/// A claim without its tag of language: `name` of `name#ar`.
#[must_use]
pub fn base(claim: &str) -> &str {
    claim.split('#').next().unwrap_or(claim)
}

/// The claim is one of a person's, with a tag of language only where it is known in languages.
#[must_use]
pub fn is_personal(claim: &str) -> bool {
    let known = SCOPES.iter().any(|scope| scope.claims.contains(&base(claim)));
    let tagged = claim.split_once('#');
    known && tagged.is_none_or(|(name, tag)| NAMES.contains(&name) && NAME_TAGS.contains(&tag))
}

/// One of the scopes releases the claim.
#[must_use]
pub fn releases(scopes: &[String], claim: &str) -> bool {
    SCOPES
        .iter()
        .filter(|scope| scopes.iter().any(|asked| asked == scope.name))
        .any(|scope| scope.claims.contains(&base(claim)))
}

/// Every claim about a person, each once.
#[must_use]
pub fn personal_claims() -> Vec<&'static str> {
    let mut claims: Vec<_> = SCOPES.iter().flat_map(|scope| scope.claims).copied().collect();
    claims.sort_unstable();
    claims.dedup();
    claims
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_is_known_with_a_language_only_where_it_has_one() {
        for (claim, known) in [
            ("name", true),
            ("name#ar", true),
            ("family_name#en", true),
            ("birthdate", true),
            ("birthdate#ar", false),
            ("name#fr", false),
            ("sub", false),
            ("password", false),
        ] {
            assert_eq!(is_personal(claim), known, "{claim}");
        }
        let email = ["openid".to_owned(), "email".to_owned()];
        assert!(releases(&email, "email_verified") && !releases(&email, "name"));
    }
}
