//! What was proven so far, and what follows: a second step, a page that says where the way ends, or a
//! session. A session begins, or changes its secret, here and nowhere else.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use switch_store::transact;

use super::onward::{Onward, has_second};
use super::pages::{Done, Why};
use super::stop;
use crate::Sso;
use crate::activity::What;
use crate::credential::ceremony::Kind;
use crate::credential::sms;
use crate::fault::Fault;
use crate::level::{Loa, Method, Methods};
use crate::session::SignedIn;
use crate::store::account::{self, Account, AccountState};
use crate::store::session::{self, Ended};
use crate::visit::Visit;

/// A sign-in between its two steps: ten minutes.
pub(super) const PENDING: Kind = Kind { word: "sign-in", cookie: "__Host-proof", seconds: 600, tries: 1_000 };

#[derive(Serialize, Deserialize)]
struct Pending {
    account: i64,
    methods: String,
}

/// Who stands between two steps, or has a session and is asked for more.
pub(super) struct Prover {
    /// Who it is.
    pub(super) account: Account,
    /// What was proven.
    pub(super) methods: Methods,
    /// Whether there is a session already.
    pub(super) has_session: bool,
}

impl Prover {
    /// Of the open second step of this browser, or of its session.
    pub(super) async fn of(visit: &Visit) -> Result<Option<Self>, Fault> {
        let sso = &visit.sso;
        if let Some(token) = PENDING.token(&visit.headers)
            && let Some(pending) = sso.look_at_ceremony::<Pending>(&PENDING, token).await?
            && let Some(account) = account::find(&sso.db, &sso.sealer, pending.account).await?
            && account.state == AccountState::Active
        {
            let methods = Methods::parse(&pending.methods);
            return Ok(Some(Self { account, methods, has_session: false }));
        }
        Ok(visit.signed_in.clone().map(|SignedIn { session, account, .. }| Self {
            account,
            methods: session.methods,
            has_session: true,
        }))
    }
}

/// The password is right. States of accounts are told from here on, and to nobody before.
pub(super) async fn after_password(
    visit: &Visit,
    account: Account,
    onward: Onward,
) -> Result<Response, Fault> {
    if let Some(why) = closed(&account) {
        return Ok(stop(visit, why, "/help"));
    }
    let factors = visit.sso.factors(&account).await?;
    let is_again = visit.signed_in.as_ref().is_some_and(|known| known.account.id == account.id);
    let needs_second = factors.is_enrolled() && (account.is_staff || !is_again);
    if needs_second {
        return pending(visit, &account, Method::Password, &onward).await;
    }
    // Without a factor staff come in as far as the page where they add one, and nowhere else: every page of
    // theirs asks for two.
    let goes_to_factors = account.is_staff && !has_second(&factors, true);
    let onward = if goes_to_factors {
        Onward { level: Loa::Registered, next: "/account/factors".into(), ..onward }
    } else {
        onward
    };
    enter(visit, &account, &Methods::of(&[Method::Password]), &onward).await
}

/// Why nobody may sign in to an account.
pub(super) fn closed(account: &Account) -> Option<Why> {
    match account.state {
        AccountState::Active => None,
        AccountState::Registered => Some(Why::NotActivated),
        AccountState::Locked => Some(Why::Locked),
        AccountState::Closed => Some(Why::Closed),
    }
}

/// One step is done, and another one follows.
pub(super) async fn pending(
    visit: &Visit,
    account: &Account,
    done: Method,
    onward: &Onward,
) -> Result<Response, Fault> {
    let state = Pending { account: account.id, methods: Methods::of(&[done]).to_string() };
    let token = visit.sso.begin_ceremony(&PENDING, &state).await?;
    let mut response = visit.go(&onward.by("/sign-in/factor"));
    response.headers_mut().append(header::SET_COOKIE, PENDING.keep(&token));
    Ok(response)
}

