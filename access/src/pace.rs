//! Rates at ingest: two token buckets for each token, one of items and one of bytes.
//!
//! Our own and not a crate: a request must be let in by both buckets or charged to none, and one that is larger than a
//! full bucket must be let in some time (it leaves a debt), else its sender would try for ever.

use parking_lot::Mutex;
use std::time::{Duration, Instant};

/// The limits of one token.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PaceConfig {
    /// Spans and log records a second; 0 has no limit.
    pub items_per_second: u64,
    /// Bytes of requests a second, decompressed; 0 has no limit.
    pub bytes_per_second: u64,
    /// For how long a sender that was quiet may send all at once what the rates let it send in that time.
    pub burst: Duration,
}

/// A request that came too early.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the token is over its rate of {per_second} {what} a second; send again in {} ms", retry_after.as_millis())]
pub struct Throttled {
    /// `items` or `bytes`.
    pub what: &'static str,
    /// The limit.
    pub per_second: u64,
    /// When the same request is let in, if nothing else comes before.
    pub retry_after: Duration,
}

/// What a token has left.
#[derive(Debug)]
pub struct Pace {
    config: PaceConfig,
    levels: Mutex<Levels>,
}

#[derive(Debug)]
struct Levels {
    items: Bucket,
    bytes: Bucket,
    at: Instant,
}

#[derive(Debug)]
struct Bucket {
    what: &'static str,
    per_second: u64,
    full: f64,
    level: f64,
}

impl Bucket {
    fn new(what: &'static str, per_second: u64, burst: Duration) -> Self {
        // At least one item or byte, or nothing would ever be let in.
        let full = (per_second as f64 * burst.as_secs_f64()).max(1.0);
        Self { what, per_second, full, level: full }
    }

    fn refill(&mut self, seconds: f64) {
        self.level = (self.level + self.per_second as f64 * seconds).min(self.full);
    }

    /// Whether `cost` may be taken: what is larger than a full bucket needs a full one.
    fn check(&self, cost: u64) -> Result<(), Throttled> {
        let needed = (cost as f64).min(self.full);
        if self.per_second == 0 || self.level >= needed {
            return Ok(());
        }
        let seconds = (needed - self.level) / self.per_second as f64;
        let retry_after = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX);
        // In whole milliseconds, upwards: who waits as long as told is let in.
        let retry_after =
            Duration::from_millis(u64::try_from(retry_after.as_millis()).unwrap_or(u64::MAX) + 1);
        Err(Throttled { what: self.what, per_second: self.per_second, retry_after })
    }
}

impl Pace {
    /// Full buckets.
    #[must_use]
    pub fn new(config: PaceConfig) -> Self {
        let items = Bucket::new("items", config.items_per_second, config.burst);
        let bytes = Bucket::new("bytes", config.bytes_per_second, config.burst);
        Self { config, levels: Mutex::new(Levels { items, bytes, at: Instant::now() }) }
    }

    /// The limits.
    #[must_use]
    pub fn config(&self) -> PaceConfig {
        self.config
    }

    /// Whether items must be counted.
    #[must_use]
    pub fn counts_items(&self) -> bool {
        self.config.items_per_second > 0
    }

    /// Takes a request of so many items and bytes from both buckets, or nothing from either.
    ///
    /// # Errors
    /// [`Throttled`], with the longer of the two waits.
    pub fn take(&self, items: u64, bytes: u64, now: Instant) -> Result<(), Throttled> {
        let mut levels = self.refilled(now);
        let (by_items, by_bytes) = (levels.items.check(items), levels.bytes.check(bytes));
        match (by_items, by_bytes) {
            (Ok(()), Ok(())) => {
                levels.items.level -= items as f64;
                levels.bytes.level -= bytes as f64;
                Ok(())
            }
            (Err(one), Err(other)) => Err(if one.retry_after > other.retry_after { one } else { other }),
            (Err(throttled), Ok(())) | (Ok(()), Err(throttled)) => Err(throttled),
        }
    }

