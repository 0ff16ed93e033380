//! Failures that nothing recorded as an exception: what a failed program printed, the message of its span's status, its exit
//! code. Judges and batch runners, which look at programs from outside, have no more than these. Nothing is read that the
//! configuration does not name.

use super::exceptions::Found;
use super::masking::Masks;
use super::names::{Names, Role, Roles};
use crate::wire::{Attribute, LogView, SpanView, Value};
use error_patterns::grouping::both_ends;
use error_patterns::model::{RawException, Runtime};
use std::borrow::Cow;

/// Where failures are read that nothing recorded as an exception. By default nowhere.
#[derive(Clone, Debug, Default)]
pub struct UnrecordedConfig {
    /// Attributes of spans and log records that hold what a program printed, such as `process.stderr`. The first that holds
    /// the report of a failure counts. Words without the shape of one count in the first attribute of the list only.
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
    /// Well, but its span's status is Error.
    Judged,
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
    /// Bytes of a text that grouping looks at.
    pub(super) bytes_max: usize,
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
        let code = roles.value(Role::ExitCode).and_then(exit_code);
        let ended = match (code, span.status_code) {
            // The program ended well, and somebody did not like what it did: what it printed is not why.
            (Some(0), STATUS_ERROR) => Ended::Judged,
            (Some(0), _) | (None, STATUS_OK) => Ended::Well,
            (Some(_), _) | (None, STATUS_ERROR) => Ended::Failed,
            _ => Ended::Untold,
        };
        let mut texts = if ended == Ended::Judged { Texts::new() } else { self.printed(attributes) };
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
        let code = roles.value(Role::ExitCode).and_then(exit_code);
        let ended = match (code, record.severity_number) {
            (Some(0), _) => Ended::Well,
            (Some(_), _) | (None, SEVERITY_ERROR..) => Ended::Failed,
            (None, 0) => Ended::Untold,
            _ => Ended::Well,
        };
        let mut texts = self.printed(&record.attributes);
        if let Some(body) = record.body.lines().filter(|_| self.config.log_bodies) {
            texts.push((Place::Body, self.masked(body, |body| self.masks.text(body))));
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
                let text = attribute.value.lines()?;
                let text = self.masked(text, |text| self.masks.attribute(&attribute.key, text));
                Some((Place::Attribute(attribute.key.as_str().to_owned()), text))
            })
            .collect()
    }

    fn masked<'a>(&self, text: Cow<'a, str>, mask: impl Fn(&str) -> Cow<'_, str>) -> Cow<'a, str> {
        let masked = match mask(&text) {
            // A value that is masked as a whole is borrowed too, from elsewhere.
            Cow::Borrowed(same) if std::ptr::eq(same, &*text) => None,
            masked => Some(masked.into_owned()),
        };
        masked.map_or(text, Cow::Owned)
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
        let code = code.filter(|code| self.config.exit_codes && *code != 0);
        let mut first = None;
        for (number, (place, text)) in texts.into_iter().enumerate() {
            let head = Head::of(&both_ends(&text, self.bytes_max));
            // What a program printed of a failure that it went on from is not why it was ended later.
            let is_ended_by_others = code.is_some_and(is_ending) && head.is_of_program;
            if head.is_report && !is_ended_by_others {
                return Some(head.of_unrecorded(place, text, around()));
            }
            let may_be_words = match &place {
                // Loggers report many errors that are no execution's.
                Place::Body => false,
                Place::StatusMessage => true,
                _ => number == 0 && self.is_first(&place),
            };
            if may_be_words && !text.trim().is_empty() {
                // A status says what was thought of all that was printed.
                first = Some((head, place, text));
            }
        }
        if ended == Ended::Untold {
            return None;
        }
        match (first, code) {
            (Some((head, place, text)), code) if !code.is_some_and(is_telling) => {
                Some(head.of_unrecorded(place, text, around()))
            }
            (_, Some(code)) => {
                // What shells mean by it.
                let text = match code {
                    127 => "exited with code 127: command not found".to_owned(),
                    126 => "exited with code 126: Permission denied".to_owned(),
                    _ => format!("exited with code {code}"),
                };
                Some(Head::of(&text).of_unrecorded(Place::ExitCode, text.into(), around()))
            }
            _ => None,
        }
    }

    fn is_first(&self, place: &Place) -> bool {
        matches!(place, Place::Attribute(name) if self.config.attributes.first() == Some(name))
    }
}

/// Whether a recorded exception says only that a program failed that was run: `Command '['python', 'a.py']' returned non-zero
/// exit status 1.`, `exit status 1`.
pub(super) fn is_of_runner(found: &Found<'_>) -> bool {
    const WORDS: [&str; 4] = ["exit status ", "exit code ", "exited with code ", "died with <Signals."];
    let message = found.message.as_deref().unwrap_or_default().trim_end();
    let last = message.lines().next_back().unwrap_or_default();
    WORDS.iter().any(|words| {
        last.rsplit_once(words).is_some_and(|(_, code)| {
            code.len() <= 16 && !code.contains(' ') || *words == "died with <Signals."
        })
    })
}

/// The exit code that a value is; some runners send numbers of another kind.
pub(super) fn exit_code(value: Value<'_>) -> Option<i64> {
    match value {
        Value::Double(code) if code.fract() == 0.0 => Some(code as i64),
        code => code.as_int(),
    }
}

/// Whether a program with this exit code was ended from outside: by a limit of time or SIGKILL, SIGTERM, SIGXCPU.
fn is_ending(code: i64) -> bool {
    matches!(code, 124 | 137 | 143 | 152 | -9 | -15 | -24)
}

/// Whether an exit code says more than words without a shape: limits of time, commands that are not there, signals.
fn is_telling(code: i64) -> bool {
    !(0..=123).contains(&code) && !(166..=255).contains(&code)
}

/// Type and message of the exception that a text reports.
#[derive(Debug)]
struct Head {
    error_type: String,
    message: String,
    is_report: bool,
    /// By a program's own runtime, not a shell or who ran it.
    is_of_program: bool,
}

impl Head {
    fn of(text: &str) -> Self {
        let parsed =
            error_patterns::parse(&RawException { stacktrace: Some(text), ..RawException::default() });
        let reported = parsed.exceptions.first();
        let error_type = reported.map(|e| e.error_type.to_string()).unwrap_or_default();
        let message = reported.map(|e| e.message.trim().to_owned()).unwrap_or_default();
        // A line that only opens a report says nothing yet; and programs print warnings and go on.
        let is_report = parsed.runtime != Runtime::Unknown
            && !(error_type.is_empty() && message.is_empty())
            && !error_type.ends_with("Warning");
        let is_of_program = is_report && parsed.runtime != Runtime::Shell;
        Self { error_type, message, is_report, is_of_program }
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
