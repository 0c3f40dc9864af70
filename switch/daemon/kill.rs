//! Ends a test build at a named kill point, as a power cut or the kernel would: at
//! once, without a word. A build for use has no kill points, and says so.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use switch_core::fault::{self, KillPoint};

/// `label` or `label:n`: the n-th time the point is reached, from 1.
pub(crate) const VARIABLE: &str = "SWITCHD_KILL_AT";

static WHERE: OnceLock<KillPoint> = OnceLock::new();
static LEFT: AtomicU32 = AtomicU32::new(0);

/// Reads where to end, if anywhere.
///
/// # Errors
/// A sentence: the build has no kill points, or none of this name.
pub(crate) fn arm() -> Result<(), String> {
    let Some(wanted) = std::env::var_os(VARIABLE) else { return Ok(()) };
    if !fault::COMPILED {
        return Err(format!("{VARIABLE} is set, and this build has no kill points"));
    }
    let wanted = wanted.to_string_lossy();
    let (label, turn) = wanted.split_once(':').unwrap_or((&wanted, "1"));
    let point = KillPoint::parse(label).ok_or_else(|| {
        let known: Vec<_> = KillPoint::ALL.iter().map(|point| point.as_str()).collect();
        format!("{VARIABLE}: no kill point {label}; there are {}", known.join(", "))
    })?;
    let turn = turn.parse().ok().filter(|turn| *turn > 0);
    LEFT.store(
        turn.ok_or_else(|| format!("{VARIABLE}: {wanted}: a count from 1 follows the colon"))?,
        Relaxed,
    );
    let _ = WHERE.set(point);
    fault::arm(reached);
    Ok(())
}

fn reached(point: KillPoint) {
    if WHERE.get() == Some(&point) && LEFT.fetch_sub(1, Relaxed) == 1 {
        // SIGKILL to itself would be delivered a moment later; this is at once.
        std::process::abort();
    }
}
