//! How long to wait between attempts, and how often to say so.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::config::RetryConfig;

/// Exponential backoff with jitter.
#[derive(Debug)]
pub(super) struct Backoff<'a> {
    config: &'a RetryConfig,
    interval: Duration,
}

impl<'a> Backoff<'a> {
    pub(super) fn new(config: &'a RetryConfig) -> Self {
        Self { config, interval: config.initial_interval }
    }

    /// The next wait. What the next hop asks for is kept as a minimum, up to `max_interval`.
    pub(super) fn next(&mut self, asked: Option<Duration>, random: f64) -> Duration {
        let spread = 1.0 + self.config.randomization_factor * (2.0 * random - 1.0);
        let wait = self.interval.mul_f64(spread);
        self.interval = self.interval.mul_f64(self.config.multiplier).min(self.config.max_interval);
        let asked = asked.unwrap_or_default().min(self.config.max_interval);
        // A wait that was asked for is only made longer, so that all senders do not come back at once.
        wait.max(asked + asked.mul_f64(self.config.randomization_factor * random * 0.2))
    }
}

/// A number from 0 to 1 that differs between processes and calls.
pub(super) fn random() -> f64 {
    let bits = RandomState::new().build_hasher().finish() >> 11;
    bits as f64 / (1_u64 << 53) as f64
}

/// Lets a log line through once in a while and counts the others.
#[derive(Debug)]
pub(super) struct RateLimit {
    interval: Duration,
    last: Mutex<Option<Instant>>,
    suppressed: AtomicU64,
}

impl RateLimit {
    pub(super) fn new(interval: Duration) -> Self {
        Self { interval, last: Mutex::new(None), suppressed: AtomicU64::new(0) }
    }

    /// How many were suppressed since the last one that was let through; `None` suppresses this one.
    pub(super) fn allow(&self) -> Option<u64> {
        let mut last = self.last.lock();
        if last.is_some_and(|last| last.elapsed() < self.interval) {
            self.suppressed.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        *last = Some(Instant::now());
        Some(self.suppressed.swap(0, Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_the_limit_and_keep_what_was_asked() {
        let config = RetryConfig {
            initial_interval: Duration::from_secs(1),
            max_interval: Duration::from_secs(4),
            multiplier: 2.0,
            randomization_factor: 0.5,
        };
        let mut backoff = Backoff::new(&config);
        let waits: Vec<f64> = (0..4).map(|_| backoff.next(None, 0.5).as_secs_f64()).collect();
        assert_eq!(waits, [1.0, 2.0, 4.0, 4.0]);
        assert_eq!(Backoff::new(&config).next(None, 0.0), Duration::from_millis(500));
        assert_eq!(Backoff::new(&config).next(None, 1.0), Duration::from_millis(1500));
        let asked = Backoff::new(&config).next(Some(Duration::from_secs(3)), 1.0);
        assert!(asked >= Duration::from_secs(3) && asked < Duration::from_secs(4));
        let capped = Backoff::new(&config).next(Some(Duration::from_secs(3600)), 1.0);
        assert!(capped < Duration::from_secs(5));
        assert!((0.0..1.0).contains(&random()) && random() != random());
    }

    #[test]
    fn lines_are_let_through_once_in_a_while() {
        let limit = RateLimit::new(Duration::from_millis(30));
        assert_eq!(limit.allow(), Some(0));
        assert_eq!((limit.allow(), limit.allow()), (None, None));
        std::thread::sleep(Duration::from_millis(40));
        assert_eq!(limit.allow(), Some(2));
    }
}
