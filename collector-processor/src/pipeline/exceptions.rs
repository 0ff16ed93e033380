//! Exceptions found in a request: which are the same, what pattern each belongs to.

use super::ancestors::Ancestors;
use super::dedup::ExceptionKey;
use super::facts::{ExceptionFact, PatternRow};
use super::unrecorded::{Place, Unrecorded};
use super::{Counts, Pipeline};
use error_patterns::grouping::{Grouped, Grouping};
use error_patterns::ids::{Fingerprint, PatternId, Signature};
use error_patterns::model::{Phase, RawException, Runtime};
use error_patterns::store::{Assignment, FactKind, PatternFact};
use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;

/// An exception as found, its texts masked.
#[derive(Debug)]
pub(super) struct Found<'a> {
    /// Index of the span or record among those that stay in the request.
    pub(super) item: u32,
    /// Whether it is a span's, not a log record's.
    pub(super) is_of_span: bool,
    /// Index of the span event, where it was recorded as one.
    pub(super) event: Option<u32>,
    /// Set where nothing recorded it as an exception: its type and message are then what the stack trace reports.
    pub(super) unrecorded: Option<Unrecorded>,
    /// Whether it was recorded, and says only that a program failed that was run, while what that printed may be read.
    pub(super) is_of_runner: bool,
    /// Absent for a log record outside any trace.
    pub(super) trace_id: Option<[u8; 16]>,
    pub(super) span_id: [u8; 8],
    pub(super) parent_span_id: [u8; 8],
    pub(super) unix_nano: u64,
    pub(super) error_type: Option<Cow<'a, str>>,
    pub(super) message: Option<Cow<'a, str>>,
    pub(super) stacktrace: Option<Cow<'a, str>>,
    pub(super) snippet: Option<Cow<'a, str>>,
    pub(super) language: Option<&'a str>,
    pub(super) sdk_language: Option<&'a str>,
    pub(super) exit_code: Option<i64>,
    pub(super) service_name: Option<&'a str>,
    pub(super) session: Option<Cow<'a, str>>,
}

impl Found<'_> {
    /// Its span and the known ancestors of that, nearest first.
    fn ancestry(&self, ancestors: &Ancestors<'_>) -> Vec<[u8; 8]> {
        let known = self.trace_id.map(|trace| ancestors.ancestry((trace, self.span_id), self.parent_span_id));
        known.unwrap_or_default()
    }

    /// Whether it is an exit code, words without a shape, or a runner's word that a program failed.
    fn says_little(&self) -> bool {
        self.is_of_runner || self.unrecorded.as_ref().is_some_and(|unrecorded| !unrecorded.is_report)
    }

    /// Alike for all records of one exception, though SDKs and loggers of one program name it differently: with its module
    /// and without, a nested class by `$` and by `.`, by Node's code, a key with its quotes and without. A stack that came alone stands for both.
    fn text_hash(&self) -> u64 {
        let hash = |text: &str| rapidhash::v3::rapidhash_v3(text.as_bytes());
        let name = self.error_type.as_deref().unwrap_or_default();
        let name = name.rsplit(['.', '$', '+', ':']).next().unwrap_or_default();
        let is_code =
            name.len() > 2 && name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
        let name = if is_code || SCRIPT_ERRORS.contains(&name) { "Error" } else { name };
        let alone = || self.stacktrace.as_deref().filter(|_| name.is_empty());
        let message = self.message.as_deref().or_else(alone).unwrap_or_default();
        hash(name) ^ hash(message.trim_matches(['\'', '"'])).rotate_left(17)
    }

    /// The message of an exception that was sent as a stack trace only: what stands behind its type.
    fn message_in_stack(&self, error_type: &str) -> Option<&str> {
        let stack =
            self.stacktrace.as_deref().filter(|_| self.message.is_none() && !error_type.is_empty())?;
        let behind = |line: &'_ str| {
            let at = line.find(error_type)?;
            let is_whole = !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
            line[at + error_type.len()..]
                .strip_prefix(": ")
                .filter(|_| is_whole)
                .map(|_| at + error_type.len() + 2)
        };
        let found = |line| behind(line).map(|at| &line[at..]);
        // Python tells what failed last, the others first.
        if stack.contains(PYTHON_HEADER) {
            stack.lines().rev().find_map(found)
        } else {
            stack.lines().find_map(found)
        }
        .map(|message| clip(message.trim()))
    }
}

