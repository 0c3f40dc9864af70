//! Signing out: by the person, or by a relying party (OpenID Connect RP-Initiated Logout 1.0). Whoever has
//! no ID token of this session to show cannot sign anybody out without being confirmed by the person.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use look::{Frame, Page};
use serde_json::{Map, Value};
use switch_store::transact;

use super::backchannel;
use super::id_token;
use super::redirect::{origin, with_query};
use super::request::Parameters;
use crate::Sso;
use crate::fault::Fault;
use crate::session::{COOKIE, SignedIn, set_cookie};
use crate::store::client;
use crate::store::session::{self, Ended};
use crate::visit::{Posted, Visit, see_other};

/// Where relying parties send people to sign out.
pub const PATH: &str = "/oidc/logout";
const SIGNED_OUT: &str = "/signed-out";
const FORM_MAX: usize = 16 * 1024;

/// A request to sign out that can be answered.
#[derive(Debug)]
struct Asked {
    /// Who asks, where that is known.
    client: Option<String>,
    /// Where the browser goes after, registered by that client, with `state`.
    onward: Option<String>,
    /// The claims of the ID token that was shown.
    hint: Option<Map<String, Value>>,
}

impl Sso {
    /// Reads a request to sign out. `Err` names the parameter that is wrong: nobody is sent anywhere then.
    async fn asked(&self, sent: &Parameters) -> Result<Result<Asked, &'static str>, Fault> {
        let hint = match sent.get("id_token_hint") {
            None => None,
            Some(hint) => match self.read_own(hint, id_token::TYP).await? {
                Some(claims) => Some(claims),
                None => return Ok(Err("id_token_hint")),
            },
        };
        let of_hint = hint.as_ref().and_then(|claims| claims.get("aud")?.as_str());
        let named = sent.get("client_id");
        if named.is_some() && of_hint.is_some() && named != of_hint {
            return Ok(Err("client_id"));
        }
        let client = of_hint.or(named).map(str::to_owned);
        let onward = match sent.get("post_logout_redirect_uri") {
            None => None,
            Some(uri) => match self.onward(client.as_deref(), uri, sent.get("state")).await? {
                Some(onward) => Some(onward),
                None => return Ok(Err("post_logout_redirect_uri")),
            },
        };
        Ok(Ok(Asked { client, onward, hint }))
    }

    /// The address after signing out, compared whole with those of the client.
    async fn onward(
        &self,
        client: Option<&str>,
        uri: &str,
        state: Option<&str>,
    ) -> Result<Option<String>, Fault> {
        let Some(id) = client else { return Ok(None) };
        let Some(client) = client::find(&self.db, id).await? else { return Ok(None) };
        let known = client.registration.post_logout_redirect_uris.iter().any(|known| known == uri);
        let onward = || with_query(uri, state.map(|state| ("state", state)).into_iter());
        Ok((known && !uri.contains('#')).then(onward))
    }

    /// Ends a session of a person: its refresh tokens go with it, and its clients will hear of it.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn end_session(&self, known: &SignedIn, because: Ended) -> Result<(), Fault> {
        let (id, now) = (known.session.id, self.now());
        Ok(transact!(self.db, tx => {
            if session::end(tx, id, now, because).await? {
                backchannel::queue(tx, self, &[id]).await?;
            }
            Ok(())
        })?)
    }
}

impl Asked {
    /// Whether the ID token that was shown is of the session that is open here.
    fn is_of(&self, sso: &Sso, known: &SignedIn) -> bool {
        let sid = self.hint.as_ref().and_then(|claims| claims.get("sid")?.as_str());
        sid == Some(sso.sid(known.session.id).as_str())
    }
}

/// `GET /oidc/logout`
pub(crate) async fn arrive(visit: Visit) -> Result<Response, Fault> {
    let sent = Parameters::parse(visit.uri.query().unwrap_or(""));
    let sso = Arc::clone(&visit.sso);
    let asked = match sso.asked(&sent).await? {
        Ok(asked) => asked,
        Err(parameter) => return Ok(refuse(&visit, parameter)),
    };
    let Some(known) = visit.signed_in.clone() else {
        return Ok(visit.go(asked.onward.as_deref().unwrap_or(SIGNED_OUT)));
    };
    if !asked.is_of(&sso, &known) {
        return Ok(confirm(&visit, &sent, &asked));
    }
    sso.end_session(&known, Ended::SignedOut).await?;
    Ok(gone(visit.go(asked.onward.as_deref().unwrap_or(SIGNED_OUT))))
}

