//! Failures that nothing recorded as an exception: what a failed program printed, the message of its span's status, its exit
//! code. Judges and batch runners, which look at programs from outside, have no more than these. Nothing is read that the
//! configuration does not name.

use super::exceptions::Found;
use super::masking::Masks;
use super::names::{Names, Role, Roles};
use crate::wire::{Attribute, LogView, SpanView};
use error_patterns::model::{RawException, Runtime};
use std::borrow::Cow;

/// Where failures are read that nothing recorded as an exception. By default nowhere.
#[derive(Clone, Debug, Default)]
pub struct UnrecordedConfig {
    /// Attributes of spans and log records that hold what a program printed, such as `process.stderr`. The first that holds
    /// the report of a failure counts, else, where the execution failed, the first that holds anything.
    pub attributes: Vec<String>,
    /// Whether bodies of log records are read that hold the report of a failure.
    pub log_bodies: bool,
    /// Whether messages of spans whose status is Error are read.
    pub status_messages: bool,
    /// Whether an exit code other than 0 is a failure where nothing else is said.
    pub exit_codes: bool,
}

impl UnrecordedConfig {
    /// Whether anything is read.
    pub(super) fn is_on(&self) -> bool {
        !self.attributes.is_empty() || self.log_bodies || self.status_messages || self.exit_codes
    }
}

/// What is known of an exception that was not recorded as one.
#[derive(Clone, Debug)]
pub(super) struct Unrecorded {
    /// Where its text was.
    pub(super) place: Place,
    /// Whether the text is the report of a failure, in the shape of a runtime, a compiler or a shell. Others say less than any
    /// exception of the same execution.
    pub(super) is_report: bool,
}

/// Where a text stands that tells of a failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In the attribute of this name.
    Attribute(String),
    Body,
    StatusMessage,
    ExitCode,
}

/// How an execution ended, as far as its span or record tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    Well,
    Failed,
    Untold,
}

/// `STATUS_CODE_OK` and `STATUS_CODE_ERROR` of OTLP.
const STATUS_OK: i32 = 1;
const STATUS_ERROR: i32 = 2;

/// `SEVERITY_NUMBER_ERROR` of OTLP. 0 says nothing.
const SEVERITY_ERROR: i32 = 17;

/// Texts that may tell of a failure, masked, the likeliest first.
type Texts<'a> = Vec<(Place, Cow<'a, str>)>;

/// Reads failures as the configuration says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'p> {
    pub(super) config: &'p UnrecordedConfig,
    pub(super) masks: &'p Masks,
    pub(super) names: &'p Names,
}

