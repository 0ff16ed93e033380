//! What differs between two occurrences: exception by exception along the chain of causes, and in these type, message
//! and frames.
//!
//! Exceptions and frames are aligned, so that one frame more does not make all that follow it differ. Pure: works on
//! what [`crate::parse`] understood, whose limits bound it ([`ParseLimits`](crate::ParseLimits)).
//! Symmetric: the diff of the sides changed is the diff, mirrored.

mod message;
mod text;

pub use message::{Piece, Pieces};

use crate::align::{Step, align};
use crate::model::{Frame, Origin, Parsed, ParsedException, Relation, short_type};

/// How something is on the two sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// On both, without a difference.
    Same,
    /// On both, with differences.
    Changed,
    /// On the left only.
    Left,
    /// On the right only.
    Right,
}

/// Two occurrences compared. Indices are those of the two [`Parsed`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diff {
    /// The reported exception first, then its causes.
    pub exceptions: Vec<ExceptionDiff>,
}

/// One exception of the chains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExceptionDiff {
    /// Of the exception as a whole: type, message and frames.
    pub side: Side,
    /// Index of the left exception.
    pub left: Option<usize>,
    /// Index of the right exception.
    pub right: Option<usize>,
    /// The frames, innermost first.
    pub frames: Vec<FrameDiff>,
}

/// One frame of the stacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrameDiff {
    /// Of the frame as a whole.
    pub side: Side,
    /// Index of the left frame in its exception.
    pub left: Option<usize>,
    /// Index of the right frame in its exception.
    pub right: Option<usize>,
    /// What differs, where both have it.
    pub changed: Vec<Part>,
}

/// A part of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// Class, package or module.
    Module,
    /// Function or method.
    Function,
    /// File.
    File,
    /// Line number.
    Line,
    /// Column number.
    Column,
    /// The line of source.
    Source,
}

impl Side {
    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Changed => "changed",
            Self::Left => "left",
            Self::Right => "right",
        }
    }

    /// The same with the sides changed.
    #[must_use]
    pub fn mirrored(self) -> Self {
        match self {
            Self::Left => Self::Right,
            Self::Right => Self::Left,
            both => both,
        }
    }
}

impl Part {
    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Module => "module",
            Self::Function => "function",
            Self::File => "file",
            Self::Line => "line",
            Self::Column => "column",
            Self::Source => "source",
        }
    }
}

impl Diff {
    /// Compares two occurrences.
    #[must_use]
    pub fn of(left: &Parsed<'_>, right: &Parsed<'_>) -> Self {
        let (left, right) = (&left.exceptions, &right.exceptions);
        let steps = oriented(left, right, exception_key, |a, b| {
            // The reported ones answer to each other whatever they are.
            let mut steps = Vec::new();
            let both = usize::from(!a.is_empty() && !b.is_empty());
            if both == 1 {
                steps.push(Step::Pair(0, 0));
            }
            let (a, b) = (&a[both..], &b[both..]);
            let later = align(a.len(), b.len(), |l, r| exception_score(&a[l], &b[r]));
            steps.extend(later.into_iter().map(|step| moved(step, both)));
            steps
        });
        let exceptions = steps
            .into_iter()
            .map(|step| match step {
                Step::Pair(l, r) => exception_pair(left, right, l, r),
                Step::Left(l) => exception_alone(&left[l], Side::Left, l),
                Step::Right(r) => exception_alone(&right[r], Side::Right, r),
            })
            .collect();
        Self { exceptions }
    }

    /// The same with the sides changed.
    #[must_use]
    pub fn mirrored(&self) -> Self {
        let mut exceptions: Vec<ExceptionDiff> = self
            .exceptions
            .iter()
            .map(|each| ExceptionDiff {
                side: each.side.mirrored(),
                left: each.right,
                right: each.left,
                frames: ordered(each.frames.iter().map(FrameDiff::mirrored).collect(), |frame| frame.side),
            })
            .collect();
        exceptions = ordered(exceptions, |each| each.side);
        Self { exceptions }
    }

    /// Whether nothing differs.
    #[must_use]
    pub fn is_same(&self) -> bool {
        self.exceptions.iter().all(|each| each.side == Side::Same)
    }
}

impl FrameDiff {
    fn mirrored(&self) -> Self {
        Self { side: self.side.mirrored(), left: self.right, right: self.left, changed: self.changed.clone() }
    }

    fn of(step: Step, left: &[Frame<'_>], right: &[Frame<'_>]) -> Self {
        match step {
            Step::Pair(l, r) => {
                let changed = changed(&left[l], &right[r]);
                let side = if changed.is_empty() { Side::Same } else { Side::Changed };
                Self { side, left: Some(l), right: Some(r), changed }
            }
            Step::Left(l) => Self { side: Side::Left, left: Some(l), right: None, changed: Vec::new() },
            Step::Right(r) => Self { side: Side::Right, left: None, right: Some(r), changed: Vec::new() },
        }
    }
}

/// Between two that both have, the left's before the right's.
fn ordered<T>(items: Vec<T>, side: impl Fn(&T) -> Side) -> Vec<T> {
    let mut sorted = Vec::with_capacity(items.len());
    let mut right = Vec::new();
    for item in items {
        match side(&item) {
            Side::Left => sorted.push(item),
            Side::Right => right.push(item),
            Side::Same | Side::Changed => {
                sorted.append(&mut right);
                sorted.push(item);
            }
        }
    }
    sorted.append(&mut right);
    sorted
}

