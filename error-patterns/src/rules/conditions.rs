//! What a rule asks of an exception and of its frames. All conditions that are given must hold; a list holds when
//! one of its values does.

use super::fields::Fields;
use super::needles::{Needles, RuleBits};
use super::pattern::{Glob, Pattern};
use crate::model::{Frame, Parsed, ParsedException, RawException, Runtime};
use crate::parse::{exit_status, floor};
use aho_corasick::BuildError;
use std::borrow::Cow;
use std::cell::OnceCell;

/// Bytes of a message that conditions see.
const MESSAGE_BYTES: usize = 16 * 1024;

/// The conditions of one rule.
#[derive(Debug, Default)]
pub(super) struct Conditions {
    runtimes: Vec<Runtime>,
    exit_codes: Vec<i64>,
    types: Vec<Pattern>,
    /// Lower case; held by [`ConditionSet::contains`].
    contains: Vec<String>,
    pub(super) matches: Option<Pattern>,
    frame_contains: Vec<String>,
    files: Vec<Pattern>,
    modules: Vec<Pattern>,
    functions: Vec<Pattern>,
}

impl Conditions {
    /// Takes the conditions out of a rule's fields.
    pub(super) fn read(fields: &mut Fields) -> Self {
        let contains =
            fields.texts("message_contains").iter().map(|text| text.to_ascii_lowercase()).collect();
        Self {
            runtimes: fields.runtimes(),
            exit_codes: fields.numbers("exit_code"),
            types: fields.globs("type", Glob::Name),
            contains,
            matches: fields.regex("message_matches"),
            frame_contains: fields.texts("frame_contains"),
            files: fields.globs("file", Glob::Path),
            modules: fields.globs("module", Glob::Name),
            functions: fields.globs("function", Glob::Name),
        }
    }

    /// Whether its expression has no literal to search for, and nothing else keeps it from most messages.
    pub(super) fn is_slow(&self) -> bool {
        let free = self.matches.as_ref().is_some_and(|pattern| pattern.required.is_none());
        free && self.types.is_empty() && self.contains.is_empty()
    }

    /// Whether there is any, but for the runtime.
    pub(super) fn is_empty(&self) -> bool {
        self.exit_codes.is_empty() && !self.of_exception() && !self.of_frame()
    }

    fn of_exception(&self) -> bool {
        !self.types.is_empty() || !self.contains.is_empty() || self.matches.is_some()
    }

    pub(super) fn of_frame(&self) -> bool {
        !(self.frame_contains.is_empty()
            && self.files.is_empty()
            && self.modules.is_empty()
            && self.functions.is_empty())
    }

    fn fits_type(&self, exception: &ParsedException<'_>) -> bool {
        self.types.is_empty()
            || self.types.iter().any(|name| {
                name.regex.is_match(exception.short_type()) || name.regex.is_match(&exception.error_type)
            })
    }

    fn fits_frame(&self, frame: &Frame<'_>, path: &str) -> bool {
        let any = |list: &[Pattern], value: &str| {
            list.is_empty() || list.iter().any(|glob| glob.regex.is_match(value))
        };
        let holds = |text: &String| {
            frame.file.contains(text.as_str())
                || frame.module.contains(text.as_str())
                || frame.function.contains(text.as_str())
                || frame.source.as_deref().is_some_and(|source| source.contains(text.as_str()))
        };
        any(&self.files, path)
            && any(&self.modules, &frame.module)
            && any(&self.functions, &frame.function)
            && (self.frame_contains.is_empty() || self.frame_contains.iter().any(holds))
    }
}

/// The conditions of all rules of a section.
#[derive(Debug, Default)]
pub(super) struct ConditionSet {
    pub(super) list: Vec<Conditions>,
    types: Needles,
    contains: Needles,
    matches: Needles,
    files: Needles,
    modules: Needles,
    functions: Needles,
}

/// What a rule fits: an exception of the chain, and a frame of one, by their places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fit {
    pub(super) exception: usize,
    /// The frame's exception and its place there; `None` where the rule asks for no frame.
    pub(super) frame: Option<(usize, usize)>,
}

/// One exception chain as the conditions of one section see it; what is costly is made when first asked for.
pub(super) struct Case<'c, 'p> {
    set: &'c ConditionSet,
    parsed: &'c Parsed<'p>,
    raw: RawException<'c>,
    exit_code: OnceCell<Option<i64>>,
    /// Of each exception, the rules that can fit it.
    exceptions: Vec<OnceCell<RuleBits>>,
    /// Of each frame of each exception, the rules that can fit it.
    frames: OnceCell<Vec<Vec<RuleBits>>>,
}

impl ConditionSet {
    pub(super) fn new(list: Vec<Conditions>) -> Result<Self, BuildError> {
        let some = |texts: &Vec<String>| (!texts.is_empty()).then(|| texts.clone());
        Ok(Self {
            types: globs(list.iter().map(|rule| &rule.types))?,
            contains: Needles::new(list.iter().map(|rule| some(&rule.contains)))?,
            matches: Needles::new(list.iter().map(|rule| rule.matches.as_ref()?.required.clone()))?,
            files: globs(list.iter().map(|rule| &rule.files))?,
            modules: globs(list.iter().map(|rule| &rule.modules))?,
            functions: globs(list.iter().map(|rule| &rule.functions))?,
            list,
        })
    }

