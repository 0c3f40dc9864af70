//! What goes to standard error: one line an event, JSON or text, its level changeable while running.
//!
//! Bodies and `Authorization` are never logged; card and identity numbers are types that print masked.

use std::fmt;

use tracing_subscriber::filter::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::reload;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Registry, fmt as lines};

use crate::settings::Log;

/// Changes the level of the running process.
#[derive(Clone)]
pub(crate) struct LogLevel(reload::Handle<EnvFilter, Registry>);

impl fmt::Debug for LogLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LogLevel")
    }
}

/// Starts logging.
pub(crate) fn start(settings: &Log) -> LogLevel {
    let (filter, handle) = reload::Layer::new(filter(&settings.level));
    let registry = tracing_subscriber::registry().with(filter);
    // A second start in one process keeps the first: only tests do that.
    let _ = if settings.format == "json" {
        let json =
            lines::layer().json().flatten_event(true).with_current_span(false).with_writer(std::io::stderr);
        registry.with(json).try_init()
    } else {
        registry.with(lines::layer().with_writer(std::io::stderr)).try_init()
    };
    LogLevel(handle)
}

impl LogLevel {
    /// Sets another level.
    pub(crate) fn set(&self, level: &str) {
        if let Err(error) = self.0.reload(filter(level)) {
            tracing::error!(%error, "the log level could not be changed");
        }
    }
}

fn filter(level: &str) -> EnvFilter {
    level.parse().unwrap_or_else(|_| EnvFilter::new("info"))
}
