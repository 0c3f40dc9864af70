//! The payment switch: one binary with its listeners, its commands and its sandbox.
//!
//! It contains no business rule: what may happen is decided in `switch-core`, told as stories by
//! `switch-engine`, kept by `switch-store`. Here are settings, wiring, the HTTP API and the shutdown.
//!
//! The program is [`main`] and nothing else, so that the fuzzer can link what reads bytes from outside without
//! starting a switch. This is no library for others: it exports nothing but that.
#![forbid(unsafe_code)]

mod api;
mod audit;
mod audit_log;
mod catalogue;
mod clock;
mod commands;
mod courier;
mod demo;
mod formats;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
#[cfg(test)]
mod golden;
mod identity;
mod kill;
mod logs;
mod metrics;
mod ops;
mod problem;
mod sandbox;
mod seal;
mod secrets;
mod service;
mod settings;
mod spool;
mod tls;
mod watchdog;
mod wiring;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use switch_store::StoreError;

use crate::service::{Ended, Service};
use crate::settings::Loaded;
use crate::wiring::StartError;

/// The settings cannot be used.
const EXIT_SETTINGS: u8 = 2;
/// The storage failed while running (EX_SOFTWARE): the supervisor starts it again from what is durable.
const EXIT_STORAGE: u8 = 70;
/// Another process has taken the number of this node. The supervisor leaves it at that: started again it would take
/// the number back, and the two would end each other for ever.
const EXIT_SUPERSEDED: u8 = 71;

/// The open payment switch for government services.
#[derive(Debug, Parser)]
#[command(name = "switchd", version, disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the switch
    Serve {
        #[command(flatten)]
        config: Config,
        /// Bring the schema up to date first
        #[arg(long)]
        migrate: bool,
    },
    /// Runs the switch with its sandbox counterparties, for trying out
    Demo(demo::Options),
    /// Brings the schema of the database up to date
    Migrate {
        #[command(flatten)]
        config: Config,
        /// Only say whether it is; exit code 1 when it is not
        #[arg(long)]
        check: bool,
    },
    /// Reads the settings and all they name, and opens nothing
    CheckConfig {
        #[command(flatten)]
        config: Config,
    },
    /// Clients of the API
    #[command(subcommand)]
    Client(ClientCommand),
    /// Agents of the cash network
    #[command(subcommand)]
    Agent(AgentCommand),
    /// Recomputes everything from raw rows; exit code 1 when something does not agree
    Audit {
        #[command(flatten)]
        config: Config,
        #[command(flatten)]
        arguments: audit::Arguments,
    },
    /// Counterparties to test against
    #[command(subcommand)]
    Sandbox(sandbox::Command),
    /// Messages of ISO 8583: explained, written, compared
    #[command(subcommand)]
    Iso8583(formats::Iso8583),
    /// Messages of ISO 20022
    #[command(subcommand)]
    Iso20022(formats::Iso20022),
    /// Clearing and settlement files
    #[command(subcommand)]
    File(formats::File),
    /// Prints the version
    Version,
}

/// Which settings.
#[derive(Debug, Clone, clap::Args)]
struct Config {
    /// The settings
    #[arg(long, value_name = "FILE", default_value = "/etc/switchd/switchd.toml")]
    config: PathBuf,
}

#[derive(Debug, Subcommand)]
enum ClientCommand {
    /// Adds one and prints its identifier and its secret for /oidc/token, once
    Add {
        /// Its identifier: letters, digits, hyphens, points and underscores
        name: String,
        /// Where it wants to learn of its payments
        #[arg(long, value_name = "URL")]
        webhook: Option<String>,
        #[command(flatten)]
        config: Config,
    },
}

