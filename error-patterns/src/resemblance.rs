//! Why two patterns are alike and yet two, in words: the same comparison as the pattern store's, explained.

use crate::canonical::{Canonical, Comparable};
use crate::model::Runtime;
use crate::store::threshold;
use std::collections::BTreeMap;

/// A pattern as it was made.
#[derive(Clone, Copy, Debug, Default)]
pub struct Described<'a> {
    /// Text of its canonical form.
    pub canonical: &'a str,
    /// Taxonomy level 2.
    pub phase: &'a str,
    /// Taxonomy level 3.
    pub error_type: &'a str,
    /// Taxonomy level 4; empty when unknown.
    pub cause: &'a str,
    /// Message with placeholders.
    pub message: &'a str,
}

/// What two patterns share and what they do not.
#[derive(Clone, Debug, PartialEq)]
pub struct Resemblance {
    /// Exact Jaccard similarity of what is compared, 0 to 1.
    pub similarity: f64,
    /// Bits in which the signatures differ, 0 to 128.
    pub distance: u32,
    /// The similarity from which on the second would have joined the first.
    pub threshold: f64,
    /// Kept frames of either, and those that both have.
    pub frames: [usize; 2],
    /// See `frames`.
    pub frames_shared: usize,
    /// What agrees, the weightiest first.
    pub agrees: Vec<String>,
    /// What differs, the weightiest first.
    pub differs: Vec<String>,
    /// Why they are not one pattern.
    pub apart: String,
}

/// Frames named in one sentence.
const FRAMES_NAMED: usize = 3;
/// Characters of a text in a sentence.
const TEXT_CHARS: usize = 120;

impl Resemblance {
    /// Compares two patterns.
    #[must_use]
    pub fn of(left: &Described<'_>, right: &Described<'_>) -> Self {
        let (a, b) = (Canonical::parse(left.canonical), Canonical::parse(right.canonical));
        let (near_a, near_b) = (Comparable::of(&a), Comparable::of(&b));
        let similarity = near_a.similarity(&near_b);
        let distance = near_a.minima.signature().hamming(near_b.minima.signature());
        let shingles = near_a.shingles.len().min(near_b.shingles.len());
        let threshold = threshold(Runtime::named(&a.runtime), a.basis, shingles);
        let mut words = Words::default();
        words.compare("language", &[&a.runtime], &[&b.runtime]);
        words.compare("exception type", &[left.error_type], &[right.error_type]);
        words.compare("phase", &[left.phase], &[right.phase]);
        words.compare("cause", &[left.cause], &[right.cause]);
        if words.differs.is_empty() {
            words.compare("chain of types", &texts(&a.types), &texts(&b.types));
        }
        words.compare("numbers that mean something", &texts(&a.keys), &texts(&b.keys));
        let frames_shared = words.frames(&a.frames, &b.frames);
        words.compare("message", &[left.message], &[right.message]);
        let apart = apart(left, right, (&a, &b), similarity, threshold);
        Self {
            similarity,
            distance,
            threshold,
            frames: [a.frames.len(), b.frames.len()],
            frames_shared,
            agrees: words.agrees,
            differs: words.differs,
            apart,
        }
    }
}

fn texts(list: &[String]) -> Vec<&str> {
    list.iter().map(String::as_str).collect()
}

fn apart(
    left: &Described<'_>,
    right: &Described<'_>,
    (a, b): (&Canonical, &Canonical),
    similarity: f64,
    threshold: f64,
) -> String {
    let reason = if a.strategy != b.strategy {
        "they were grouped by different strategies"
    } else if a.runtime != b.runtime {
        "the languages differ"
    } else if a.types != b.types {
        "the exception types differ"
    } else if left.phase != right.phase {
        "the phases differ"
    } else if a.keys != b.keys {
        "numbers that mean something differ"
    } else if a.basis != b.basis {
        "different parts of them decided"
    } else if similarity < threshold {
        return format!(
            "similarity {similarity:.2} is under {threshold:.2}, from which on they would be one"
        );
    } else {
        "near enough to be one: they were first seen at the same time or by different processors"
    };
    reason.to_owned()
}

/// Sentences in two lists.
#[derive(Debug, Default)]
struct Words {
    agrees: Vec<String>,
    differs: Vec<String>,
}

