//! What earlier requests taught about names and attributes, kept for later ones.
//!
//! One [`Seen`] a request under way; between requests they rest in [`AtRest`], as many as there are processors, each of
//! less than a megabyte. Masks that changed meanwhile begin with nothing.

use super::masking::{Masking, Masks};
use super::own::Known;
use crate::wire::Met;
use parking_lot::Mutex;

/// What is known, under the masks in force.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) masks: Masks,
    /// Names and the like that masking leaves as they are.
    pub(super) texts: Met<()>,
    pub(super) attributes: Met<Known>,
}

/// What no request uses now.
#[derive(Debug)]
pub(super) struct AtRest {
    all: Mutex<Vec<Seen>>,
    most: usize,
}

impl Default for AtRest {
    fn default() -> Self {
        let most = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self { all: Mutex::default(), most }
    }
}

impl AtRest {
    /// For one request.
    pub(super) fn take(&self, masking: &Masking) -> Seen {
        let rested = self.all.lock().pop();
        rested.filter(|seen| masking.is_current(&seen.masks)).unwrap_or_else(|| Seen {
            masks: masking.now(),
            texts: Met::default(),
            attributes: Met::default(),
        })
    }

    /// For later ones.
    pub(super) fn put(&self, seen: Seen) {
        let mut all = self.all.lock();
        if all.len() < self.most {
            all.push(seen);
        }
    }
}