/// What was decided for an exception, shared by all records of it. Hundreds of thousands are remembered, so of the
/// grouping only what facts say, and that packed.
#[derive(Debug)]
pub(super) struct Decided {
    fingerprint: Fingerprint,
    signature: Signature,
    pattern_id: PatternId,
    runtime: Runtime,
    phase: Phase,
    severity: u8,
    pattern_new: bool,
    strategy: &'static str,
    /// Type, cause and context of the taxonomy; type as reported, language and file; tags of the statement.
    texts: Packed<9>,
}

impl Decided {
    fn of(grouped: &Grouped, pattern_id: PatternId, pattern_new: bool) -> Self {
        let Grouping { fingerprint, signature, taxonomy, severity, strategy, .. } = &**grouped;
        let tags = grouped.ast.as_ref();
        Self {
            fingerprint: *fingerprint,
            signature: *signature,
            pattern_id,
            runtime: taxonomy.runtime,
            phase: taxonomy.phase,
            severity: *severity,
            pattern_new,
            strategy,
            texts: Packed::of([
                clip(&taxonomy.error_type),
                &taxonomy.cause,
                &taxonomy.context,
                clip(&grouped.error_type),
                clip(grouped.language.as_deref().unwrap_or_default()),
                clip(grouped.file_path.as_deref().unwrap_or_default()),
                tags.map(|tags| tags.statement.as_str()).unwrap_or_default(),
                tags.and_then(|tags| tags.call.as_deref()).unwrap_or_default(),
                tags.and_then(|tags| tags.import.as_deref()).unwrap_or_default(),
            ]),
        }
    }
}

/// Short texts in one piece of memory.
#[derive(Debug)]
struct Packed<const N: usize> {
    all: Box<str>,
    /// Where each of them ends.
    ends: [u32; N],
}

impl<const N: usize> Packed<N> {
    fn of(texts: [&str; N]) -> Self {
        let mut end = 0;
        let ends = texts.map(|text| {
            end += text.len();
            u32::try_from(end).unwrap_or(u32::MAX)
        });
        Self { all: texts.concat().into(), ends }
    }

    fn texts(&self) -> [&str; N] {
        let mut start = 0;
        self.ends.map(|end| {
            let text = self.all.get(start..end as usize).unwrap_or_default();
            start = end as usize;
            text
        })
    }
}

/// The outcome for one request's exceptions.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// In the order of the items.
    pub(super) exceptions: Vec<ExceptionFact>,
    pub(super) patterns: Vec<PatternRow>,
    pub(super) remembered: Vec<(ExceptionKey, u64)>,
}

const NO_SPAN: [u8; 8] = [0; 8];

/// In place of the hash of type and message: any failure of a span.
const ANY_FAILURE: u64 = 0;

/// Names by which a logger of Node.js knows what its SDK knows by a code.
const SCRIPT_ERRORS: [&str; 4] = ["Error", "TypeError", "RangeError", "SyntaxError"];

/// What stands before a stack of Python.
const PYTHON_HEADER: &str = "Traceback (most recent call last)";

