//! What an operator does beside the running switch: the schema, clients, agents.

use std::io::Write;
use std::process::ExitCode;

use sso::client::{ClientAuthentication, ClientName, Grant, Profile, Registration};
use switch_core::accounts::Account;
use switch_core::agent::Terminal;
use switch_core::clock::{Clock, Timestamp};
use switch_core::id::{ClientId, IdSequence};
use switch_core::ledger::{Transfer, TransferKind};
use switch_core::money::{Currency, Money};
use switch_store::audit_log::{self, Act, Entry};
use switch_store::client::{Client, ClientKind, Webhook};
use switch_store::{Db, Tx, agent, client, ledger, schema};

use crate::courier::{self, Reach};
use crate::settings::Loaded;
use crate::wiring::{self, StartError, random};

/// Writes a line to standard output.
///
/// # Errors
/// When nobody takes it.
pub(crate) fn print(text: &str) -> Result<ExitCode, StartError> {
    let written = writeln!(std::io::stdout(), "{text}");
    written
        .map(|()| ExitCode::SUCCESS)
        .map_err(|error| StartError::Machine(format!("standard output: {error}")))
}

/// `switchd migrate`.
pub(crate) async fn migrate(loaded: Loaded, check: bool) -> Result<ExitCode, StartError> {
    if check {
        wiring::database(&loaded, false).await?;
        return print("the schema is up to date");
    }
    let db = wiring::database(&loaded, true).await?;
    let left = schema::pending(&db, sso::store::STEPS).await?;
    db.close().await;
    print(&format!("the schema is up to date, {left} steps left"))
}

/// How a client of the API gets its access tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Credentials {
    /// `client_id`.
    pub(crate) id: String,
    /// `client_secret`.
    pub(crate) secret: String,
}

/// A system that calls the API for itself, with all of its scopes.
fn of_the_api(name: &str) -> Registration {
    Registration {
        client_name: ClientName { ar: name.to_owned(), en: name.to_owned() },
        profile: Profile::Baseline,
        token_endpoint_auth_method: ClientAuthentication::ClientSecretBasic,
        grant_types: vec![Grant::ClientCredentials],
        scopes: crate::api::SCOPES.iter().map(|(scope, _)| scope.as_str().to_owned()).collect(),
        redirect_uris: Vec::new(),
        post_logout_redirect_uris: Vec::new(),
        backchannel_logout_uri: None,
        jwks: None,
        tls_client_auth_subject_dn: None,
        sector_identifier: None,
        id_token_signed_response_alg: "ES256".to_owned(),
        dpop_bound_access_tokens: false,
        require_pushed_authorization_requests: false,
        department: None,
        consent_is_implied: false,
    }
}

fn is_client_id(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b);
    (1..=64).contains(&name.len()) && name.bytes().all(plain)
}

fn identity_fault(fault: sso::fault::Fault) -> StartError {
    StartError::Machine(format!("identity: {fault}"))
}

/// A database with what is needed to write beside the switch.
pub(crate) struct Desk {
    db: Db,
    ids: IdSequence,
    now: Timestamp,
    clock: std::sync::Arc<dyn Clock>,
}

impl Desk {
    /// Opens it.
    pub(crate) async fn open(loaded: &Loaded) -> Result<Self, StartError> {
        let db = wiring::database(loaded, loaded.settings.database.migrate).await?;
        let clock = wiring::clock(loaded)?;
        Ok(Self { ids: wiring::ids(loaded, &db).await?, db, now: clock.now(), clock })
    }

    /// Closes it.
    pub(crate) async fn close(self) {
        self.db.close().await;
    }

    /// The client of a name.
    pub(crate) async fn client(&self, name: &str) -> Result<Option<ClientId>, StartError> {
        Ok(client::find_by_name(&self.db, name).await?.map(|client| client.id))
    }

    /// Whether credentials are those of a client here.
    pub(crate) async fn knows(&self, credentials: &Credentials) -> Result<bool, StartError> {
        let known = sso::store::client::find(&self.db, &credentials.id).await.map_err(identity_fault)?;
        let kept = known.and_then(|client| client.secret_digest);
        Ok(kept.is_some_and(|kept| kept == sso::seal::digest(&credentials.secret)))
    }

    /// Adds a client of the API, which gets its tokens by its secret; the secret of its news.
    pub(crate) async fn add_client(
        &mut self,
        name: &str,
        webhook: Option<String>,
    ) -> Result<(Credentials, Option<String>), StartError> {
        let webhook = webhook
            .map(|url| Ok::<_, StartError>(Webhook { url, secret: courier::secret(&random()?) }))
            .transpose()?;
        let news_secret = webhook.as_ref().map(|webhook| webhook.secret.clone());
        let id = ClientId(self.ids.next(self.now));
        let new = Client { id, name: name.to_owned(), kind: ClientKind::Api, webhook };
        let secret = codecs::hex::encode(&random::<32>()?).to_ascii_lowercase();
        let relying = sso::client::Client {
            id: name.to_owned(),
            registration: of_the_api(name),
            secret_digest: Some(sso::seal::digest(&secret)),
            api_client: Some(id.0),
            version: 1,
        };
        if !is_client_id(name) {
            let problem = "must be 1 to 64 letters, digits, hyphens, points and underscores";
            return Err(StartError::Machine(format!("the name {problem}")));
        }
        self.insert(&new, Some(&relying)).await?;
        Ok((Credentials { id: name.to_owned(), secret }, news_secret))
    }

    /// Adds an agent that cannot sign in to the API.
    pub(crate) async fn add_agent(&mut self, name: &str) -> Result<ClientId, StartError> {
        let id = ClientId(self.ids.next(self.now));
        let new = Client { id, name: name.to_owned(), kind: ClientKind::Agent, webhook: None };
        self.insert(&new, None).await.map(|()| id)
    }

