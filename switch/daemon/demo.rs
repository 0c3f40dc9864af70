//! `switchd demo`: the switch with its sandbox counterparties on an embedded database, with nothing
//! else installed. Everything it makes is in one folder and can be started again, also by `serve`.

mod folder;
mod guide;

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::time::Duration;

use connectors::card_iso8583::CardSettings;
use connectors::card_iso8583::sandbox::{CardHost, HostSettings};
use connectors::pos_iso8583::PosSettings;
use connectors::pos_iso8583::sandbox::{CashPayment, DemoMessages, demo_messages};
use switch_core::agent::Terminal;
use switch_core::card::{Card, Pan};
use switch_core::id::ClientId;
use switch_core::money::{Currency, Money};
use switch_core::person::{Payer, PayerKind};
use switch_engine::bill::NewBill;

use crate::catalogue::{Catalogue, Service as CatalogueService};
use crate::commands::{Credentials, Desk};
use crate::logs;
use crate::service::{Ended, Service};
use crate::settings::Loaded;
use crate::wiring::{StartError, random};

/// Enough for the switch and its sandbox in one process.
pub(crate) const THREADS: usize = 2;
const TERMINAL: &str = "DEMO0001";
const AGENT: &str = "demo agent";
const FLOAT: Money = Money::new(1_000_000, Currency::Ils);
const FLOAT_LOW_MINOR: i64 = 200_000;
/// A published test number; the sandbox approves it.
const CARD: (&str, &str) = ("4111111111111111", "2912");
const LINK_PATIENCE: Duration = Duration::from_secs(10);

/// Where the demo lives.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The folder for everything it makes
    #[arg(long, value_name = "DIR", default_value = "demo-data")]
    data: PathBuf,
    /// Port of the API and its pages
    #[arg(long, value_name = "PORT", default_value_t = 8080)]
    http_port: u16,
    /// Port of /livez, /readyz and /metrics
    #[arg(long, value_name = "PORT", default_value_t = 9090)]
    ops_port: u16,
    /// Port for point-of-sale terminals
    #[arg(long, value_name = "PORT", default_value_t = 8583)]
    pos_port: u16,
    /// Port of the sandbox card host
    #[arg(long, value_name = "PORT", default_value_t = 8584)]
    card_port: u16,
}

/// A bill made for trying out.
struct DemoBill {
    id: String,
    amount: Money,
    service: CatalogueService,
}

/// What there is to try.
struct Offer {
    credentials: Credentials,
    card: String,
    bills: Vec<DemoBill>,
    pos: DemoMessages,
    run: String,
}

/// Starts everything, says what to try, and runs until it is told to stop.
///
/// # Errors
/// [`StartError`], in one sentence.
pub(crate) async fn run(options: Options) -> Result<Ended, StartError> {
    step(1, "المنافذ والملفات", "ports and files")?;
    ports_are_free(&options)?;
    let files = folder::write(&options)?;
    let loaded = Loaded::read(&files.settings)?;
    let level = logs::start(&loaded.settings.log);

    step(2, "قاعدة البيانات", "database")?;
    let credentials = populate(&loaded, &files).await?;

    step(3, "مضيف البطاقات التجريبي", "sandbox card host")?;
    let host = start_card_host(&files)?;

    step(4, "المحوّل", "the switch")?;
    let catalogue = Catalogue::read(&loaded)?;
    let service = Service::start(loaded, level, true).await?;
    link_is_up(&service).await?;

    step(5, "فواتير وبطاقة", "bills and a card")?;
    let offer = make_offer(&service, &catalogue, &files, credentials).await?;
    write(&guide::text(&options, &files, &offer))?;
    let ended = service.run().await;
    host.stop().await;
    write("\nوداعاً · bye\n")?;
    ended
}

fn step(number: u8, ar: &str, en: &str) -> Result<(), StartError> {
    write(&format!("[{number}/5] {en} · {ar}\n"))
}

fn write(text: &str) -> Result<(), StartError> {
    let mut out = std::io::stdout().lock();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    written.map_err(|error| StartError::Machine(format!("standard output: {error}")))
}

fn ports_are_free(options: &Options) -> Result<(), StartError> {
    for (port, option) in [
        (options.http_port, "--http-port"),
        (options.ops_port, "--ops-port"),
        (options.pos_port, "--pos-port"),
        (options.card_port, "--card-port"),
    ] {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        TcpListener::bind(address).map_err(|error| {
            let problem = format!(
                "cannot listen on {address} ({error}): stop what uses it, or choose another with {option}"
            );
            StartError::Machine(problem)
        })?;
    }
    Ok(())
}