/// Begins a session, or raises the one there is, and goes on.
pub(super) async fn enter(
    visit: &Visit,
    account: &Account,
    methods: &Methods,
    onward: &Onward,
) -> Result<Response, Fault> {
    let own = visit.signed_in.as_ref().filter(|known| known.account.id == account.id);
    let cookie = match own {
        Some(known) => raise(visit, known, methods).await?,
        None => begin(visit, account, methods).await?,
    };
    if let Some(token) = PENDING.token(&visit.headers) {
        visit.sso.finish_ceremony::<Pending>(&PENDING, token).await?;
    }
    let level = match own {
        Some(known) => united(&known.session.methods, methods).level(account.in_person),
        None => methods.level(account.in_person),
    };
    let mut response =
        if level < onward.level { visit.go(&onward.sign_in()) } else { go_on(visit, &onward.next) };
    let headers = response.headers_mut();
    headers.append(header::SET_COOKIE, cookie);
    headers.append(header::SET_COOKIE, visit.device_cookie(account.id));
    for kind in [&PENDING, &sms::SIGN_IN] {
        if kind.token(&visit.headers).is_some() {
            headers.append(header::SET_COOKIE, kind.forget());
        }
    }
    Ok(response)
}

async fn begin(visit: &Visit, account: &Account, methods: &Methods) -> Result<HeaderValue, Fault> {
    let sso = &visit.sso;
    if let Some(other) = &visit.signed_in {
        end(sso, other.session.id).await?;
    }
    let device = visit.device();
    let (_, cookie) = sso.begin_session(account, methods, &device).await?;
    let what = match () {
        () if methods.has(Method::Passkey) => What::SignedInWithPasskey,
        () if methods.is_multi_factor() => What::SignedInWithCode,
        () => What::SignedIn,
    };
    leave(sso, account, &device, what).await?;
    Ok(cookie)
}

async fn raise(visit: &Visit, known: &SignedIn, methods: &Methods) -> Result<HeaderValue, Fault> {
    let sso = &visit.sso;
    let methods = united(&known.session.methods, methods);
    let cookie = sso.raise_session(&visit.headers, known, &methods).await?;
    let device = visit.device();
    let cookie = match cookie {
        Some(cookie) => cookie,
        // Another request was first and has the new secret; this browser proved itself all the same.
        None => sso.begin_session(&known.account, &methods, &device).await?.1,
    };
    leave(sso, &known.account, &device, What::ProvenAgain).await?;
    Ok(cookie)
}

fn united(before: &Methods, now: &Methods) -> Methods {
    let all = [Method::Password, Method::OneTimePassword, Method::Sms, Method::Passkey];
    let used: Vec<_> = all.into_iter().filter(|m| before.has(*m) || now.has(*m)).collect();
    Methods::of(&used)
}

async fn leave(sso: &Sso, account: &Account, device: &str, what: What) -> Result<(), Fault> {
    let trace = sso.trace(account, device, what)?;
    Ok(transact!(sso.db, tx => trace.leave(tx).await)?)
}

async fn end(sso: &Sso, id: i64) -> Result<(), Fault> {
    let now = sso.now();
    transact!(sso.db, tx => session::end(tx, id, now, Ended::SignedOut).await)?;
    Ok(())
}

/// On, after a form. Where the way may lead to another house, by a page of its own: browsers hold the
/// redirects after a form to `form-action` too, and the form did not know where they end.
fn go_on(visit: &Visit, next: &str) -> Response {
    if !next.starts_with("/oidc/") {
        return visit.go(next);
    }
    let frame = visit.frame("sign-in-done");
    visit.page(StatusCode::OK, &Done { frame: frame.clone(), next: next.to_owned() }, &frame)
}

/// The secret of a code that was sent to this browser.
pub(super) fn sms_token(headers: &HeaderMap) -> Option<&str> {
    sms::SIGN_IN.token(headers)
}
