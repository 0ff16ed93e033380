//! Which records the next hop has, and up to where without a hole. Pure.
//!
//! Bounds: `outstanding` by what was read and not yet sent; `ahead` by the records of the sending queue.

use std::collections::BTreeSet;

/// Positions between the cursor and the newest record read.
#[derive(Debug, Default)]
pub(super) struct Tracker {
    outstanding: BTreeSet<u64>,
    /// Done, with an outstanding one before them.
    ahead: BTreeSet<u64>,
    newest: u64,
    /// Nothing at or below is wanted any more.
    skipped: u64,
}

impl Tracker {
    /// Everything up to `position` is done.
    pub(super) fn new(position: u64) -> Self {
        Self { newest: position, ..Self::default() }
    }

    /// A record was read; `false` when it was given up meanwhile.
    pub(super) fn begin(&mut self, position: u64) -> bool {
        if position <= self.skipped {
            return false;
        }
        self.newest = self.newest.max(position);
        self.outstanding.insert(position)
    }

    /// A record needs nothing any more.
    pub(super) fn finish(&mut self, position: u64) {
        if self.outstanding.remove(&position) {
            self.ahead.insert(position);
        }
        self.ahead = self.ahead.split_off(&(self.done() + 1));
    }

    /// Everything up to here is done.
    pub(super) fn done(&self) -> u64 {
        self.outstanding.first().map_or(self.newest, |first| first - 1)
    }

    /// Gives up everything up to `position`; answers how many of those were done already.
    pub(super) fn skip(&mut self, position: u64) -> u64 {
        let later = self.ahead.split_off(&(position + 1));
        let done = self.ahead.len() as u64;
        self.ahead = later;
        self.outstanding = self.outstanding.split_off(&(position + 1));
        self.skipped = self.skipped.max(position);
        self.newest = self.newest.max(position);
        self.ahead = self.ahead.split_off(&(self.done() + 1));
        done
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cursor_moves_over_a_contiguous_prefix_only() {
        let mut tracker = Tracker::new(10);
        assert_eq!(tracker.done(), 10);
        for position in [11, 12, 14] {
            assert!(tracker.begin(position));
        }
        tracker.finish(14);
        tracker.finish(12);
        assert_eq!(tracker.done(), 10);
        tracker.finish(11);
        assert_eq!(tracker.done(), 14, "13 was never written");
        assert!(tracker.ahead.is_empty());
    }

    #[test]
    fn what_is_given_up_is_neither_begun_nor_waited_for() {
        let mut tracker = Tracker::new(0);
        for position in 1..=6 {
            tracker.begin(position);
        }
        tracker.finish(2);
        tracker.finish(5);
        assert_eq!(tracker.skip(4), 1, "2 had been sent");
        assert_eq!(tracker.done(), 5);
        tracker.finish(6);
        assert_eq!(tracker.done(), 6);
        assert_eq!(tracker.skip(9), 0);
        assert_eq!(tracker.done(), 9);
        assert!(!tracker.begin(9) && tracker.begin(10));
    }
}
