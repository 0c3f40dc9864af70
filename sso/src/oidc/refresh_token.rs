//! Refresh tokens: opaque, rotated at each use. The tag proves that a token was made here, so that only a
//! real one from before, and no invented one, is taken for a theft (RFC 9700 section 4.14.2).

use subtle::ConstantTimeEq;
use switch_store::transact;

use crate::Sso;
use crate::audit::{self, Actor, Deed};
use crate::fault::Fault;
use crate::jose::base64url;
use crate::seal::digest;
use crate::store::family;

const PREFIX: &str = "rft";
const SECRET_LEN: usize = 43;
const TAG_BYTES: usize = 16;

/// A token that was made here for a family; whether it is the one in use is for the family's row to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refresh {
    /// The family.
    pub family: i64,
    /// What the row keeps of the one in use.
    pub digest: Vec<u8>,
}

/// A new token of a family: the text for the client and what is kept of it.
#[must_use]
pub fn make(sso: &Sso, family: i64) -> (String, Vec<u8>) {
    let secret = sso.new_token();
    let name = sso.public_ids.show(PREFIX, family);
    let text = format!("{name}.{secret}{}", tag(sso, family, &secret));
    let digest = digest(&text);
    (text, digest)
}

/// Reads a token; `None` for one that was not made here.
#[must_use]
pub fn read(sso: &Sso, text: &str) -> Option<Refresh> {
    let (name, rest) = text.split_once('.')?;
    let family = sso.public_ids.read(PREFIX, name).ok()?;
    let (secret, given) = rest.split_at_checked(SECRET_LEN)?;
    let same: bool = given.as_bytes().ct_eq(tag(sso, family, secret).as_bytes()).into();
    same.then(|| Refresh { family, digest: digest(text) })
}

fn tag(sso: &Sso, family: i64, secret: &str) -> String {
    let whole = sso.sealer.index("refresh token", &format!("{family}\n{secret}"));
    base64url(&whole[..TAG_BYTES])
}

impl Sso {
    /// Ends a family and with it every token of it, and writes down why. Nothing happens to one that was
    /// revoked before.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn revoke_family(
        &self,
        id: i64,
        actor: Actor<'_>,
        act: &'static str,
        because: &'static str,
    ) -> Result<(), Fault> {
        let at = self.now();
        let subject = format!("grant {}", self.public_ids.show("grt", id));
        transact!(self.db, tx => {
            if family::revoke(tx, id, at, because).await? {
                let deed = Deed { at, actor, act, subject: subject.clone(), detail: because.to_owned() };
                audit::write_down(tx, deed).await?;
            }
            Ok(())
        })?;
        self.forget_revoked();
        Ok(())
    }
}
