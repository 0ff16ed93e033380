//! Admission: how many requests and bytes may be under way at once, over all receivers.
//!
//! A request takes its place once its body is there: however many senders drip, they hold no place, and of the
//! memory only what has arrived.

use super::{ReceiverConfig, Refusal};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Shared counters with their limits.
#[derive(Clone, Debug)]
pub(crate) struct Admission {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    requests: AtomicUsize,
    bytes: AtomicUsize,
    requests_max: usize,
    bytes_max: usize,
    retry_after: Duration,
}

/// One request; its place and its share of the memory are given back on drop.
#[derive(Debug)]
pub(crate) struct Permit {
    shared: Arc<Shared>,
    bytes: usize,
    placed: bool,
}

impl Admission {
    /// Takes the limits from the configuration.
    #[must_use]
    pub(crate) fn new(config: &ReceiverConfig) -> Self {
        Self {
            shared: Arc::new(Shared {
                requests: AtomicUsize::new(0),
                bytes: AtomicUsize::new(0),
                requests_max: config.requests_max,
                bytes_max: config.memory_bytes_max,
                retry_after: config.retry_after,
            }),
        }
    }

    /// A permit to read the body of a request, which has no place yet.
    ///
    /// # Errors
    /// [`Refusal::Busy`] when all places are taken: a body that is not read costs nothing.
    pub(crate) fn request(&self) -> Result<Permit, Refusal> {
        let shared = Arc::clone(&self.shared);
        if shared.requests.load(Ordering::Acquire) >= shared.requests_max {
            return Err(shared.crowded());
        }
        Ok(Permit { shared, bytes: 0, placed: false })
    }

    /// Requests and bytes under way.
    #[must_use]
    pub(crate) fn in_flight(&self) -> (usize, usize) {
        (self.shared.requests.load(Ordering::Relaxed), self.shared.bytes.load(Ordering::Relaxed))
    }
}

impl Shared {
    fn crowded(&self) -> Refusal {
        let reason = format!("{} requests are under way, limit is otlp.requests_max", self.requests_max);
        Refusal::Busy { reason, retry_after: self.retry_after }
    }
}

impl Permit {
    /// Takes a place, once.
    ///
    /// # Errors
    /// [`Refusal::Busy`] when as many requests as allowed have one.
    pub(crate) fn enter(&mut self) -> Result<(), Refusal> {
        let fits = |n: usize| (n < self.shared.requests_max).then_some(n + 1);
        if !self.placed {
            let taken = self.shared.requests.fetch_update(Ordering::AcqRel, Ordering::Acquire, fits);
            taken.map_err(|_| self.shared.crowded())?;
            self.placed = true;
        }
        Ok(())
    }

    /// Grows or shrinks this request's share of the memory to `bytes`.
    ///
    /// # Errors
    /// [`Refusal::Busy`] when the bodies under way would exceed the limit; the share stays as it was.
    pub(crate) fn resize(&mut self, bytes: usize) -> Result<(), Refusal> {
        let shared = &self.shared;
        if bytes <= self.bytes {
            shared.bytes.fetch_sub(self.bytes - bytes, Ordering::AcqRel);
        } else {
            let more = bytes - self.bytes;
            // A lone request always fits, so that no limit can starve a sender for ever.
            let fits = |n: usize| (n == self.bytes || n + more <= shared.bytes_max).then_some(n + more);
            if shared.bytes.fetch_update(Ordering::AcqRel, Ordering::Acquire, fits).is_err() {
                let limit = shared.bytes_max;
                let reason = format!("request bodies under way fill {limit} bytes, limit is otlp.memory_max");
                return Err(Refusal::Busy { reason, retry_after: shared.retry_after });
            }
        }
        self.bytes = bytes;
        Ok(())
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.shared.bytes.fetch_sub(self.bytes, Ordering::AcqRel);
        if self.placed {
            self.shared.requests.fetch_sub(1, Ordering::AcqRel);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admission(requests_max: usize, memory_bytes_max: usize) -> Admission {
        Admission::new(&ReceiverConfig { requests_max, memory_bytes_max, ..ReceiverConfig::default() })
    }

    #[test]
    fn requests_are_bounded_and_given_back() {
        let a = admission(2, 100);
        let mut permits: Vec<Permit> = (0..4).map(|_| a.request().unwrap()).collect();
        assert_eq!(a.in_flight().0, 0, "who is still sending has no place");
        permits[0].enter().unwrap();
        permits[1].enter().unwrap();
        permits[1].enter().unwrap();
        assert!(matches!(permits[2].enter(), Err(Refusal::Busy { .. })));
        assert!(matches!(a.request(), Err(Refusal::Busy { .. })));
        permits.remove(0);
        assert!(a.request().is_ok());
        permits[1].enter().unwrap();
        drop(permits);
        assert_eq!(a.in_flight(), (0, 0));
    }

    #[test]
    fn bytes_are_bounded_but_a_lone_request_always_fits() {
        let a = admission(9, 100);
        let mut big = a.request().unwrap();
        big.resize(500).unwrap();
        let mut other = a.request().unwrap();
        assert!(matches!(other.resize(1), Err(Refusal::Busy { .. })));
        big.resize(60).unwrap();
        other.resize(40).unwrap();
        assert!(other.resize(41).is_err());
        drop(big);
        drop(other);
        assert_eq!(a.in_flight(), (0, 0));
    }
}