#[derive(Debug, Subcommand)]
enum AgentCommand {
    /// Adds one with a terminal and a float
    Add {
        /// Its name, unique
        name: String,
        /// Number of its terminal, eight characters
        #[arg(long, value_name = "ID")]
        terminal: String,
        /// What it has paid in, such as 5000.00
        #[arg(long, value_name = "AMOUNT")]
        float: String,
        /// Currency of the float
        #[arg(long, default_value = "ILS")]
        currency: String,
        /// Largest single payment of the terminal
        #[arg(long, value_name = "AMOUNT", default_value = "5000.00")]
        amount_max: String,
        #[command(flatten)]
        config: Config,
    },
}

/// The program: reads its arguments, does what they say, and tells how it ended.
#[must_use]
pub fn main() -> ExitCode {
    if let Err(problem) = kill::arm() {
        return say(&problem, EXIT_SETTINGS);
    }
    match run(Arguments::parse().command) {
        Ok(code) => code,
        Err(StartError::Settings(error)) => say(&format!("{error}"), EXIT_SETTINGS),
        // Somebody took the number while this one was still starting.
        Err(StartError::Store(StoreError::Superseded(lost))) => exit_code(Ended::Superseded(lost)),
        Err(error) => say(&error.to_string(), 1),
    }
}

fn say(problem: &str, code: u8) -> ExitCode {
    // Nobody listens to standard error when this fails.
    let _ = std::io::Write::write_fmt(&mut std::io::stderr(), format_args!("switchd: {problem}\n"));
    ExitCode::from(code)
}

fn run(command: Command) -> Result<ExitCode, StartError> {
    match command {
        Command::Serve { config, migrate } => {
            let loaded = Loaded::read(&config.config)?;
            let level = logs::start(&loaded.settings.log);
            let threads = loaded.settings.worker_threads;
            let ended =
                on_runtime(threads, async { Service::start(loaded, level, migrate).await?.run().await })?;
            Ok(exit_code(ended))
        }
        Command::Demo(options) => Ok(exit_code(on_runtime(demo::THREADS, demo::run(options))?)),
        Command::Migrate { config, check } => {
            on_runtime(1, commands::migrate(Loaded::read(&config.config)?, check))
        }
        Command::CheckConfig { config } => {
            wiring::check(&Loaded::read(&config.config)?)?;
            commands::print(&format!("{}: fine", config.config.display()))
        }
        Command::Client(ClientCommand::Add { name, webhook, config }) => {
            on_runtime(1, commands::add_client(Loaded::read(&config.config)?, name, webhook))
        }
        Command::Agent(AgentCommand::Add { name, terminal, float, currency, amount_max, config }) => {
            let new = commands::NewAgent { name, terminal, float, currency, amount_max };
            on_runtime(1, commands::add_agent(Loaded::read(&config.config)?, new))
        }
        Command::Audit { config, arguments } => {
            on_runtime(1, async { Ok(audit::run(Loaded::read(&config.config), arguments).await) })
        }
        Command::Sandbox(command) => on_runtime(1, sandbox::run(command)),
        Command::Iso8583(command) => formats::tell(formats::iso8583(command)),
        Command::Iso20022(command) => formats::tell(formats::iso20022(command)),
        Command::File(command) => formats::tell(formats::file(command)),
        Command::Version => commands::print(concat!("switchd ", env!("CARGO_PKG_VERSION"))),
    }
}

fn exit_code(ended: Ended) -> ExitCode {
    match ended {
        Ended::Drained => ExitCode::SUCCESS,
        Ended::StorageFailed => say(
            "the storage failed: nothing in memory can be trusted; start again from what is durable",
            EXIT_STORAGE,
        ),
        Ended::Superseded(lost) => say(&format!("{lost}: two processes need two numbers"), EXIT_SUPERSEDED),
    }
}

fn on_runtime<T>(
    threads: usize,
    story: impl Future<Output = Result<T, StartError>>,
) -> Result<T, StartError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build();
    let runtime = runtime.map_err(|error| StartError::Machine(format!("the runtime: {error}")))?;
    let told = runtime.block_on(story);
    // What hangs must not keep the process: it was drained, or is recovered at the next start.
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    told
}