/// `POST /oidc/logout`: on to the same by GET, with which a browser sends its cookies.
pub(crate) async fn arrive_by_form(State(_): State<Arc<Sso>>, request: Request) -> Response {
    let body = axum::body::to_bytes(request.into_body(), FORM_MAX).await.unwrap_or_default();
    let sent = Parameters::parse(std::str::from_utf8(&body).unwrap_or(""));
    see_other(&format!("{PATH}?{}", sent.to_query()))
}

/// `POST /sign-out`: the person said so, on a page of ours.
pub(crate) async fn sign_out(posted: Posted) -> Result<Response, Fault> {
    let Posted { visit, fields } = posted;
    let sso = Arc::clone(&visit.sso);
    let sent = Parameters::of(fields.pairs());
    let onward = match sso.asked(&sent).await? {
        Ok(asked) => asked.onward,
        Err(parameter) => return Ok(refuse(&visit, parameter)),
    };
    if let Some(known) = &visit.signed_in {
        sso.end_session(known, Ended::SignedOut).await?;
    }
    Ok(gone(visit.go(onward.as_deref().unwrap_or(SIGNED_OUT))))
}

/// Nothing of the session stays at the browser: its cookie, and the receipts kept for reading offline.
fn gone(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.append(header::SET_COOKIE, set_cookie(COOKIE, "", 0));
    let all = HeaderValue::from_static("\"cache\", \"cookies\", \"storage\"");
    headers.insert(HeaderName::from_static("clear-site-data"), all);
    response
}

fn refuse(visit: &Visit, parameter: &'static str) -> Response {
    let frame = visit.frame("refused-sign-out-title");
    let page = SignOutPage { frame: frame.clone(), case: Case::Refused(parameter) };
    visit.page(StatusCode::BAD_REQUEST, &page, &frame)
}

fn confirm(visit: &Visit, sent: &Parameters, asked: &Asked) -> Response {
    let mut frame = visit.frame("sign-out-title");
    frame.form_action.extend(asked.onward.as_deref().map(origin));
    let kept = ["post_logout_redirect_uri", "state"].into_iter();
    let kept = kept.filter_map(|name| Some((name, sent.get(name)?.to_owned())));
    let kept = kept.chain(asked.client.clone().map(|client| ("client_id", client))).collect();
    let page = SignOutPage { frame: frame.clone(), case: Case::Confirm(kept) };
    visit.page(StatusCode::OK, &page, &frame)
}

/// `GET /signed-out`
pub(crate) async fn signed_out(visit: Visit) -> Response {
    let frame = visit.frame("signed-out-title");
    let page = SignOutPage { frame: frame.clone(), case: Case::Done };
    visit.page(StatusCode::OK, &page, &frame)
}

/// The pages around signing out.
#[derive(Template)]
#[template(path = "sign_out.html")]
pub struct SignOutPage {
    frame: Frame,
    case: Case,
}

enum Case {
    /// The person is asked, with what the answer carries on.
    Confirm(Vec<(&'static str, String)>),
    /// It is done.
    Done,
    /// The request is wrong: the parameter.
    Refused(&'static str),
}

impl Page for SignOutPage {
    const NAME: &'static str = "sign-out";

    fn samples(frame: Frame) -> Vec<(&'static str, Self)> {
        let page = |title, case| Self { frame: frame.clone().titled(title), case };
        let kept = vec![("client_id", "tax-portal".to_owned()), ("state", "af0ifjsldkj".to_owned())];
        vec![
            ("confirm", page("sign-out-title", Case::Confirm(kept))),
            ("done", page("signed-out-title", Case::Done)),
            ("refused", page("refused-sign-out-title", Case::Refused("post_logout_redirect_uri"))),
        ]
    }
}
