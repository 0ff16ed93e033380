//! The only place of the crate that reads the clock.

use std::time::SystemTime;

/// Milliseconds since the Unix epoch; 0 where the clock stands before it.
#[expect(clippy::disallowed_methods, reason = "this is the one clock module")]
pub(crate) fn now_ms() -> i64 {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .ok()
        .and_then(|since| i64::try_from(since.as_millis()).ok())
        .unwrap_or(0)
}
