//! A browser arrives with an authorization request, goes away to sign in or to consent, and arrives again.
//! The moment of the first arrival goes with it, so that `prompt=login` and `max_age` are asked for once:
//! in the row of a pushed request, or under a seal in the address.

use switch_core::clock::Timestamp;
use switch_store::transact;

use super::error::OAuthError;
use super::redirect::Way;
use super::request::{AuthorizationRequest, Parameters, trusted_way};
use crate::Sso;
use crate::client::Client;
use crate::fault::Fault;
use crate::jose::base64url;
use crate::seal::digest;
use crate::store::client;
use crate::store::pushed_request::{self as rows, Pushed};
use crate::visit::encoded;

/// Where requests arrive.
pub const PATH: &str = "/oidc/authorize";
/// What request URIs of ours begin with (RFC 9126 section 2.2).
pub const REQUEST_URI: &str = "urn:ietf:params:oauth:request_uri:";
/// The parameter of ours that carries the first arrival.
const ARRIVED: &str = "arrived";
/// A request waits for its person this long.
const WAITS_MS: i64 = 3_600_000;
/// The way back must fit below the limit of the sign-in's `next`.
const BACK_MAX: usize = 1_800;

/// A request that arrived.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// The request.
    pub request: AuthorizationRequest,
    /// When it arrived first.
    pub at: Timestamp,
    held: Held,
}

/// What the request is held in while its person is away.
#[derive(Debug, Clone)]
enum Held {
    /// The address: its parameters.
    Address(Parameters),
    /// The row of a request URI.
    Row(String),
}

/// Why a request is not answered.
#[derive(Debug)]
pub enum Refused {
    /// Nobody to tell is trusted: shown on a page. Names the parameter.
    Untrusted(&'static str),
    /// The client is told.
    Told(Box<Way>, OAuthError),
    /// A fault of ours.
    Fault(Fault),
}

impl From<Fault> for Refused {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<switch_store::StoreError> for Refused {
    fn from(error: switch_store::StoreError) -> Self {
        Self::Fault(error.into())
    }
}

impl Arrival {
    /// A proof of the person must not be older than this.
    #[must_use]
    pub fn since(&self) -> Timestamp {
        let at_most = self.request.max_age.map(|seconds| self.at.plus_ms(-seconds * 1000));
        let again = self.request.prompt.login.then_some(self.at);
        at_most.into_iter().chain(again).max().unwrap_or(Timestamp(0))
    }

    /// The digest of the request URI, where the request has one; it is answered once.
    #[must_use]
    pub fn row(&self) -> Option<Vec<u8>> {
        match &self.held {
            Held::Address(_) => None,
            Held::Row(uri) => Some(digest(uri)),
        }
    }
}

fn back_to_row(client: &str, uri: &str) -> String {
    format!("{PATH}?client_id={}&request_uri={}", encoded(client), encoded(uri))
}

impl Sso {
    /// Reads the request of a query.
    ///
    /// # Errors
    /// [`Refused`].
    pub async fn arrive(&self, query: &str) -> Result<Arrival, Refused> {
        let sent = Parameters::parse(query).without(&["lang"]);
        let id = sent.once("client_id").ok_or(Refused::Untrusted("client_id"))?;
        let client = client::find(&self.db, id).await?.ok_or(Refused::Untrusted("client_id"))?;
        match sent.once("request_uri").filter(|uri| uri.starts_with(REQUEST_URI)) {
            Some(uri) => self.arrive_pushed(client, uri).await,
            None => self.arrive_plain(client, &sent),
        }
    }

    /// Only what was pushed counts, whatever else is in the address (RFC 9126 section 4).
    async fn arrive_pushed(&self, client: Client, uri: &str) -> Result<Arrival, Refused> {
        let now = self.now();
        let pushed = rows::find(&self.db, digest(uri), now).await?;
        let pushed = pushed.filter(|pushed| pushed.client == client.id);
        let pushed = pushed.ok_or(Refused::Untrusted("request_uri"))?;
        if pushed.arrived_at.is_none() {
            let until = now.plus_ms(WAITS_MS);
            transact!(self.db, tx => rows::arrive(tx, digest(uri), now, until).await)?;
        }
        let request = self.read_request(client, &Parameters::parse(&pushed.parameters))?;
        Ok(Arrival { request, at: pushed.arrived_at.unwrap_or(now), held: Held::Row(uri.to_owned()) })
    }

