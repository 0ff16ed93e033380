//! Places for connections: as many as are set, over all ports that share them.
//!
//! Where all are taken a new connection gets the place of the one that has been silent for longest, which is closed:
//! who opens connections only to hold them loses them first, and others get in.

use parking_lot::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::task::Waker;
use std::time::Instant;

/// See the module. Clones share the places.
#[derive(Clone, Debug)]
pub struct Places {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    max: usize,
    began: Instant,
    taken: Mutex<Vec<Weak<Place>>>,
    crowded_out: AtomicU64,
}

/// One connection's place; it is free again when this is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    began: Instant,
    /// When something came last, in nanoseconds since `began`: of many connections in one millisecond, too, the newest must
    /// not make room for the next.
    heard_ns: AtomicU64,
    lost: AtomicBool,
    reader: Mutex<Option<Waker>>,
}

impl Places {
    /// `max` places.
    #[must_use]
    pub fn new(max: usize) -> Self {
        let shared =
            Shared { max, began: Instant::now(), taken: Mutex::default(), crowded_out: AtomicU64::new(0) };
        Self { shared: Arc::new(shared) }
    }

    /// Connections that were closed for others until now.
    #[must_use]
    pub fn crowded_out(&self) -> u64 {
        self.shared.crowded_out.load(Ordering::Relaxed)
    }

    pub(crate) fn take(&self) -> Arc<Place> {
        let Shared { max, began, taken, crowded_out } = &*self.shared;
        let place = Arc::new(Place {
            began: *began,
            heard_ns: AtomicU64::new(0),
            lost: AtomicBool::new(false),
            reader: Mutex::default(),
        });
        place.heard();
        let mut taken = taken.lock();
        if taken.len() >= *max {
            taken.retain(|place| place.strong_count() > 0);
        }
        while taken.len() >= (*max).max(1) {
            let heard =
                |place: &Weak<Place>| place.upgrade().map_or(0, |p| p.heard_ns.load(Ordering::Relaxed));
            let Some(longest) = (0..taken.len()).min_by_key(|number| heard(&taken[*number])) else { break };
            if let Some(place) = taken.swap_remove(longest).upgrade() {
                place.lose();
                crowded_out.fetch_add(1, Ordering::Relaxed);
            }
        }
        taken.push(Arc::downgrade(&place));
        place
    }
}

impl Place {
    /// Something came.
    pub(crate) fn heard(&self) {
        let since = u64::try_from(self.began.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.heard_ns.store(since, Ordering::Relaxed);
    }

    /// Whether another connection got this place. `reader` is woken when one does.
    pub(crate) fn is_lost(&self, reader: &Waker) -> bool {
        {
            let mut kept = self.reader.lock();
            if !kept.as_ref().is_some_and(|kept| kept.will_wake(reader)) {
                *kept = Some(reader.clone());
            }
        }
        self.lost.load(Ordering::Acquire)
    }

    fn lose(&self) {
        self.lost.store(true, Ordering::Release);
        if let Some(reader) = self.reader.lock().take() {
            reader.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_silent_makes_room() {
        let places = Places::new(2);
        let waker = Waker::noop();
        let (first, second) = (places.take(), places.take());
        std::thread::sleep(std::time::Duration::from_millis(5));
        first.heard();
        let third = places.take();
        assert!(second.is_lost(waker) && !first.is_lost(waker) && !third.is_lost(waker));
        assert_eq!(places.crowded_out(), 1);
        drop(first);
        let fourth = places.take();
        assert!(!third.is_lost(waker) && !fourth.is_lost(waker), "a place that was given back is free");
        assert_eq!(places.crowded_out(), 1);
    }

    #[test]
    fn who_came_in_one_moment_goes_in_order() {
        let places = Places::new(3);
        let all: Vec<_> = (0..5).map(|_| places.take()).collect();
        let lost: Vec<_> = all.iter().map(|place| place.is_lost(Waker::noop())).collect();
        assert_eq!(lost, [true, true, false, false, false]);
    }
}
