//! Users' marks of whose code a frame is; they go before `schemas/rules/frames.toml`.

use super::Applied;
use super::conditions::{ConditionSet, Conditions};
use super::fields::Fields;
use crate::frames::{assign_marked, origin_name, origin_named};
use crate::model::{Frame, Origin, Parsed, RawException};
use aho_corasick::BuildError;

/// One rule.
#[derive(Debug)]
pub(super) struct FrameRule {
    label: String,
    conditions: Conditions,
    origin: Origin,
}

/// All of them; the first that fits a frame decides.
#[derive(Debug, Default)]
pub(super) struct FrameMarks {
    labels: Vec<String>,
    origins: Vec<Origin>,
    conditions: ConditionSet,
}

impl FrameRule {
    pub(super) fn read(fields: &mut Fields) -> Option<Self> {
        let conditions = Conditions::read(fields);
        let named = fields.text("origin");
        let in_app = fields.flag("in_app");
        let origin = match (named, in_app) {
            (Some(_), Some(_)) => {
                fields.problem("in_app", "stands beside origin; give one of them".to_owned());
                None
            }
            (Some(name), None) => {
                let origin = origin_named(&name);
                if origin.is_none() {
                    let known = "program, application, library, runtime, carrier";
                    fields.problem("origin", format!("{name:?} is none of {known}"));
                }
                origin
            }
            (None, Some(true)) => Some(Origin::Application),
            (None, Some(false)) => Some(Origin::Library),
            (None, None) => {
                if fields.problems.is_empty() {
                    fields.problem("origin", "is missing: whose code the frame is".to_owned());
                }
                None
            }
        };
        if fields.problems.is_empty() && !conditions.of_frame() {
            fields.problem("", "asks for no frame: give file, module, function or frame_contains".to_owned());
        }
        fields.finish();
        Some(Self { label: fields.label(), conditions, origin: origin? })
    }
}

impl FrameRule {
    /// The field that makes it slow.
    pub(super) fn slow(&self) -> Option<&'static str> {
        self.conditions.is_slow().then_some("message_matches")
    }
}

impl FrameMarks {
    pub(super) fn new(rules: Vec<FrameRule>) -> Result<Self, BuildError> {
        let (mut labels, mut origins, mut conditions) = (Vec::new(), Vec::new(), Vec::new());
        for rule in rules {
            labels.push(rule.label);
            origins.push(rule.origin);
            conditions.push(rule.conditions);
        }
        Ok(Self { labels, origins, conditions: ConditionSet::new(conditions)? })
    }

    /// Marks the frames of a chain. What no rule fits keeps what the built-in rules say, in the light of the marks.
    pub(super) fn mark(&self, raw: &RawException<'_>, parsed: &mut Parsed<'_>, applied: &mut Applied) {
        if self.labels.is_empty() {
            return;
        }
        let case = self.conditions.case(raw, parsed);
        let rules: Vec<usize> = (0..self.labels.len()).filter(|rule| case.fits_chain(*rule)).collect();
        let mut marks: Vec<Vec<Option<Origin>>> = Vec::with_capacity(parsed.exceptions.len());
        for (number, exception) in parsed.exceptions.iter().enumerate() {
            let fitting: Vec<usize> =
                rules.iter().copied().filter(|&rule| case.fits_exception(rule, number)).collect();
            let mark = |frame: usize, applied: &mut Applied| {
                let rule = *fitting.iter().find(|&&rule| case.fits_frame(rule, number, frame))?;
                applied.note("frame", &self.labels[rule], || {
                    let Frame { function, file, .. } = &exception.frames[frame];
                    format!("{function} in {file} is {}", origin_name(self.origins[rule]))
                });
                Some(self.origins[rule])
            };
            marks.push((0..exception.frames.len()).map(|frame| mark(frame, applied)).collect());
        }
        for (exception, marks) in parsed.exceptions.iter_mut().zip(marks) {
            if marks.iter().any(Option::is_some) {
                assign_marked(parsed.runtime, &mut exception.frames, &marks);
            }
        }
    }
}
