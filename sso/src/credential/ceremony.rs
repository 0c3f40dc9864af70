//! What is begun in one request and finished in another: its state lies sealed in the database, so that any
//! node can finish it, and the browser keeps a secret that finds it. It is finished once.

use axum::http::{HeaderMap, HeaderValue};
use serde::Serialize;
use serde::de::DeserializeOwned;
use switch_store::transact;

use crate::Sso;
use crate::fault::Fault;
use crate::seal::{Place, digest};
use crate::session::{cookie, set_cookie};
use crate::store::ceremony::{self as rows, NewCeremony};

/// A kind of ceremony, with what belongs to all of its kind.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// The word in the database, which is also what its state is sealed for.
    pub word: &'static str,
    /// The cookie the browser keeps its secret in.
    pub cookie: &'static str,
    /// How long it lasts.
    pub seconds: i64,
    /// How many answers it takes.
    pub tries: i64,
}

impl Kind {
    /// The secret a browser keeps.
    #[must_use]
    pub fn token<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        cookie(headers, self.cookie).filter(|token| token.len() == 43)
    }

    /// Gives the browser the secret.
    #[must_use]
    pub fn keep(&self, token: &str) -> HeaderValue {
        set_cookie(self.cookie, token, self.seconds)
    }

    /// Takes it away.
    #[must_use]
    pub fn forget(&self) -> HeaderValue {
        set_cookie(self.cookie, "", 0)
    }

    fn place(&self, digest: &[u8]) -> Place {
        let row = digest.first_chunk().map_or(0, |bytes| i64::from_be_bytes(*bytes));
        Place { field: self.word, row }
    }
}

impl Sso {
    /// Begins a ceremony; the secret for the browser.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn begin_ceremony<T: Serialize>(&self, kind: &Kind, state: &T) -> Result<String, Fault> {
        let token = self.new_token();
        let digest = digest(&token);
        let state = serde_json::to_vec(state).map_err(|_| Fault::Corrupt("ceremony.state"))?;
        let ceremony = NewCeremony {
            state: self.sealer.seal(kind.place(&digest), &state)?,
            digest,
            kind: kind.word,
            tries: kind.tries,
            expires_at: self.now().plus_ms(kind.seconds * 1_000),
        };
        transact!(self.db, tx => rows::add(tx, &ceremony).await)?;
        Ok(token)
    }

    /// What a ceremony is about, while it lasts.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn look_at_ceremony<T: DeserializeOwned>(
        &self,
        kind: &Kind,
        token: &str,
    ) -> Result<Option<T>, Fault> {
        let digest = digest(token);
        let state = rows::look(&self.db, digest.clone(), kind.word, self.now()).await?;
        self.opened_ceremony(kind, &digest, state)
    }

    /// The same, and one of its tries is taken; `None` when none is left.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn try_ceremony<T: DeserializeOwned>(
        &self,
        kind: &Kind,
        token: &str,
    ) -> Result<Option<T>, Fault> {
        let (digest, now) = (digest(token), self.now());
        let state = transact!(self.db, tx => rows::take_try(tx, digest.clone(), kind.word, now).await)?;
        self.opened_ceremony(kind, &digest, state)
    }

    /// Ends a ceremony and says what it was about: of all who ask at one moment, on whichever nodes, one is
    /// told.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn finish_ceremony<T: DeserializeOwned>(
        &self,
        kind: &Kind,
        token: &str,
    ) -> Result<Option<T>, Fault> {
        let (digest, now) = (digest(token), self.now());
        let state = transact!(self.db, tx => rows::take(tx, digest.clone(), kind.word, now).await)?;
        self.opened_ceremony(kind, &digest, state)
    }

    fn opened_ceremony<T: DeserializeOwned>(
        &self,
        kind: &Kind,
        digest: &[u8],
        state: Option<Vec<u8>>,
    ) -> Result<Option<T>, Fault> {
        let Some(state) = state else { return Ok(None) };
        let state = self.sealer.open(kind.place(digest), &state)?;
        serde_json::from_slice(&state).map(Some).map_err(|_| Fault::Corrupt("ceremony.state"))
    }
}