/// Aligns with the lesser sequence on the left: of several alignments that are equally good both directions must find
/// the same.
fn oriented<T, K: Ord>(
    left: &[T],
    right: &[T],
    key: impl Fn(&T) -> K,
    align: impl Fn(&[T], &[T]) -> Vec<Step>,
) -> Vec<Step> {
    let keys = |items: &[T]| items.iter().map(&key).collect::<Vec<K>>();
    if keys(left) <= keys(right) {
        return align(left, right);
    }
    let steps = align(right, left).into_iter().map(Step::mirrored).collect();
    ordered(steps, |step| match step {
        Step::Pair(..) => Side::Same,
        Step::Left(_) => Side::Left,
        Step::Right(_) => Side::Right,
    })
}

fn moved(step: Step, by: usize) -> Step {
    match step {
        Step::Pair(left, right) => Step::Pair(left + by, right + by),
        Step::Left(index) => Step::Left(index + by),
        Step::Right(index) => Step::Right(index + by),
    }
}

fn exception_key(exception: &ParsedException<'_>) -> (String, String, u8, Vec<FrameKey>) {
    let frames = exception.frames.iter().map(frame_key).collect();
    (exception.error_type.to_string(), exception.message.to_string(), rank(exception.relation), frames)
}

fn rank(relation: Relation) -> u8 {
    match relation {
        Relation::Reported => 0,
        Relation::Cause => 1,
        Relation::Context => 2,
        Relation::Suppressed => 3,
        Relation::Member => 4,
    }
}

type FrameKey = (String, String, String, Option<u32>, Option<u32>, Option<String>);

fn frame_key(frame: &Frame<'_>) -> FrameKey {
    (
        frame.function.to_string(),
        frame.module.to_string(),
        frame.file.to_string(),
        frame.line,
        frame.column,
        frame.source.as_ref().map(ToString::to_string),
    )
}

/// How well two exceptions of a chain answer to each other.
fn exception_score(left: &ParsedException<'_>, right: &ParsedException<'_>) -> Option<u32> {
    let types = if left.error_type == right.error_type {
        3
    } else if short_type(&left.error_type) == short_type(&right.error_type) {
        2
    } else {
        0
    };
    let score = types + u32::from(left.relation == right.relation);
    (score > 0).then_some(score)
}

fn exception_pair(
    left: &[ParsedException<'_>],
    right: &[ParsedException<'_>],
    l: usize,
    r: usize,
) -> ExceptionDiff {
    let (a, b) = (&left[l], &right[r]);
    let steps = oriented(&a.frames, &b.frames, frame_key, |a, b| {
        align(a.len(), b.len(), |l, r| frame_score(&a[l], &b[r]))
    });
    let frames: Vec<FrameDiff> =
        steps.into_iter().map(|step| FrameDiff::of(step, &a.frames, &b.frames)).collect();
    let same = a.error_type == b.error_type
        && a.message == b.message
        && a.relation == b.relation
        && frames.iter().all(|frame| frame.side == Side::Same);
    let side = if same { Side::Same } else { Side::Changed };
    ExceptionDiff { side, left: Some(l), right: Some(r), frames }
}

fn exception_alone(exception: &ParsedException<'_>, side: Side, index: usize) -> ExceptionDiff {
    let (left, right) = if side == Side::Left { (Some(index), None) } else { (None, Some(index)) };
    let place = |index| if side == Side::Left { Step::Left(index) } else { Step::Right(index) };
    let frames = (0..exception.frames.len()).map(|index| FrameDiff::of(place(index), &[], &[])).collect();
    ExceptionDiff { side, left, right, frames }
}

/// Score of two frames without a difference; more than any others have.
const IDENTICAL: u32 = 16;

/// How well two frames answer to each other: names of shared code must agree in most, a user's own need not.
fn frame_score(left: &Frame<'_>, right: &Frame<'_>) -> Option<u32> {
    if changed(left, right).is_empty() {
        return Some(IDENTICAL);
    }
    let function = !left.function.is_empty() && left.function == right.function;
    let module = !left.module.is_empty() && left.module == right.module;
    let file = !left.file.is_empty() && left.file == right.file;
    let base = file || base_name(&left.file).is_some_and(|name| Some(name) == base_name(&right.file));
    let own = |frame: &Frame<'_>| frame.origin == Origin::Program;
    let both_own = own(left) && own(right);
    let agreed = 4 * u32::from(function) + 3 * u32::from(module) + 2 * u32::from(base) + u32::from(file);
    let near = (function && (module || base || both_own || bare(left) || bare(right)))
        || (module && base)
        || (base && both_own)
        || both_own;
    if !near {
        return None;
    }
    let place = left.line == right.line && left.line.is_some();
    Some(1 + agreed + u32::from(place))
}

/// Whether a frame says nothing but its function.
fn bare(frame: &Frame<'_>) -> bool {
    frame.module.is_empty() && frame.file.is_empty()
}

fn base_name(file: &str) -> Option<&str> {
    file.rsplit(['/', '\\']).next().filter(|name| !name.is_empty())
}

fn changed(left: &Frame<'_>, right: &Frame<'_>) -> Vec<Part> {
    [
        (Part::Module, left.module != right.module),
        (Part::Function, left.function != right.function),
        (Part::File, left.file != right.file),
        (Part::Line, left.line != right.line),
        (Part::Column, left.column != right.column),
        (Part::Source, left.source != right.source),
    ]
    .into_iter()
    .filter_map(|(part, differs)| differs.then_some(part))
    .collect()
}

#[cfg(test)]
mod tests;
