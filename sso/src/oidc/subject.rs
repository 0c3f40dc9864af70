//! The name a relying party knows a person by: pairwise per sector (OpenID Connect Core section 8.1), so
//! that two departments cannot join what they know by it, and no number of ours is shown.

use crate::Sso;
use crate::client::Registration;
use crate::jose::base64url;

impl Sso {
    /// The claim `sub` of an account towards a client: 43 characters of base64url.
    #[must_use]
    pub fn subject(&self, account: i64, registration: &Registration) -> String {
        let whom = format!("{account}\n{}", registration.sector());
        base64url(&self.sealer.index("sub", &whom))
    }
}