impl Reader<'_> {
    /// The failure that a span tells of, in the surroundings that `around` gives. `roles` are the span's own, `attributes` those
    /// that have one.
    pub(super) fn of_span<'a>(
        &self,
        span: &SpanView<'a>,
        roles: &Roles<'a>,
        attributes: &[Attribute<'a>],
        around: impl FnOnce() -> Found<'a>,
    ) -> Option<Found<'a>> {
        let code = exit_code(roles);
        let ended = match (span.status_code, code) {
            (STATUS_ERROR, _) => Ended::Failed,
            (_, Some(code)) if code != 0 => Ended::Failed,
            (STATUS_OK, _) | (_, Some(_)) => Ended::Well,
            _ => Ended::Untold,
        };
        let mut texts = self.printed(attributes);
        if self.config.status_messages && span.status_code == STATUS_ERROR {
            texts.push((Place::StatusMessage, self.masks.text(span.status_message.as_str())));
        }
        self.failure(ended, texts, code, around)
    }

    /// The same of a log record.
    pub(super) fn of_record<'a>(
        &self,
        record: &LogView<'a>,
        roles: &Roles<'a>,
        around: impl FnOnce() -> Found<'a>,
    ) -> Option<Found<'a>> {
        let code = exit_code(roles);
        let ended = match (record.severity_number, code) {
            (_, Some(0)) => Ended::Well,
            (SEVERITY_ERROR.., _) | (_, Some(_)) => Ended::Failed,
            (0, None) => Ended::Untold,
            _ => Ended::Well,
        };
        let mut texts = self.printed(&record.attributes);
        if let (true, Some(body)) = (self.config.log_bodies, record.body.as_str()) {
            texts.push((Place::Body, self.masks.text(body)));
        }
        self.failure(ended, texts, code, around)
    }

    /// The attributes that hold what a program printed, in the configuration's order.
    fn printed<'a>(&self, attributes: &[Attribute<'a>]) -> Texts<'a> {
        let rank = |attribute: &Attribute<'a>| match self.names.role(attribute.key.bytes()) {
            Some((Role::Output, rank)) => Some(rank),
            _ => None,
        };
        let mut ranked: Vec<_> = attributes.iter().filter_map(|a| Some((rank(a)?, a))).collect();
        ranked.sort_by_key(|(rank, _)| *rank);
        ranked
            .into_iter()
            .filter_map(|(_, attribute)| {
                let text = match attribute.value.lines()? {
                    Cow::Borrowed(text) => self.masks.attribute(&attribute.key, text),
                    Cow::Owned(text) => Cow::Owned(self.masks.attribute(&attribute.key, &text).into_owned()),
                };
                Some((Place::Attribute(attribute.key.as_str().to_owned()), text))
            })
            .collect()
    }

    fn failure<'a>(
        &self,
        ended: Ended,
        texts: Texts<'a>,
        code: Option<i64>,
        around: impl FnOnce() -> Found<'a>,
    ) -> Option<Found<'a>> {
        if ended == Ended::Well {
            return None;
        }
        let mut first = None;
        for (place, text) in texts.into_iter().filter(|(_, text)| !text.trim().is_empty()) {
            let head = Head::of(&text);
            if head.is_report {
                return Some(head.of_unrecorded(place, text, around()));
            }
            // Loggers report many errors that are no execution's.
            if place != Place::Body {
                first.get_or_insert((head, place, text));
            }
        }
        if ended == Ended::Untold {
            return None;
        }
        let code = code.filter(|code| self.config.exit_codes && *code != 0);
        match (first, code) {
            (Some((head, place, text)), code) if !code.is_some_and(is_telling) => {
                Some(head.of_unrecorded(place, text, around()))
            }
            (_, Some(code)) => {
                let text = format!("exited with code {code}");
                Some(Head::of(&text).of_unrecorded(Place::ExitCode, text.into(), around()))
            }
            _ => None,
        }
    }
}

fn exit_code(roles: &Roles<'_>) -> Option<i64> {
    roles.value(Role::ExitCode)?.as_int()
}

/// Whether an exit code says more than words without a shape: limits of time, commands that are not there, signals.
fn is_telling(code: i64) -> bool {
    code < 0 || (124..=165).contains(&code)
}

/// Type and message of the exception that a text reports.
#[derive(Debug)]
struct Head {
    error_type: String,
    message: String,
    is_report: bool,
}

impl Head {
    fn of(text: &str) -> Self {
        let parsed =
            error_patterns::parse(&RawException { stacktrace: Some(text), ..RawException::default() });
        // Programs print warnings and go on.
        let is_report = |name: &str| parsed.runtime != Runtime::Unknown && !name.ends_with("Warning");
        let reported = parsed.exceptions.first();
        let error_type = reported.map(|e| e.error_type.to_string()).unwrap_or_default();
        let message = reported.map(|e| e.message.trim().to_owned()).unwrap_or_default();
        Self { is_report: is_report(&error_type), error_type, message }
    }

    fn of_unrecorded<'a>(self, place: Place, text: Cow<'a, str>, found: Found<'a>) -> Found<'a> {
        let given = |text: String| Some(Cow::Owned(text)).filter(|text: &Cow<'_, str>| !text.is_empty());
        Found {
            error_type: given(self.error_type),
            message: given(self.message),
            stacktrace: Some(text),
            unrecorded: Some(Unrecorded { place, is_report: self.is_report }),
            ..found
        }
    }
}