impl Words {
    fn compare(&mut self, what: &str, left: &[&str], right: &[&str]) {
        let shown = |texts: &[&str]| {
            let text = texts.join(", ");
            let cut: String = text.chars().take(TEXT_CHARS).collect();
            match (cut.is_empty(), cut.len() < text.len()) {
                (true, _) => "none".to_owned(),
                (false, true) => format!("{cut}..."),
                (false, false) => cut,
            }
        };
        let empty = |texts: &[&str]| texts.iter().all(|text| text.is_empty());
        if empty(left) && empty(right) {
            return;
        }
        if left == right {
            self.agrees.push(format!("{what}: {}", shown(left)));
        } else {
            self.differs.push(format!("{what}: {} / {}", shown(left), shown(right)));
        }
    }

    /// Tells of the frames; gives how many are shared, each as often as both have it.
    fn frames(&mut self, left: &[String], right: &[String]) -> usize {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for frame in right {
            *counts.entry(frame).or_default() += 1;
        }
        let (mut shared, mut alone) = (Vec::new(), Vec::new());
        for frame in left {
            match counts.get_mut(frame.as_str()).filter(|count| **count > 0) {
                Some(count) => {
                    *count -= 1;
                    shared.push(frame.as_str());
                }
                None => alone.push(frame.as_str()),
            }
        }
        let named = |frames: &[&str]| {
            let more = if frames.len() > FRAMES_NAMED { ", ..." } else { "" };
            format!("{}{more}", frames[..frames.len().min(FRAMES_NAMED)].join(", "))
        };
        if !shared.is_empty() {
            self.agrees.push(format!(
                "frames: {} of {} and {}: {}",
                shared.len(),
                left.len(),
                right.len(),
                named(&shared)
            ));
        }
        let others: Vec<&str> =
            counts.iter().flat_map(|(frame, count)| std::iter::repeat_n(*frame, *count)).collect();
        for (side, frames) in [("first", &alone), ("second", &others)] {
            if !frames.is_empty() {
                self.differs.push(format!("frames of the {side} only: {}", named(frames)));
            }
        }
        shared.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(types: &str, frames: &[&str], text: &str) -> String {
        let frames: String = frames.iter().map(|frame| format!("frame {frame}\n")).collect();
        format!("strategy 2026-12-01\nruntime python\ntype {types}\nbasis library\n{frames}text {text}\n")
    }

    fn described<'a>(canonical: &'a str, error_type: &'a str, message: &'a str) -> Described<'a> {
        Described { canonical, phase: "runtime", error_type, cause: "", message }
    }

    #[test]
    fn what_agrees_and_what_differs() {
        let a =
            canonical("ValueError", &["pandas.read_csv", "pandas.parse"], "no columns to parse from file");
        let b = canonical("ValueError", &["pandas.read_csv", "pandas.open"], "no columns to read from file");
        let (left, right) = (
            described(&a, "ValueError", "No columns to parse from file"),
            described(&b, "ValueError", "No columns to read"),
        );
        let found = Resemblance::of(&left, &right);
        assert!((0.1..0.9).contains(&found.similarity) && found.distance > 0, "{found:?}");
        assert_eq!((found.frames, found.frames_shared), ([2, 2], 1));
        assert_eq!(
            found.agrees,
            [
                "language: python",
                "exception type: ValueError",
                "phase: runtime",
                "chain of types: ValueError",
                "frames: 1 of 2 and 2: pandas.read_csv"
            ]
        );
        assert_eq!(
            found.differs,
            [
                "frames of the first only: pandas.parse",
                "frames of the second only: pandas.open",
                "message: No columns to parse from file / No columns to read"
            ]
        );
        assert!(found.apart.starts_with("similarity 0."), "{}", found.apart);
        let mirrored = Resemblance::of(&right, &left);
        assert_eq!((mirrored.similarity, mirrored.distance), (found.similarity, found.distance));
    }

    #[test]
    fn types_keep_apart() {
        let (a, b) = (canonical("A", &[], "x y z"), canonical("B", &[], "x y z"));
        let found = Resemblance::of(&described(&a, "A", "x y z"), &described(&b, "B", "x y z"));
        assert_eq!((found.similarity, found.apart.as_str()), (1.0, "the exception types differ"));
        assert_eq!(
            Resemblance::of(&Described::default(), &Described::default()).agrees,
            Vec::<String>::new()
        );
    }
}
