//! The one place of this crate that reads the wall clock.

use chrono::{DateTime, Utc};
use std::time::{SystemTime, UNIX_EPOCH};

/// Nanoseconds since the Unix epoch; 0 before it, saturating in the year 2554.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the clock module")]
pub(crate) fn now_unix_nano() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

/// The time now.
#[must_use]
pub(crate) fn now() -> DateTime<Utc> {
    DateTime::from_timestamp_nanos(i64::try_from(now_unix_nano()).unwrap_or(i64::MAX))
}