/// The client, the agent and its float; made at the first start and found at the next.
async fn populate(loaded: &Loaded, files: &folder::Files) -> Result<Credentials, StartError> {
    let mut desk = Desk::open(loaded).await?;
    let agent = match desk.client(AGENT).await? {
        Some(agent) => agent,
        None => {
            let agent = desk.add_agent(AGENT).await?;
            let amount_max_minor = FLOAT.minor();
            desk.add_terminal(&Terminal { id: TERMINAL.into(), agent, amount_max_minor }).await?;
            agent
        }
    };
    if desk.float(agent, FLOAT.currency()).await? < FLOAT_LOW_MINOR {
        desk.top_up(agent, FLOAT).await?;
    }
    let kept = folder::credentials(files);
    let credentials = match kept {
        Some(kept) if desk.knows(&kept).await? => kept,
        Some(_) | None => {
            // The folder lost its credentials: another client, for the name is taken.
            let name = format!("demo-{}", codecs::hex::encode(&random::<4>()?).to_ascii_lowercase());
            let (credentials, _) = desk.add_client(&name, None).await?;
            folder::keep_credentials(files, &credentials)?;
            credentials
        }
    };
    desk.close().await;
    Ok(credentials)
}

fn start_card_host(files: &folder::Files) -> Result<CardHost, StartError> {
    let settings =
        CardSettings::from_toml(&files.card).map_err(|error| StartError::Machine(error.to_string()))?;
    let listen = settings.link.address.first().cloned().unwrap_or_default();
    let mut twin = HostSettings::twin_of(&settings, &listen);
    twin.book = Some(files.folder.join("card-host-book.jsonl"));
    twin.faults.late = Duration::from_millis(folder::RESPONSE_TIMEOUT_MS * 3 / 2);
    CardHost::start(twin)
        .map_err(|error| StartError::Machine(format!("the sandbox card host, {listen}: {error}")))
}

async fn link_is_up(service: &Service) -> Result<(), StartError> {
    let all_up = || service.engine.connectors().all(|c| c.session().is_none_or(|session| session.is_up()));
    let wait = async {
        while !all_up() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let waited = tokio::time::timeout(LINK_PATIENCE, wait).await;
    waited.map_err(|_| StartError::Machine("the link to the sandbox card host did not come up".into()))
}

async fn make_offer(
    service: &Service,
    catalogue: &Catalogue,
    files: &folder::Files,
    credentials: Credentials,
) -> Result<Offer, StartError> {
    let engine = &service.engine;
    let client = switch_store::client::find_by_name(engine.db(), &credentials.id).await?;
    let client = client.ok_or_else(|| StartError::Machine(format!("no client {}", credentials.id)))?.id;
    // Fresh references at each start, so that there is always something to pay.
    let run = codecs::hex::encode(&random::<4>()?).to_ascii_lowercase();
    let mut bills = Vec::new();
    for (i, code) in ["PASS-REN", "ID-REPL", "PASS-NEW", "VEH-LIC"].into_iter().enumerate() {
        bills.extend(make_bill(service, catalogue, client, code, format!("DEMO-{run}-{i}")).await?);
    }
    let machine = |error: &dyn std::fmt::Display| StartError::Machine(error.to_string());
    let pan = Pan::parse(CARD.0).map_err(|error| machine(&error))?;
    let card = Card::new(pan, CARD.1).map_err(|error| machine(&error))?;
    let (token, _) = engine.keep_card(client, &card).await.map_err(|error| machine(&error))?;

    let cash = bills
        .iter()
        .find(|bill| bill.amount.currency() == FLOAT.currency() && bill.service.code != "PASS-REN");
    let cash =
        cash.ok_or_else(|| StartError::Machine("the catalogue has no service for the cash bill".into()))?;
    let settings = PosSettings::from_toml(&files.pos).map_err(|error| machine(&error))?;
    let payment = CashPayment {
        terminal: TERMINAL.into(),
        bill: cash.id.clone(),
        amount: cash.amount,
        stan: 1 + u32::from_be_bytes(random()?) % 999_999,
        at: engine.clock().now(),
    };
    let pos = demo_messages(&settings, &payment).map_err(|error| machine(&error))?;
    Ok(Offer { credentials, card: engine.public_ids().show("crd", token.0), bills, pos, run })
}

async fn make_bill(
    service: &Service,
    catalogue: &Catalogue,
    client: ClientId,
    code: &str,
    reference: String,
) -> Result<Option<DemoBill>, StartError> {
    let Some(billed) = catalogue.service(code) else { return Ok(None) };
    let currency = billed.currency.as_deref().and_then(Currency::from_alpha);
    let amount =
        currency.zip(billed.fee.as_deref()).and_then(|(currency, fee)| Money::parse(fee, currency).ok());
    let (Some(amount), Ok(payer)) = (amount, passport()) else {
        return Ok(None);
    };
    let new = NewBill {
        client,
        department: billed.department.clone(),
        service: billed.code.clone(),
        reference,
        payer,
        amount,
        description: billed.name_ar.clone(),
        expires_at: None,
    };
    let made =
        service.engine.create_bill(new).await.map_err(|error| StartError::Machine(error.to_string()))?;
    let id = service.engine.public_ids().show("bil", made.view.bill.id.0);
    Ok(Some(DemoBill { id, amount, service: billed.clone() }))
}

/// A payer that is nobody.
fn passport() -> Result<Payer, switch_core::person::PayerError> {
    Payer::new(PayerKind::Passport, "DEMO-000001")
}
