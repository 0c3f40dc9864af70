//! Puts the switch together from its settings: database, journal, counterparties, engine, ports. The
//! only place that makes random bytes, and the only one that knows which part goes where.

use std::path::Path;
use std::sync::Arc;

use connectors::pos_iso8583::PosHost;
use connectors::transport::counters::Counters;
use connectors::{Kind, Start};
use sso::Sso;
use switch_core::clock::Clock;
use switch_core::connector::Connector;
use switch_core::id::{IdSequence, PublicIds};
use switch_engine::reverse::Recovered;
use switch_engine::runtime::Tokio;
use switch_engine::{Engine, EngineParts, EngineSettings, cash, evidence};
use switch_store::audit_log::{Act, Entry};
use switch_store::{Db, DbOptions, Journal, StoreError, schema};

use crate::api::Answers;
use crate::audit_log::{self, Keeper, KeeperParts, Kept, Sealed};
use crate::catalogue::Catalogue;
use crate::clock::SystemClock;
use crate::courier::HttpCourier;
use crate::secrets;
use crate::settings::{Loaded, SettingsError};

/// A port that counterparties call.
pub(crate) type Port = PosHost;

/// A connection to a counterparty, as metrics and readiness see it.
pub(crate) enum Link {
    /// We call it.
    Outbound {
        /// Its short name.
        id: String,
        /// What it has done.
        counters: Arc<Counters>,
    },
    /// It calls us.
    Inbound(Arc<Port>),
}

impl Link {
    /// Its short name.
    pub(crate) fn id(&self) -> &str {
        match self {
            Self::Outbound { id, .. } => id,
            Self::Inbound(port) => port.id(),
        }
    }

    /// What it has done.
    pub(crate) fn counters(&self) -> &Counters {
        match self {
            Self::Outbound { counters, .. } => counters,
            Self::Inbound(port) => port.counters(),
        }
    }
}

/// Why the switch does not start. One sentence.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    /// The settings cannot be used.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The database cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The schema is of another version.
    #[error(
        "the database lacks {0} step(s) of the schema: run `switchd migrate`, or say database.migrate = true"
    )]
    NotMigrated(usize),
    /// Something the machine did not give.
    #[error("{0}")]
    Machine(String),
}

/// Everything that works behind the listeners.
pub(crate) struct Parts {
    /// The switch.
    pub(crate) engine: Arc<Engine>,
    /// What it found open.
    pub(crate) recovered: Recovered,
    /// Who calls us.
    pub(crate) ports: Vec<Arc<Port>>,
    /// Everyone we are connected to.
    pub(crate) links: Vec<Link>,
    /// What may be billed.
    pub(crate) catalogue: Catalogue,
    /// The audit log, being kept.
    pub(crate) kept: Kept,
    /// When it was sealed last.
    pub(crate) sealed: Sealed,
    /// Who is acting.
    pub(crate) sso: Arc<Sso>,
}

/// The machine's random bytes, for identity.
struct Machine;

impl sso::chance::Chance for Machine {
    fn fill(&self, bytes: &mut [u8]) {
        aws_lc_rs::rand::fill(bytes).expect("because a machine without random bytes must not go on");
    }
}

/// Identity, with its keys made.
///
/// # Errors
/// [`StartError`].
pub(crate) async fn identity(
    loaded: &Loaded,
    db: &Db,
    clock: &Arc<dyn Clock>,
) -> Result<Arc<Sso>, StartError> {
    let given = &loaded.settings.sso;
    let sealer = Arc::new(secrets::sealer(loaded)?);
    let sso = Sso::new(sso::Parts {
        db: db.clone(),
        clock: Arc::clone(clock),
        chance: Arc::new(Machine),
        vault: Arc::new(sso::key::SoftwareVault::new(Arc::clone(&sealer))),
        sealer,
        public_ids: secrets::public_ids(loaded)?,
        settings: sso::settings::Settings {
            access_token_s: i64::from(given.access_token_s),
            application_s: i64::from(given.application_days) * 86_400,
            passports: given.passports,
            departments: departments(loaded)?,
            ..sso::settings::Settings::new(&given.issuer)
        },
    });
    sso.rotate_keys().await.map_err(|error| StartError::Machine(format!("the signing keys: {error}")))?;
    Ok(sso)
}

