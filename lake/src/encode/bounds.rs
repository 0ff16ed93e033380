//! Bounds of a column's texts, for its statistics and its page index.

use crate::stats::raised;
use parquet::data_type::ByteArray;
use parquet::file::statistics::{Statistics, ValueStatistics};

/// Bytes of a bound in statistics and page index.
const BOUND_BYTES_MAX: usize = 64;

/// Least and greatest text.
#[derive(Clone, Debug, Default)]
pub(super) struct Bounds {
    is_set: bool,
    least: Vec<u8>,
    greatest: Vec<u8>,
}

/// Bounds that were cut.
pub(super) type Cut = (Vec<u8>, Vec<u8>);

impl Bounds {
    #[inline]
    pub(super) fn observe(&mut self, text: &[u8]) {
        if !self.is_set || text < self.least.as_slice() {
            self.least.clear();
            self.least.extend_from_slice(text);
        }
        if !self.is_set || text > self.greatest.as_slice() {
            self.greatest.clear();
            self.greatest.extend_from_slice(text);
        }
        self.is_set = true;
    }

    /// Forgets all texts.
    pub(super) fn clear(&mut self) {
        self.is_set = false;
    }

    /// Short enough for a file's footer; still bounds.
    pub(super) fn cut(&self) -> Option<Cut> {
        self.is_set.then(|| (cut(&self.least).to_vec(), cut_above(&self.greatest)))
    }

    pub(super) fn texts(&self) -> Option<(String, String)> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        self.is_set.then(|| (text(&self.least), text(&self.greatest)))
    }

    pub(super) fn statistics(&self, null_count: u64) -> Statistics {
        let (least, greatest) = self.cut().unzip();
        let (least_is, greatest_is) =
            (least.as_ref() == Some(&self.least), greatest.as_ref() == Some(&self.greatest));
        let values = ValueStatistics::new(
            least.map(ByteArray::from),
            greatest.map(ByteArray::from),
            None,
            Some(null_count),
            false,
        );
        Statistics::ByteArray(values.with_min_is_exact(least_is).with_max_is_exact(greatest_is))
    }
}

/// The start of a text: no greater than it.
fn cut(text: &[u8]) -> &[u8] {
    let end = (0..=BOUND_BYTES_MAX.min(text.len())).rev().find(|end| is_char_boundary(text, *end));
    &text[..end.unwrap_or(0)]
}

/// A short text that is no less than `text`, or `text` where there is none.
fn cut_above(text: &[u8]) -> Vec<u8> {
    let start = cut(text);
    if start.len() == text.len() {
        return text.to_vec();
    }
    let above = std::str::from_utf8(start).ok().and_then(raised);
    above.map_or_else(|| text.to_vec(), String::into_bytes)
}

fn is_char_boundary(text: &[u8], at: usize) -> bool {
    text.get(at).is_none_or(|byte| byte & 0xc0 != 0x80)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cut_bounds_stay_bounds() {
        let long = |text: &str| text.repeat(BOUND_BYTES_MAX);
        for text in [
            "short".to_owned(),
            long("x"),
            long("\u{10FFFF}"),
            "x".repeat(63) + "\u{10FFFF}",
            "x".repeat(63) + "\u{D7FF}" + &long("x"),
            long("\u{10FFFF}") + "x",
        ] {
            let (least, greatest) = (cut(text.as_bytes()), cut_above(text.as_bytes()));
            assert!(least.len() <= BOUND_BYTES_MAX && text.as_bytes().starts_with(least), "{text}");
            assert!(std::str::from_utf8(least).is_ok() && std::str::from_utf8(&greatest).is_ok(), "{text}");
            assert!(greatest.as_slice() >= text.as_bytes(), "{text}");
            assert!(greatest.len() <= BOUND_BYTES_MAX || text.starts_with('\u{10FFFF}'), "{text}");
        }
        assert_eq!(cut_above(b"whole"), b"whole");
        assert_eq!(cut(&[0x80; 100]), b"", "no UTF-8");
        assert_eq!(cut_above(&[0x80; 100]), [0x80; 100]);
    }
}
