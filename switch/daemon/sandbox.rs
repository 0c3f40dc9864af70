//! `switchd sandbox`: the other side as a process of its own, for rigs, load and trying out.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use connectors::card_iso8583::CardSettings;
use connectors::card_iso8583::sandbox::{CardHost, HostSettings};
use tokio::signal::unix::{SignalKind, signal};

use crate::commands::print;
use crate::wiring::StartError;

/// The sandbox settings of the repository, which fit the demo.
pub(crate) const CARD_SETTINGS: &str = include_str!("../../config/connectors/card-sandbox.toml");

/// Which counterparty.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// A card host over ISO 8583
    CardHost {
        /// Address and port; port 0 takes a free one, which is printed
        #[arg(long, default_value = "127.0.0.1:7583")]
        listen: String,
        /// The settings of the connector it is the other side of [default: the sandbox's]
        #[arg(long, value_name = "FILE")]
        settings: Option<PathBuf>,
        /// Where it keeps its book, one JSON object a line [default: memory only]
        #[arg(long, value_name = "FILE")]
        book: Option<PathBuf>,
        /// Time every message takes
        #[arg(long, value_name = "MS", default_value_t = 0)]
        service_time_ms: u64,
        /// Delay of an answer that comes late
        #[arg(long, value_name = "MS", default_value_t = 35_000)]
        late_ms: u64,
        /// Treat every card alike: no test card does anything special
        #[arg(long)]
        no_test_cards: bool,
    },
}

/// Runs it until it is told to stop.
pub(crate) async fn run(command: Command) -> Result<ExitCode, StartError> {
    let Command::CardHost { listen, settings, book, service_time_ms, late_ms, no_test_cards } = command;
    let text = match &settings {
        None => CARD_SETTINGS.to_owned(),
        Some(path) => std::fs::read_to_string(path)
            .map_err(|error| StartError::Machine(format!("{}: {error}", path.display())))?,
    };
    let card = CardSettings::from_toml(&text).map_err(|error| StartError::Machine(error.to_string()))?;
    let mut host = HostSettings::twin_of(&card, &listen);
    host.book = book;
    host.faults.service_time = Duration::from_millis(service_time_ms);
    host.faults.late = Duration::from_millis(late_ms);
    host.faults.test_cards = !no_test_cards;
    let host = CardHost::start(host).map_err(|error| StartError::Machine(format!("{listen}: {error}")))?;
    print(&format!("listening on {}", host.address()))?;

    let receive = |kind| signal(kind).map_err(|error| StartError::Machine(format!("signals: {error}")));
    let (mut terminate, mut interrupt) =
        (receive(SignalKind::terminate())?, receive(SignalKind::interrupt())?);
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    host.stop().await;
    Ok(ExitCode::SUCCESS)
}