    async fn insert(&self, new: &Client, relying: Option<&sso::client::Client>) -> Result<(), StartError> {
        let in_use = || StartError::Machine(format!("the name {} is in use", new.name));
        let mut tx = self.db.begin().await?;
        if !client::add(&mut tx, new, self.now).await? {
            return Err(in_use());
        }
        if let Some(relying) = relying
            && !sso::store::client::add(&mut tx, relying, self.now).await.map_err(identity_fault)?
        {
            return Err(in_use());
        }
        // Where its news go may hold a token: the log only says that there is an address.
        let hook = if new.webhook.is_some() { ", with an address for news" } else { "" };
        let (act, detail) = match new.kind {
            ClientKind::Api => (Act::ClientAdd, format!("client {}{hook}", new.id.0)),
            ClientKind::Agent => (Act::AgentAdd, format!("client {}", new.id.0)),
        };
        self.write_down(&mut tx, act, &new.name, detail).await?;
        Ok(tx.commit().await?)
    }

    /// What was done goes into the audit log with it, or neither was done.
    async fn write_down(
        &self,
        tx: &mut Tx,
        act: Act,
        subject: &str,
        detail: String,
    ) -> Result<(), StartError> {
        let (actor, subject) = (wiring::operator(), subject.to_owned());
        audit_log::append(tx, &Entry { at: self.now, actor, act, subject, detail }).await?;
        Ok(())
    }

    /// Registers a terminal.
    pub(crate) async fn add_terminal(&self, terminal: &Terminal) -> Result<(), StartError> {
        let mut tx = self.db.begin().await?;
        if !agent::add_terminal(&mut tx, terminal, self.now).await? {
            return Err(StartError::Machine(format!("the terminal {} is registered already", terminal.id)));
        }
        let detail = format!("of client {}", terminal.agent.0);
        self.write_down(&mut tx, Act::TerminalAdd, &terminal.id, detail).await?;
        Ok(tx.commit().await?)
    }

    /// What an agent's float holds, minor units.
    pub(crate) async fn float(&mut self, agent: ClientId, currency: Currency) -> Result<i64, StartError> {
        let float = Account::Float { agent, currency };
        let float = ledger::account(&self.db, &float, || self.ids.next(self.now)).await?;
        Ok(ledger::floored_balance(&self.db, float).await?)
    }

    /// Books money that an agent paid in at the bank.
    pub(crate) async fn top_up(&mut self, agent: ClientId, amount: Money) -> Result<(), StartError> {
        let currency = amount.currency();
        let mut account =
            async |account: Account| ledger::account(&self.db, &account, || self.ids.next(self.now)).await;
        let bank = account(Account::Bank { account: "main".into(), currency }).await?;
        let float = account(Account::Float { agent, currency }).await?;
        let transfer = Transfer {
            cause: self.ids.next(self.now),
            seq: 1,
            kind: TransferKind::Book,
            debit: bank,
            credit: float,
            amount,
            at: self.now,
            business_date: self.clock.business_date(self.now),
        };
        let mut tx = self.db.begin().await?;
        if !ledger::book_floored(&mut tx, &transfer, float).await? {
            return Err(StartError::Machine("the float would fall below its floor".into()));
        }
        let detail = format!("{amount}, transfer {}/1", transfer.cause);
        self.write_down(&mut tx, Act::FloatTopUp, &format!("client {}", agent.0), detail).await?;
        Ok(tx.commit().await?)
    }
}

/// `switchd client add`.
pub(crate) async fn add_client(
    loaded: Loaded,
    name: String,
    webhook: Option<String>,
) -> Result<ExitCode, StartError> {
    if let Some(url) = &webhook {
        Reach::from(&loaded.settings.webhooks).check(url).map_err(StartError::Machine)?;
    }
    let mut desk = Desk::open(&loaded).await?;
    let (credentials, news_secret) = desk.add_client(&name, webhook).await?;
    desk.close().await;
    // Each alone on its line, so that a script can take them: identifier, secret, secret of its news.
    print(&credentials.id)?;
    print(&credentials.secret)?;
    if let Some(secret) = news_secret {
        print(&secret)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// An agent as the operator names it.
#[derive(Debug)]
pub(crate) struct NewAgent {
    pub(crate) name: String,
    pub(crate) terminal: String,
    pub(crate) float: String,
    pub(crate) currency: String,
    pub(crate) amount_max: String,
}

/// `switchd agent add`.
pub(crate) async fn add_agent(loaded: Loaded, new: NewAgent) -> Result<ExitCode, StartError> {
    let wrong = |what: &str, problem: String| StartError::Machine(format!("{what} {problem}"));
    let currency = Currency::from_alpha(&new.currency)
        .ok_or_else(|| wrong("--currency", "must be ISO 4217 letters the switch knows".into()))?;
    let amount = |what: &str, text: &str| {
        let money = Money::parse(text, currency).map_err(|error| wrong(what, error.to_string()))?;
        if money.minor() > 0 { Ok(money) } else { Err(wrong(what, "must be above zero".into())) }
    };
    let (float, amount_max) = (amount("--float", &new.float)?, amount("--amount-max", &new.amount_max)?);
    if new.terminal.len() != 8 || !new.terminal.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Err(wrong("--terminal", "must be eight letters or digits".into()));
    }
    let mut desk = Desk::open(&loaded).await?;
    let agent = desk.add_agent(&new.name).await?;
    desk.add_terminal(&Terminal { id: new.terminal.clone(), agent, amount_max_minor: amount_max.minor() })
        .await?;
    desk.top_up(agent, float).await?;
    desk.close().await;
    print(&format!("agent {}, terminal {}, float {float}", new.name, new.terminal))
}
