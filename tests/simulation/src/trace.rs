//! The readable trace of a run: what happened around the switch, and between it
//! the switch's own log lines.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::io;
use std::sync::Once;

thread_local! { static LINES: RefCell<Option<String>> = const { RefCell::new(None) }; }

static LOGS: Once = Once::new();

/// Begins a trace in this thread, or none.
pub(crate) fn begin(wanted: bool) {
    if wanted {
        LOGS.call_once(|| {
            let logs = tracing_subscriber::fmt()
                .with_writer(|| Lines)
                .without_time()
                .with_target(false)
                .with_ansi(false)
                .with_max_level(tracing_subscriber::filter::LevelFilter::INFO);
            logs.init();
        });
    }
    LINES.set(wanted.then(String::new));
}

/// One line at a time of the run.
pub(crate) fn line(now_us: u64, text: &str) {
    LINES.with_borrow_mut(|lines| {
        if let Some(lines) = lines {
            let _ = writeln!(lines, "{:>12.6} {text}", now_us as f64 / 1e6);
        }
    });
}

/// The trace of this thread.
pub(crate) fn take() -> String {
    LINES.take().unwrap_or_default()
}

struct Lines;

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LINES.with_borrow_mut(|lines| {
            if let Some(lines) = lines {
                let _ = write!(lines, "             {}", String::from_utf8_lossy(bytes).trim_start());
            }
        });
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
