//! Alignment of two sequences: which items of the one answer to which of the other, in order, so that the sum of
//! scores is greatest (Needleman-Wunsch).
//!
//! Bounds: time and memory are the product of the lengths; callers bound these.

/// An item, or a pair of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Both have it.
    Pair(usize, usize),
    /// The left sequence has it alone.
    Left(usize),
    /// The right one has it alone.
    Right(usize),
}

impl Step {
    /// The same with the sides changed.
    pub(crate) fn mirrored(self) -> Self {
        match self {
            Self::Pair(left, right) => Self::Pair(right, left),
            Self::Left(index) => Self::Right(index),
            Self::Right(index) => Self::Left(index),
        }
    }
}

/// Aligns sequences of these lengths. `score` says how well two items answer to each other; those without a score
/// never do. Each item is in one step; between two pairs those of the left stand before those of the right.
pub(crate) fn align(left: usize, right: usize, score: impl Fn(usize, usize) -> Option<u32>) -> Vec<Step> {
    let columns = right + 1;
    // The greatest sum from (row, column) to the ends.
    let mut sums = vec![0_u32; (left + 1) * columns];
    let mut paired = vec![false; (left + 1) * columns];
    for row in (0..left).rev() {
        for column in (0..right).rev() {
            let at = row * columns + column;
            let skipped = sums[at + 1].max(sums[at + columns]);
            let pair = score(row, column).map(|score| sums[at + columns + 1] + score);
            (sums[at], paired[at]) = match pair {
                Some(pair) if pair >= skipped => (pair, true),
                _ => (skipped, false),
            };
        }
    }
    let mut steps = Vec::with_capacity(left.max(right));
    let (mut row, mut column) = (0, 0);
    let mut lone_right = Vec::new();
    while row < left || column < right {
        let at = row * columns + column;
        if row < left && column < right && paired[at] {
            steps.append(&mut lone_right);
            steps.push(Step::Pair(row, column));
            (row, column) = (row + 1, column + 1);
        } else if column == right || (row < left && sums[at + columns] >= sums[at + 1]) {
            steps.push(Step::Left(row));
            row += 1;
        } else {
            lone_right.push(Step::Right(column));
            column += 1;
        }
    }
    steps.append(&mut lone_right);
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(left: &str, right: &str, expect: &str) {
        let (a, b): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
        let steps = align(a.len(), b.len(), |l, r| (a[l] == b[r]).then_some(1));
        let shown: Vec<String> = steps
            .iter()
            .map(|step| match step {
                Step::Pair(l, _) => a[*l].to_string(),
                Step::Left(l) => format!("-{}", a[*l]),
                Step::Right(r) => format!("+{}", b[*r]),
            })
            .collect();
        assert_eq!(shown.join(" "), expect, "{left} {right}");
    }

    #[test]
    fn what_is_alone_stands_where_it_was() {
        check("", "", "");
        check("abc", "abc", "a b c");
        check("abc", "", "-a -b -c");
        check("", "ab", "+a +b");
        check("abcd", "axd", "a -b -c +x d");
        check("ab", "xab", "+x a b");
        check("abx", "ab", "a b -x");
    }
}