    fn arrive_plain(&self, client: Client, sent: &Parameters) -> Result<Arrival, Refused> {
        let parameters = sent.without(&[ARRIVED]);
        let way = trusted_way(&client, &parameters).ok_or(Refused::Untrusted("redirect_uri"))?;
        if client.registration.must_push() {
            let error = OAuthError::request("request_uri: this client must push its requests (RFC 9126)");
            return Err(Refused::Told(Box::new(way), error));
        }
        let request = self.read_request(client, &parameters)?;
        let at = self.first_arrival(sent, &parameters).unwrap_or_else(|| self.now());
        Ok(Arrival { request, at, held: Held::Address(parameters) })
    }

    /// The first arrival of these parameters, if the seal is ours and it is not too long ago.
    fn first_arrival(&self, sent: &Parameters, parameters: &Parameters) -> Option<Timestamp> {
        let said = sent.once(ARRIVED)?;
        let at = Timestamp(said.split_once('.')?.0.parse().ok()?);
        let age_ms = self.now().ms_since(at);
        (said == self.arrived(at, parameters) && (0..WAITS_MS).contains(&age_ms)).then_some(at)
    }

    fn arrived(&self, at: Timestamp, parameters: &Parameters) -> String {
        let seal = self.sealer.index(ARRIVED, &format!("{}\n{}", at.0, parameters.to_query()));
        format!("{}.{}", at.0, base64url(&seal))
    }

    /// A path of ours on which the same request arrives again. What is too long for an address is kept.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn way_back(&self, arrival: &Arrival) -> Result<String, Fault> {
        let client = &arrival.request.client.id;
        let parameters = match &arrival.held {
            Held::Row(uri) => return Ok(back_to_row(client, uri)),
            Held::Address(parameters) => parameters,
        };
        let arrived = self.arrived(arrival.at, parameters);
        let back = format!("{PATH}?{}&{ARRIVED}={arrived}", parameters.to_query());
        if back.len() <= BACK_MAX {
            return Ok(back);
        }
        let until = self.now().plus_ms(WAITS_MS);
        let uri = self.keep_request(client, parameters, Some(arrival.at), until).await?;
        Ok(back_to_row(client, &uri))
    }

    /// Where the forms of a page end that goes on to `next`, for `form-action`: browsers hold the redirects
    /// after a form to it too, and a sign-in may end at a client. Origins; none for a path that stays here.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn form_ends(&self, next: &str) -> Result<Vec<String>, Fault> {
        let Some(query) = next.strip_prefix(PATH).and_then(|rest| rest.strip_prefix('?')) else {
            return Ok(Vec::new());
        };
        match self.arrive(query).await {
            Ok(arrival) => Ok(vec![arrival.request.way.origin()]),
            Err(Refused::Told(way, _)) => Ok(vec![way.origin()]),
            Err(Refused::Untrusted(_)) => Ok(Vec::new()),
            Err(Refused::Fault(fault)) => Err(fault),
        }
    }

    /// Removes requests that can be answered no more. Called once an hour.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn remove_old_requests(&self) -> Result<u64, Fault> {
        let now = self.now();
        Ok(transact!(self.db, tx => rows::remove_old(tx, now).await)?)
    }

    /// Keeps a request; its URI.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn keep_request(
        &self,
        client: &str,
        parameters: &Parameters,
        arrived_at: Option<Timestamp>,
        until: Timestamp,
    ) -> Result<String, Fault> {
        let uri = format!("{REQUEST_URI}{}", self.new_token());
        let pushed = Pushed { client: client.to_owned(), parameters: parameters.to_query(), arrived_at };
        transact!(self.db, tx => rows::add(tx, digest(&uri), &pushed, until).await)?;
        Ok(uri)
    }

    fn read_request(&self, client: Client, parameters: &Parameters) -> Result<AuthorizationRequest, Refused> {
        let way = trusted_way(&client, parameters).ok_or(Refused::Untrusted("redirect_uri"))?;
        let trusted = way.clone();
        AuthorizationRequest::parse(client, way, parameters, &self.settings)
            .map_err(|error| Refused::Told(Box::new(trusted), error))
    }
}
