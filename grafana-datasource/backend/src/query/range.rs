//! The time that a query is about, and what it is in SQL.

use crate::clock;
use grafana_plugin_sdk::pluginv2::TimeRange;

/// How far the end of a range may be behind the clock and still be "now", in milliseconds.
const NOW_WITHIN_MS: i64 = 60_000;

/// From included, to not, in milliseconds since the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) from_ms: i64,
    pub(crate) to_ms: i64,
}

impl Range {
    /// What Grafana asks for; a range that is missing or the wrong way round holds nothing.
    pub(crate) fn of(range: Option<TimeRange>) -> Self {
        let (from_ms, to_ms) = range.map_or((0, 0), |range| (range.from_epoch_ms, range.to_epoch_ms));
        // Years that SQL's times can hold.
        let (from_ms, to_ms) = (from_ms.clamp(0, LATEST_MS), to_ms.clamp(0, LATEST_MS));
        Self { from_ms, to_ms: to_ms.max(from_ms) }
    }

    /// Whether it ends now, so that what is new belongs to it.
    pub(crate) fn ends_now(self, now_ms: i64) -> bool {
        self.to_ms >= now_ms - NOW_WITHIN_MS
    }

    pub(crate) fn ms(self) -> i64 {
        self.to_ms - self.from_ms
    }

    /// `column` lies in it.
    pub(crate) fn condition(self, column: &str) -> String {
        format!("{column} >= {} AND {column} < {}", time(self.from_ms), time(self.to_ms))
    }

    /// As the API's lists want it.
    pub(crate) fn parameters(self) -> [(&'static str, String); 2] {
        [("from", clock::rfc3339(self.from_ms)), ("to", clock::rfc3339(self.to_ms))]
    }
}

/// The year 2200: a nanosecond count ends in 2262.
const LATEST_MS: i64 = 7_258_118_400_000;

/// A time in SQL, of the type that the columns have, so that the engine compares without a cast.
pub(crate) fn time(ms: i64) -> String {
    format!("arrow_cast({}, 'Timestamp(Microsecond, Some(\"UTC\"))')", ms.saturating_mul(1_000))
}