/// Of what says little and was not recorded, the exception that tells of the same failure on a span above it: where
/// nothing else below that says little too. By their places in `found`; `order` has what says more first.
fn told_above(found: &[Found<'_>], order: &[(usize, Vec<[u8; 8]>)]) -> HashMap<usize, usize> {
    let little = order.partition_point(|(n, _)| !found[*n].says_little());
    let (more, little) = order.split_at(little);
    if little.is_empty() {
        return HashMap::new();
    }
    let spans: HashMap<_, usize> = more
        .iter()
        .filter_map(|(n, ancestry)| Some(((found[*n].trace_id?, *ancestry.first()?), *n)))
        .collect();
    let mut below: HashMap<usize, Vec<usize>> = HashMap::new();
    for (n, ancestry) in little.iter().filter(|(n, _)| !found[*n].is_of_runner) {
        let above = |span: &[u8; 8]| spans.get(&(found[*n].trace_id?, *span));
        if let Some(above) = ancestry.iter().skip(1).find_map(above) {
            below.entry(*above).or_default().push(*n);
        }
    }
    below.into_iter().filter(|(_, below)| below.len() == 1).map(|(above, below)| (below[0], above)).collect()
}

impl Pipeline {
    /// Decides all exceptions of one request; deeper spans first, so that the deepest copy is the one
    /// that counts.
    pub(super) fn decide(
        &self,
        found: &[Found<'_>],
        ancestors: &Ancestors<'_>,
        now_unix_nano: u64,
        counts: &mut Counts,
    ) -> Outcome {
        let mut outcome =
            Outcome { patterns: std::mem::take(&mut *self.unlogged.lock()), ..Outcome::default() };
        if found.is_empty() {
            return outcome;
        }
        let mut order: Vec<(usize, Vec<[u8; 8]>)> =
            found.iter().enumerate().map(|(n, f)| (n, f.ancestry(ancestors))).collect();
        order.sort_by_key(|(n, ancestry)| (found[*n].says_little(), Reverse(ancestry.len()), *n));
        let told_above = told_above(found, &order);
        // Of each exception that is counted here, what was decided and where its fact is.
        let mut counted: Vec<(Arc<Decided>, usize)> = Vec::new();
        let mut decided_of: HashMap<usize, Arc<Decided>> = HashMap::new();
        for (n, ancestry) in order {
            let found = &found[n];
            let above = told_above.get(&n).and_then(|above| decided_of.get(above));
            let (decided, is_counted) = match above {
                Some(decided) => {
                    counts.duplicates += 1;
                    (Arc::clone(decided), false)
                }
                None => self.decide_one(found, &ancestry, ancestors, now_unix_nano, counts, &mut outcome),
            };
            if !told_above.is_empty() {
                decided_of.insert(n, Arc::clone(&decided));
            }
            let fact = self.fact(found, &decided, is_counted, now_unix_nano);
            if is_counted {
                counted.push((decided, outcome.exceptions.len()));
            } else if let Some(session) = &found.session {
                let first = counted.iter().find(|(first, _)| Arc::ptr_eq(first, &decided));
                if let Some((_, place)) = first {
                    outcome.exceptions[*place].session.get_or_insert_with(|| session.clone().into_owned());
                }
            }
            outcome.exceptions.push(fact);
        }
        outcome.exceptions.sort_by_key(|e| (e.item, e.event));
        outcome
    }

    fn decide_one(
        &self,
        found: &Found<'_>,
        ancestry: &[[u8; 8]],
        ancestors: &Ancestors<'_>,
        now_unix_nano: u64,
        counts: &mut Counts,
        outcome: &mut Outcome,
    ) -> (Arc<Decided>, bool) {
        let trace_id = found.trace_id.filter(|_| found.span_id != NO_SPAN);
        let key = trace_id.map(|trace_id| ExceptionKey { trace_id, text: found.text_hash() });
        let seen = key.and_then(|key| {
            let mut dedup = self.dedup.lock();
            dedup.learn(key, |span_id| ancestors.parent_of((key.trace_id, span_id)));
            dedup.seen(key, ancestry, now_unix_nano)
        });
        let failed = trace_id
            .filter(|_| self.config.unrecorded.is_on())
            .map(|trace_id| ExceptionKey { trace_id, text: ANY_FAILURE });
        let told_below = || {
            let key = failed.filter(|_| found.says_little())?;
            let mut dedup = self.dedup.lock();
            dedup.learn(key, |span_id| ancestors.parent_of((key.trace_id, span_id)));
            dedup.seen(key, &[found.span_id], now_unix_nano)
        };
        if let Some(decided) = seen.or_else(told_below) {
            counts.duplicates += 1;
            return (decided, false);
        }
        let decided = Arc::new(self.group(found, now_unix_nano, outcome));
        for key in key.into_iter().chain(failed) {
            let serial = self.serial();
            self.dedup.lock().remember(key, ancestry, now_unix_nano, serial, Arc::clone(&decided));
            outcome.remembered.push((key, serial));
        }
        counts.exceptions += 1;
        counts.patterns_new += u64::from(decided.pattern_new);
        (decided, true)
    }

    fn group(&self, found: &Found<'_>, now_unix_nano: u64, outcome: &mut Outcome) -> Decided {
        let is_recorded = found.unrecorded.is_none();
        let raw = RawException {
            error_type: found.error_type.as_deref().filter(|_| is_recorded),
            message: found.message.as_deref().filter(|_| is_recorded),
            stacktrace: found.stacktrace.as_deref(),
            language: found.language,
            // Who ran the program is not in its language.
            sdk_language: found.sdk_language.filter(|_| is_recorded),
            snippet: found.snippet.as_deref(),
            exit_code: found.exit_code,
        };
        let grouping = self.grouper.load().group(&raw);
        if let Some(known) = self.patterns.read().find(&grouping) {
            return Decided::of(&grouping, known, false);
        }
        let time = if found.unix_nano > 0 { found.unix_nano } else { now_unix_nano };
        let time = i64::try_from(time).unwrap_or(i64::MAX);
        // The disk is asked without the lock: exact repeats of what is in memory never wait for it.
        let wanted = self.patterns.read().wanted(&grouping);
        let cold = wanted.map(|wanted| wanted.fetch()).unwrap_or_default();
        let Assignment { pattern_id, new, facts, .. } =
            self.patterns.write().assign_found(&grouping, time, cold);
        let trace = found.trace_id.map(hex::encode).unwrap_or_default();
        let service = clip(found.service_name.unwrap_or_default());
        outcome.patterns.extend(facts.into_iter().map(|fact| {
            let service = self.masking.attribute("service.name", service).into_owned();
            pattern_row(fact, trace.clone(), service)
        }));
        Decided::of(&grouping, pattern_id, new)
    }

    fn fact(&self, found: &Found<'_>, decided: &Decided, counted: bool, now_unix_nano: u64) -> ExceptionFact {
        let [type_name, cause, context, reported, language, file_path, statement, call, import] =
            decided.texts.texts();
        let of_client = found.error_type.as_deref().filter(|t| !t.is_empty() && found.unrecorded.is_none());
        let place = found.unrecorded.as_ref().map(|unrecorded| &unrecorded.place);
        let message = match place {
            Some(_) => found.message.as_deref().map(clip),
            None => found.message_in_stack(reported),
        };
        let output_attribute = match place {
            Some(Place::Attribute(name)) => Some(name.clone()),
            _ => None,
        };
        ExceptionFact {
            item: found.item,
            event: found.event,
            counted,
            event_id: if counted { self.event_id(now_unix_nano) } else { Vec::new() },
            fingerprint: decided.fingerprint.to_string(),
            signature: decided.signature.to_string(),
            pattern_id: decided.pattern_id.to_string(),
            pattern_new: decided.pattern_new && counted,
            taxonomy_runtime: decided.runtime.as_str().to_owned(),
            taxonomy_phase: decided.phase.as_str().to_owned(),
            taxonomy_type: type_name.to_owned(),
            taxonomy_cause: cause.to_owned(),
            taxonomy_context: context.to_owned(),
            severity: i32::from(decided.severity),
            strategy: decided.strategy.to_owned(),
            error_type: of_client.map_or(reported, clip).to_owned(),
            language: language.to_owned(),
            file_path: file_path.to_owned(),
            message: message.unwrap_or_default().to_owned(),
            ast_statement: statement.to_owned(),
            ast_call: call.to_owned(),
            ast_import: import.to_owned(),
            session: None,
            output_attribute,
            output_in_body: place == Some(&Place::Body),
        }
    }

    /// 16 bytes: milliseconds, the process, a count. Unique, and sorted by time of receipt.
    fn event_id(&self, now_unix_nano: u64) -> Vec<u8> {
        let millis = u128::from(now_unix_nano / 1_000_000) & ((1 << 48) - 1);
        let process = u128::from(self.instance) & ((1 << 40) - 1);
        let count = u128::from(self.serial()) & ((1 << 40) - 1);
        (millis << 80 | process << 40 | count).to_be_bytes().to_vec()
    }
}

/// Bytes of a name (type, file, language, service) that facts repeat.
const NAME_BYTES_MAX: usize = 1024;

fn clip(name: &str) -> &str {
    &name[..name.floor_char_boundary(NAME_BYTES_MAX)]
}

/// A fact as it is stored.
pub(super) fn pattern_row(fact: PatternFact, sample_trace: String, service_name: String) -> PatternRow {
    PatternRow {
        time_unix_nano: u64::try_from(fact.time_unix_nano).unwrap_or(0),
        fact: fact.kind.as_str().to_owned(),
        pattern_id: fact.pattern_id.to_string(),
        fingerprint: fact.fingerprint.to_string(),
        hashes: fact.hashes.iter().map(ToString::to_string).collect(),
        alias_of: fact.alias_of.map(|id| id.to_string()),
        signature: fact.signature.map(|s| s.to_string()).unwrap_or_default(),
        canonical: fact.canonical.unwrap_or_default(),
        error_type: fact.error_type.unwrap_or_default(),
        canonical_msg: fact.canonical_msg.unwrap_or_default(),
        language: fact.language.unwrap_or_default(),
        taxonomy_runtime: fact.taxonomy_runtime.unwrap_or_default(),
        taxonomy_phase: fact.taxonomy_phase.unwrap_or_default(),
        taxonomy_type: fact.taxonomy_type.unwrap_or_default(),
        taxonomy_cause: fact.taxonomy_cause.unwrap_or_default(),
        severity: fact.severity.map_or(0, i32::from),
        reason: fact.reason.unwrap_or_default(),
        strategy: fact.strategy,
        sample_trace,
        service_name,
    }
}

/// A stored fact as the store knows it; `None` where a newer version wrote what this one cannot read.
#[must_use]
pub(crate) fn pattern_fact(row: &PatternRow) -> Option<PatternFact> {
    let text = |t: &String| (!t.is_empty()).then(|| t.clone());
    Some(PatternFact {
        kind: FactKind::of(&row.fact)?,
        pattern_id: row.pattern_id.parse().ok()?,
        time_unix_nano: i64::try_from(row.time_unix_nano).ok()?,
        fingerprint: row.fingerprint.parse().ok()?,
        hashes: row.hashes.iter().filter_map(|h| h.parse().ok()).collect(),
        alias_of: row.alias_of.as_ref().and_then(|id| id.parse().ok()),
        signature: row.signature.parse().ok(),
        canonical: text(&row.canonical),
        error_type: text(&row.error_type),
        canonical_msg: text(&row.canonical_msg),
        language: text(&row.language),
        taxonomy_runtime: text(&row.taxonomy_runtime),
        taxonomy_phase: text(&row.taxonomy_phase),
        taxonomy_type: text(&row.taxonomy_type),
        taxonomy_cause: text(&row.taxonomy_cause),
        severity: u8::try_from(row.severity).ok().filter(|s| *s > 0),
        reason: text(&row.reason),
        strategy: row.strategy.clone(),
    })
}
