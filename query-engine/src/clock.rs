//! The time, for what the engine writes. The only place that asks for it.

use chrono::Utc;

/// Nanoseconds since the epoch; saturates in the year 2262.
#[must_use]
pub(crate) fn now_unix_nano() -> i64 {
    Utc::now().timestamp_nanos_opt().unwrap_or(i64::MAX)
}