/// The departments of the catalogue, for roles and clients.
fn departments(loaded: &Loaded) -> Result<Vec<sso::settings::Department>, SettingsError> {
    let catalogue = Catalogue::read(loaded)?;
    let known = catalogue.departments().map(|(code, ar, en)| sso::settings::Department {
        code: code.to_owned(),
        ar: ar.to_owned(),
        en: en.to_owned(),
    });
    Ok(known.collect())
}

/// Random bytes for keys, secrets and nonces.
///
/// # Errors
/// [`StartError::Machine`].
pub(crate) fn random<const N: usize>() -> Result<[u8; N], StartError> {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes)
        .map_err(|_| StartError::Machine("the machine gives no random bytes".into()))?;
    Ok(bytes)
}

/// The clock of the settings.
///
/// # Errors
/// [`SettingsError`].
pub(crate) fn clock(loaded: &Loaded) -> Result<Arc<dyn Clock>, SettingsError> {
    let name = &loaded.settings.time_zone;
    let zone = jiff::tz::TimeZone::get(name).map_err(|error| loaded.wrong("time_zone", error.to_string()))?;
    Ok(Arc::new(SystemClock::new(zone)))
}

/// The database, its schema up to date.
///
/// # Errors
/// [`StartError`].
pub(crate) async fn database(loaded: &Loaded, migrate: bool) -> Result<Db, StartError> {
    let url = secrets::database_url(loaded)?;
    let db = Db::open(&DbOptions { url, connections: loaded.settings.database.connections }).await?;
    if migrate {
        let steps = schema::pending(&db, sso::store::STEPS).await?;
        schema::migrate(&db, sso::store::STEPS).await?;
        if steps > 0 {
            let done = Entry {
                at: clock(loaded)?.now(),
                actor: operator(),
                act: Act::Migrate,
                subject: "schema".into(),
                detail: format!("{steps} step(s), version {}", env!("CARGO_PKG_VERSION")),
            };
            audit_log::append(&db, &done).await?;
        }
    }
    match schema::pending(&db, sso::store::STEPS).await? {
        0 => Ok(db),
        steps => Err(StartError::NotMigrated(steps)),
    }
}

/// Who gives a command: the user of the machine, by the name the machine gives.
pub(crate) fn operator() -> String {
    let user = ["SUDO_USER", "LOGNAME", "USER"].into_iter().find_map(|name| std::env::var(name).ok());
    format!("user {}", user.unwrap_or_else(|| "unknown".to_owned()))
}

/// Identifiers for a command that runs beside the switch.
///
/// # Errors
/// The store's own.
pub(crate) async fn ids(loaded: &Loaded, db: &Db) -> Result<IdSequence, StartError> {
    let issued = switch_store::payment::issued_max(db).await?;
    Ok(IdSequence::new(loaded.settings.node, issued))
}

/// A file of `connectors`, with its kind.
fn counterparty(loaded: &Loaded, path: &Path) -> Result<(String, &'static Kind), SettingsError> {
    let path = loaded.path(path);
    let wrong = |problem: String| loaded.wrong("connectors", format!("{}: {problem}", path.display()));
    let text = std::fs::read_to_string(&path).map_err(|error| wrong(format!("cannot be read: {error}")))?;
    let kind = Kind::of(&text).map_err(|error| wrong(sentence(&error)))?;
    Ok((text, kind))
}

/// What a reader of TOML draws over several lines, on one.
fn sentence(error: &impl ToString) -> String {
    let text = error.to_string();
    let lines = text.lines().filter(|line| !line.trim_start().starts_with('|') && !line.contains(" | "));
    lines.map(str::trim).collect::<Vec<_>>().join(": ")
}