    /// Whether a request of unknown size is worth reading.
    ///
    /// # Errors
    /// [`Throttled`] where not even the smallest request would be let in.
    pub fn check(&self, now: Instant) -> Result<(), Throttled> {
        let levels = self.refilled(now);
        levels.items.check(1)?;
        levels.bytes.check(1)
    }

    /// Gives back what a request took that was refused after all, and will come again.
    pub fn give_back(&self, items: u64, bytes: u64) {
        let mut levels = self.levels.lock();
        levels.items.level = (levels.items.level + items as f64).min(levels.items.full);
        levels.bytes.level = (levels.bytes.level + bytes as f64).min(levels.bytes.full);
    }

    fn refilled(&self, now: Instant) -> parking_lot::MutexGuard<'_, Levels> {
        let mut levels = self.levels.lock();
        let seconds = now.saturating_duration_since(levels.at).as_secs_f64();
        levels.at = levels.at.max(now);
        levels.items.refill(seconds);
        levels.bytes.refill(seconds);
        levels
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pace(items_per_second: u64, bytes_per_second: u64) -> Pace {
        Pace::new(PaceConfig { items_per_second, bytes_per_second, burst: Duration::from_secs(2) })
    }

    #[test]
    fn a_burst_passes_and_then_the_rate_holds() {
        let (pace, began) = (pace(10, 0), Instant::now());
        assert_eq!(pace.take(20, 1 << 40, began), Ok(()));
        let throttled = pace.take(5, 0, began).unwrap_err();
        assert_eq!((throttled.what, throttled.per_second), ("items", 10));
        assert_eq!(throttled.retry_after, Duration::from_millis(501));
        assert_eq!(pace.take(5, 0, began + throttled.retry_after), Ok(()));
        assert!(pace.check(began + throttled.retry_after).is_err());
    }

    #[test]
    fn both_buckets_or_none() {
        let (pace, began) = (pace(10, 100), Instant::now());
        pace.take(0, 200, began).unwrap();
        assert_eq!(pace.take(20, 100, began).unwrap_err().what, "bytes");
        assert_eq!(pace.take(20, 0, began), Ok(()), "the items of the refused request were not taken");
        pace.give_back(20, 200);
        assert_eq!(pace.take(20, 200, began), Ok(()));
    }

    #[test]
    fn a_request_larger_than_the_bucket_is_let_in_once_it_is_full() {
        let (pace, began) = (pace(10, 0), Instant::now());
        assert_eq!(pace.take(100, 0, began), Ok(()));
        let wait = pace.take(100, 0, began).unwrap_err().retry_after;
        assert_eq!(wait, Duration::from_millis(10_001), "the debt of 80 and a full bucket of 20");
        assert_eq!(pace.take(100, 0, began + wait), Ok(()));
    }

    #[test]
    fn no_limit_is_no_limit() {
        let (pace, now) = (pace(0, 0), Instant::now());
        for _ in 0..100 {
            assert_eq!(pace.take(u64::MAX / 200, u64::MAX / 200, now), Ok(()));
        }
    }

    proptest! {
        /// Whatever is sent when: no more than the rate, a burst and one request is let in; who waits as told passes.
        #[test]
        fn the_rate_holds_over_any_sequence(
            rate in 1_u64..1_000,
            requests in prop::collection::vec((0_u64..2_000, 0_u64..3_000), 1..60),
        ) {
            let (pace, began) = (pace(rate, 0), Instant::now());
            let (mut passed, mut largest, mut now) = (0, 0, began);
            for (cost, wait_ms) in requests {
                now += Duration::from_millis(wait_ms);
                largest = largest.max(cost);
                match pace.take(cost, 0, now) {
                    Ok(()) => passed += cost,
                    Err(throttled) => {
                        now += throttled.retry_after;
                        prop_assert_eq!(pace.take(cost, 0, now), Ok(()));
                        passed += cost;
                    }
                }
                let seconds = (now - began).as_secs_f64();
                let most = rate as f64 * (seconds + 2.0) + largest as f64 + 1.0;
                prop_assert!(passed as f64 <= most, "{passed} in {seconds} s at {rate}/s");
            }
        }
    }
}