    /// The rules that can fit an exception, as far as literals tell.
    fn exception_candidates(&self, exception: &ParsedException<'_>, message: &str) -> RuleBits {
        let mut bits = self.types.candidates(&exception.error_type);
        if !bits.is_empty() {
            bits.keep(self.contains.candidates(message));
            bits.keep(self.matches.candidates(message));
        }
        bits
    }

    /// The rules that can fit a frame, as far as literals tell.
    fn frame_candidates(&self, frame: &Frame<'_>) -> RuleBits {
        let mut bits = self.files.candidates(&path_of(frame));
        bits.keep(self.modules.candidates(&frame.module));
        bits.keep(self.functions.candidates(&frame.function));
        bits
    }

    /// An exception chain, ready to be asked.
    pub(super) fn case<'c, 'p>(&'c self, raw: &RawException<'c>, parsed: &'c Parsed<'p>) -> Case<'c, 'p> {
        Case {
            set: self,
            parsed,
            raw: *raw,
            exit_code: OnceCell::new(),
            exceptions: parsed.exceptions.iter().map(|_| OnceCell::new()).collect(),
            frames: OnceCell::new(),
        }
    }
}

impl Case<'_, '_> {
    /// The first rule that fits the chain.
    pub(super) fn first(&self) -> Option<(usize, Fit)> {
        (0..self.set.list.len()).find_map(|rule| Some((rule, self.fit(rule)?)))
    }

    /// What a rule fits: the first exception of the chain that has its type and message, and the first frame
    /// anywhere that it asks for.
    pub(super) fn fit(&self, rule: usize) -> Option<Fit> {
        if !self.fits_chain(rule) {
            return None;
        }
        let exceptions = &self.parsed.exceptions;
        let exception = if self.set.list[rule].of_exception() {
            (0..exceptions.len()).find(|&exception| self.fits_exception(rule, exception))?
        } else {
            0
        };
        let frame = if self.set.list[rule].of_frame() { Some(self.frame(rule)?) } else { None };
        Some(Fit { exception, frame })
    }

    /// Whether runtime and exit code are the rule's.
    pub(super) fn fits_chain(&self, rule: usize) -> bool {
        let conditions = &self.set.list[rule];
        (conditions.runtimes.is_empty() || conditions.runtimes.contains(&self.parsed.runtime))
            && (conditions.exit_codes.is_empty()
                || self
                    .exit_code
                    .get_or_init(|| exit_status(&self.raw))
                    .is_some_and(|code| conditions.exit_codes.contains(&code)))
    }

    /// Whether type and message of one exception are the rule's.
    pub(super) fn fits_exception(&self, rule: usize, exception: usize) -> bool {
        let conditions = &self.set.list[rule];
        let Some(subject) = self.parsed.exceptions.get(exception) else { return false };
        let message = floor(&subject.message, MESSAGE_BYTES);
        let candidates =
            self.exceptions[exception].get_or_init(|| self.set.exception_candidates(subject, message));
        // Literals tell all of `message_contains`.
        candidates.has(rule)
            && conditions.fits_type(subject)
            && conditions.matches.as_ref().is_none_or(|pattern| pattern.regex.is_match(message))
    }

    /// Whether a frame is the rule's.
    pub(super) fn fits_frame(&self, rule: usize, exception: usize, frame: usize) -> bool {
        let candidates = self.frames.get_or_init(|| {
            let of = |each: &ParsedException<'_>| {
                each.frames.iter().map(|frame| self.set.frame_candidates(frame)).collect()
            };
            self.parsed.exceptions.iter().map(of).collect()
        });
        let bits = candidates.get(exception).and_then(|frames| frames.get(frame));
        let subject = self.parsed.exceptions.get(exception).and_then(|each| each.frames.get(frame));
        match (bits, subject) {
            (Some(bits), Some(subject)) if bits.has(rule) => {
                self.set.list[rule].fits_frame(subject, &path_of(subject))
            }
            _ => false,
        }
    }

    /// Whether one exception has a frame that the rule asks for, if it asks for one.
    pub(super) fn fits_frames(&self, rule: usize, exception: usize) -> bool {
        let frames = self.parsed.exceptions.get(exception).map_or(0, |each| each.frames.len());
        !self.set.list[rule].of_frame() || (0..frames).any(|frame| self.fits_frame(rule, exception, frame))
    }

    fn frame(&self, rule: usize) -> Option<(usize, usize)> {
        self.parsed.exceptions.iter().enumerate().find_map(|(exception, each)| {
            let frame = (0..each.frames.len()).find(|&frame| self.fits_frame(rule, exception, frame))?;
            Some((exception, frame))
        })
    }

    /// The part of a message that conditions see.
    pub(super) fn message(&self, exception: usize) -> &str {
        self.parsed.exceptions.get(exception).map_or("", |each| floor(&each.message, MESSAGE_BYTES))
    }
}

/// A frame's path with forward slashes and without the scheme.
fn path_of<'f>(frame: &'f Frame<'_>) -> Cow<'f, str> {
    let file: &str = &frame.file;
    let file = file.strip_prefix("file://").unwrap_or(file);
    if file.contains('\\') { Cow::Owned(file.replace('\\', "/")) } else { Cow::Borrowed(file) }
}

/// The literals of lists of globs, one of which must fit.
fn globs<'r>(lists: impl Iterator<Item = &'r Vec<Pattern>>) -> Result<Needles, BuildError> {
    Needles::new(lists.map(|list| {
        if list.is_empty() {
            return None;
        }
        let literals: Option<Vec<Vec<String>>> = list.iter().map(|glob| glob.required.clone()).collect();
        literals.map(|lists| lists.concat())
    }))
}
