//! The only place of the crate that reads the clock. Used to stamp log entries and to notice that much
//! time passed; never to decide what is expired: that time is passed in by the caller.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::SystemTime;

tokio::task_local! {
    /// Milliseconds since the epoch by the clock of a simulated machine, for the tests that run several
    /// of them in one process.
    pub static SIMULATED_MS: Arc<AtomicI64>;
}

/// Milliseconds since the Unix epoch; 0 where the clock stands before it.
#[expect(clippy::disallowed_methods, reason = "this is the one clock module")]
pub(crate) fn now_ms() -> i64 {
    if let Ok(simulated) = SIMULATED_MS.try_with(|clock| clock.load(Ordering::Relaxed)) {
        return simulated;
    }
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .ok()
        .and_then(|since| i64::try_from(since.as_millis()).ok())
        .unwrap_or(0)
}