/// Reads everything the settings name and opens nothing.
///
/// # Errors
/// The first [`SettingsError`].
pub(crate) fn check(loaded: &Loaded) -> Result<(), SettingsError> {
    clock(loaded)?;
    secrets::public_ids(loaded)?;
    secrets::vault(loaded)?;
    secrets::seal_keys(loaded)?;
    secrets::sealer(loaded)?;
    secrets::database_url(loaded)?;
    crate::tls::config(loaded)?;
    Catalogue::read(loaded)?;
    for path in &loaded.settings.connectors {
        let (text, kind) = counterparty(loaded, path)?;
        let read = match kind.start {
            Start::Outbound(_) => connectors::card_iso8583::CardSettings::from_toml(&text).map(drop),
            Start::Inbound(_) => connectors::pos_iso8583::PosSettings::from_toml(&text).map(drop),
        };
        read.map_err(|error| {
            loaded.wrong("connectors", format!("{}: {}", path.display(), sentence(&error)))
        })?;
    }
    Ok(())
}

/// Starts everything behind the listeners. Payments may be made when it returns.
///
/// # Errors
/// [`StartError`].
pub(crate) async fn assemble(loaded: &Loaded, migrate: bool) -> Result<Parts, StartError> {
    check(loaded)?;
    let settings = &loaded.settings;
    let catalogue = Catalogue::read(loaded)?;
    let clock = clock(loaded)?;
    let public_ids = secrets::public_ids(loaded)?;
    let db = database(loaded, migrate || settings.database.migrate).await?;
    let db = db.take_node(settings.node, clock.now()).await?;
    let journal = match settings.database.journal.as_str() {
        "plain" => Journal::start_plain(&db),
        _ => Journal::start(&db).await?,
    };
    let (desk, inbox) = evidence::channel();
    let sso = identity(loaded, &db, &clock).await?;

    let (mut outbound, mut inbound, mut links) = (Vec::<Arc<dyn Connector>>::new(), Vec::new(), Vec::new());
    for path in &settings.connectors {
        let (text, kind) = counterparty(loaded, path)?;
        let wrong = |error: &dyn std::error::Error| {
            loaded.wrong("connectors", format!("{}: {}", path.display(), sentence(&error.to_string())))
        };
        match kind.start {
            Start::Outbound(start) => {
                let started =
                    start(&text, Arc::clone(&clock), Arc::clone(&desk)).map_err(|error| wrong(&error))?;
                let id = started.connector.profile().id.clone();
                links.push(Link::Outbound { id, counters: started.counters });
                outbound.push(started.connector);
            }
            Start::Inbound(start) => inbound.push((path, text, start)),
        }
    }
    let (keeper, alarms) = Keeper::new(KeeperParts {
        db: db.clone(),
        clock: Arc::clone(&clock),
        keys: secrets::seal_keys(loaded)?,
        node: settings.node,
        settings: settings.audit.clone(),
    });
    let sealed = keeper.sealed();
    let kept = keeper.start().await?;
    let (engine, recovered) = Engine::start(EngineParts {
        db,
        journal,
        clock: Arc::clone(&clock),
        runtime: Arc::new(Tokio),
        public_ids: public_ids.clone(),
        connectors: outbound,
        evidence: inbox,
        vault: secrets::vault(loaded)?,
        answers: Arc::new(Answers { public_ids: public_ids.clone() }),
        alarms,
        settings: EngineSettings {
            node: settings.node,
            in_flight_max: settings.in_flight_max,
            card_ttl_ms: i64::from(settings.vault.card_ttl_s) * 1000,
            settlement_accounts: catalogue.settlement_accounts(),
        },
    })
    .await?;
    engine.run(courier(loaded, public_ids, Arc::clone(&clock))?);

    let cash_desk = Arc::new(cash::Desk::new(Arc::clone(&engine)));
    let mut ports = Vec::new();
    for (path, text, start) in inbound {
        let port = start(&text, Arc::clone(&clock), Arc::clone(&cash_desk) as _);
        let port = port.map_err(|error| StartError::Machine(format!("{}: {error}", path.display())))?;
        let port = Arc::new(port);
        links.push(Link::Inbound(Arc::clone(&port)));
        ports.push(port);
    }
    Ok(Parts { engine, recovered, ports, links, catalogue, kept, sealed, sso })
}

fn courier(loaded: &Loaded, ids: PublicIds, clock: Arc<dyn Clock>) -> Result<Arc<HttpCourier>, StartError> {
    let courier = HttpCourier::new(&loaded.settings.webhooks, ids, clock);
    courier.map(Arc::new).map_err(|error| StartError::Machine(format!("the courier of news: {error}")))
}
