//! Rows of the lake's tables from logged requests.
//!
//! A pure function of a record's payload and facts: the same record gives the same rows, at first writing
//! and at every replay. Knows nothing of files or commits.

mod builders;
mod coded;
mod errors;
mod execution;
mod own;
mod patterns;
mod spans;
mod text;

use crate::pipeline::{Ancestors, ExceptionFact, Facts, Masking, Masks, Names, Roles, Scoped, ids, session};
use crate::wire::{Attributes, LogView, Met, Request, Signal, SpanView};
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;
use builders::TableColumns;
use errors::{Environment, ErrorColumns};
use own::Own;
use patterns::PatternColumns;
use schemas::tables::Table;
use spans::SpanColumns;
use std::sync::Arc;
use std::time::Duration;

/// What rows need beyond the record itself.
#[derive(Clone, Debug)]
pub(crate) struct RowContext {
    /// Attribute roles.
    pub names: Arc<Names>,
    /// Masks what the payload carries unmasked (see [`Facts::raw_without_session`]).
    pub masking: Arc<Masking>,
    /// Timestamps further ahead of their receipt are stored under the date of the receipt.
    pub future_max: Duration,
    /// Timestamps further behind their receipt are stored under the date of the receipt.
    pub past_max: Duration,
    /// What the resources of one request may add to its rows, in bytes: each span repeats its resource, and
    /// a large resource over many small spans must not fill the memory. Beyond it rows go without it.
    pub(crate) repeated_bytes_max: usize,
    /// Whether spans outside any session get no rows.
    pub(crate) session_spans_only: bool,
    /// This processor's name in `patterns`.
    pub writer: String,
}

/// A logged request, decoded as far as rows need it.
#[derive(Debug)]
pub(crate) struct LoggedRequest<'a> {
    /// Traces or logs.
    pub signal: Signal,
    /// Receipt.
    pub received_unix_nano: u64,
    /// The OTLP message.
    pub payload: &'a [u8],
    /// What was decided about it.
    pub facts: &'a Facts,
}

/// Which tables a record still has to reach: all of them, except while a replay catches up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    /// Rows of `spans`.
    pub spans: bool,
    /// Rows of `errors`.
    pub errors: bool,
    /// Rows of `patterns`.
    pub patterns: bool,
}

/// Rows of one record batch. Small enough that columns grow within memory that the allocator has at hand.
const BATCH_ROWS: usize = 8192;

/// Columns under construction, for one commit. Bounded by the writer, which flushes at its row limit.
#[derive(Debug)]
pub(crate) struct Rows {
    context: RowContext,
    /// Rows in batches that were cut, of spans, errors and patterns.
    cut: [usize; 3],
    spans: SpanColumns,
    errors: ErrorColumns,
    patterns: PatternColumns,
    /// Counts resources; 0 stands for one that is left out.
    resource_serial: u64,
    /// Attributes of spans, with the codes of this commit.
    met: Met<own::Known>,
    /// The masks under which they are known.
    masks: Option<Masks>,
}

impl Rows {
    /// Empty.
    #[must_use]
    pub(crate) fn new(context: RowContext) -> Self {
        Self {
            context,
            cut: [0; 3],
            spans: SpanColumns::default(),
            errors: ErrorColumns::default(),
            patterns: PatternColumns::default(),
            resource_serial: 0,
            met: Met::default(),
            masks: None,
        }
    }

    /// The largest number of rows in one table.
    #[must_use]
    pub(crate) fn rows_max(&self) -> usize {
        let current = [self.spans.rows(), self.errors.rows(), self.patterns.rows()];
        self.cut.iter().zip(current).map(|(cut, current)| cut + current).max().unwrap_or(0)
    }

    /// Adds the rows of one request.
    pub(crate) fn add(&mut self, request: &LoggedRequest<'_>, wanted: Wanted) {
        match request.signal {
            Signal::Traces => self.add_traces(request, wanted),
            Signal::Logs => self.add_logs(request, wanted),
        }
        if wanted.patterns {
            for row in &request.facts.patterns {
                let date = self.date_of(row.time_unix_nano, request.received_unix_nano);
                self.patterns.push(row, &self.context.writer, date);
            }
        }
        self.cut(BATCH_ROWS);
    }

    /// The batches of each table that has rows, in the order in which they are to be committed; empties itself.
    ///
    /// # Errors
    /// When a column does not fit its schema: a fault of this module.
    pub(crate) fn finish(&mut self) -> Result<Vec<(Table, Vec<RecordBatch>)>, ArrowError> {
        self.cut(1);
        self.cut = [0; 3];
        self.met.forget();
        let finished = self.take();
        if finished.is_err() {
            // Some columns have given their rows away, others not.
            (self.spans, self.errors, self.patterns) = Default::default();
        }
        finished
    }

    fn take(&mut self) -> Result<Vec<(Table, Vec<RecordBatch>)>, ArrowError> {
        // Patterns before the errors that name them, spans last.
        let mut finished = vec![
            (Table::Patterns, self.patterns.take()?),
            (Table::Errors, self.errors.take()?),
            (Table::Spans, self.spans.take()?),
        ];
        finished.retain(|(_, batches)| !batches.is_empty());
        Ok(finished)
    }

    /// Ends the batch of each table whose batch has at least `rows` rows.
    fn cut(&mut self, rows: usize) {
        fn cut(columns: &mut impl TableColumns, rows: usize, total: &mut usize) {
            if columns.rows() >= rows {
                *total += columns.rows();
                columns.cut();
            }
        }
        let [spans, errors, patterns] = &mut self.cut;
        cut(&mut self.spans, rows, spans);
        cut(&mut self.errors, rows, errors);
        cut(&mut self.patterns, rows, patterns);
    }

    /// The time whose date a row is stored under.
    fn date_of(&self, unix_nano: u64, received_unix_nano: u64) -> u64 {
        let nanos = |d: Duration| u64::try_from(d.as_nanos()).unwrap_or(u64::MAX);
        let earliest = received_unix_nano.saturating_sub(nanos(self.context.past_max));
        let latest = received_unix_nano.saturating_add(nanos(self.context.future_max));
        if (earliest..=latest).contains(&unix_nano) { unix_nano } else { received_unix_nano }
    }

    fn add_traces(&mut self, request: &LoggedRequest<'_>, wanted: Wanted) {
        let Facts { without_session, exceptions, .. } = request.facts;
        if self.context.session_spans_only && *without_session && exceptions.is_empty() {
            return;
        }
        let (names, masking) = (Arc::clone(&self.context.names), Arc::clone(&self.context.masking));
        let mut span = SpanView::default();
        let mut met = self.met_under(&masking);
        let mut own = Own::new(&mut met);
        let mut exceptions = request.facts.exceptions.iter().peekable();
        let mut item = 0u32;
        let mut repeated = Repeated { bytes: 0, bytes_max: self.context.repeated_bytes_max };
        let ancestors = (!request.facts.telling.is_empty()).then(|| ancestors_in(request, &names));
        for resource in Request::new(request.payload).resources() {
            let mut of_resource = Roles::empty();
            self.resource_serial += 1;
            resource.attributes().for_each(|a| _ = of_resource.note(&names, &a));
            let mut environment = Environment::of(resource.attributes());
            for scope in resource.scopes() {
                let mut cursor = scope.spans();
                loop {
                    own.begin();
                    let each = &mut |raw| {
                        own.take(&names, raw);
                        true
                    };
                    if cursor.read_raw(&mut span, true, each).is_none() {
                        break;
                    }
                    let fits =
                        repeated.take(resource.attributes_bytes() + scope.name.len() + scope.version.len());
                    if !fits {
                        (of_resource, environment) = (Roles::empty(), Environment::default());
                    }
                    let roles = Scoped::new(&own.roles, &of_resource);
                    let session = session(roles, request.facts.session.as_deref());
                    let first = exceptions.peek().filter(|e| e.item == item).copied();
                    let inherits = first.is_some() || request.facts.all_inherit;
                    let key = ids(span.trace_id, span.span_id).filter(|_| inherits);
                    let inherited = ancestors
                        .as_ref()
                        .zip(key)
                        .map(|(all, key)| all.inherited(key, session.as_deref(), roles, &names));
                    let roles = Scoped { inherited: inherited.as_ref(), ..roles };
                    let raw = session.is_none() && request.facts.raw_without_session;
                    let masking = raw.then_some(&*masking);
                    let place = spans::Place {
                        resource: if fits { resource.attributes() } else { Attributes::default() },
                        environment: &environment,
                        resource_serial: if fits { self.resource_serial } else { 0 },
                        scope: fits.then_some(&scope),
                        roles,
                        session: session.as_deref(),
                        masking,
                    };
                    self.add_span(&span, &place, &mut own.entries, first, request.received_unix_nano, wanted);
                    if first.is_some() {
                        span.attributes.extend(own.entries.read());
                    }
                    while let Some(fact) = exceptions.next_if(|e| e.item == item) {
                        if wanted.errors && fact.counted {
                            self.add_span_error(&span, &place, fact, request.received_unix_nano, &names);
                        }
                    }
                    item += 1;
                }
            }
        }
        self.met = met;
    }

    /// What is known of attributes, as long as these are the masks that it is known under.
    fn met_under(&mut self, masking: &Masking) -> Met<own::Known> {
        if !self.masks.as_ref().is_some_and(|masks| masking.is_current(masks)) {
            self.met.forget();
            self.masks = Some(masking.now());
        }
        std::mem::take(&mut self.met)
    }

    fn add_span<'a>(
        &mut self,
        span: &SpanView<'a>,
        place: &spans::Place<'_, 'a>,
        attributes: &mut own::Entries<'a, '_>,
        exception: Option<&ExceptionFact>,
        received_unix_nano: u64,
        wanted: Wanted,
    ) {
        if wanted.spans && (place.session.is_some() || !self.context.session_spans_only) {
            let started = started(span, received_unix_nano);
            let date = self.date_of(started, received_unix_nano);
            self.spans.push(span, place, attributes, exception, started, date);
        }
    }

    fn add_span_error<'a>(
        &mut self,
        span: &SpanView<'a>,
        place: &spans::Place<'_, 'a>,
        fact: &ExceptionFact,
        received_unix_nano: u64,
        names: &Names,
    ) {
        let event = fact.event.and_then(|i| span.events.get(i as usize));
        let times = [event.map_or(0, |e| e.time_unix_nano), span.end_time_unix_nano];
        let time = times.into_iter().find(|t| *t > 0).unwrap_or_else(|| started(span, received_unix_nano));
        let date = self.date_of(time, received_unix_nano);
        let place = spans::Place { session: place.session.or(fact.session.as_deref()), ..*place };
        self.errors.push(&errors::Source::of_span(span, event, fact, &place, names), fact, time, date);
    }

    fn add_logs(&mut self, request: &LoggedRequest<'_>, wanted: Wanted) {
        if !wanted.errors || request.facts.exceptions.is_empty() {
            return;
        }
        let names = Arc::clone(&self.context.names);
        let mut record = LogView::default();
        let mut exceptions = request.facts.exceptions.iter().peekable();
        let mut item = 0u32;
        let mut repeated = Repeated { bytes: 0, bytes_max: self.context.repeated_bytes_max };
        for resource in Request::new(request.payload).resources() {
            let mut of_resource = Roles::empty();
            resource.attributes().for_each(|a| _ = of_resource.note(&names, &a));
            let mut environment = Environment::of(resource.attributes());
            for scope in resource.scopes() {
                let mut cursor = scope.records();
                while cursor.read(&mut record) {
                    if let Some(fact) = exceptions.next_if(|e| e.item == item)
                        && fact.counted
                    {
                        let fits = repeated.take(resource.attributes_bytes());
                        if !fits {
                            (of_resource, environment) = (Roles::empty(), Environment::default());
                        }
                        let mut own = Roles::empty();
                        record.attributes.iter().for_each(|a| _ = own.note(&names, a));
                        let roles = Scoped::new(&own, &of_resource);
                        let session = session(roles, request.facts.session.as_deref());
                        let raw = session.is_none() && request.facts.raw_without_session;
                        let masking = raw.then_some(&*self.context.masking);
                        let times = [record.time_unix_nano, record.observed_time_unix_nano];
                        let time = times.into_iter().find(|t| *t > 0).unwrap_or(request.received_unix_nano);
                        let date = self.date_of(time, request.received_unix_nano);
                        let source = errors::Source::of_record(
                            &record,
                            fact,
                            roles,
                            session.as_deref(),
                            masking,
                            &environment,
                        );
                        self.errors.push(&source, fact, time, date);
                    }
                    item += 1;
                }
            }
        }
    }
}

/// The spans of a request, and what those say of themselves that others have something from.
fn ancestors_in<'a>(request: &LoggedRequest<'a>, names: &Names) -> Ancestors<'a> {
    let mut all = Ancestors::default();
    let mut telling = request.facts.telling.iter().copied().peekable();
    let mut item = 0;
    for resource in Request::new(request.payload).resources() {
        let mut of_resource = Roles::empty();
        resource.attributes().for_each(|a| _ = of_resource.note(names, &a));
        for scope in resource.scopes() {
            let mut cursor = scope.spans();
            while let Some(place) = cursor.read_place() {
                let is_telling = telling.next_if_eq(&item).is_some();
                item += 1;
                let Some(key) = ids(place.trace_id, place.span_id) else { continue };
                all.note(key, place.parent_span_id.try_into().unwrap_or_default());
                if is_telling {
                    let mut own = Roles::empty();
                    place.attributes.for_each(|raw| _ = own.note(names, &raw.read()));
                    let roles = Scoped::new(&own, &of_resource);
                    let session = session(roles, request.facts.session.as_deref());
                    all.tell(key, item - 1, session.as_ref(), place.attributes, own.set());
                }
            }
        }
    }
    all.index();
    all
}

/// Start of a span; its receipt, where the client did not say.
fn started(span: &SpanView<'_>, received_unix_nano: u64) -> u64 {
    if span.start_time_unix_nano == 0 { received_unix_nano } else { span.start_time_unix_nano }
}

/// Bytes that the rows of one request repeat from their resources.
#[derive(Debug)]
struct Repeated {
    bytes: usize,
    bytes_max: usize,
}

impl Repeated {
    /// Takes `bytes` more; `false` when that is over the bound.
    fn take(&mut self, bytes: usize) -> bool {
        let before = self.bytes;
        self.bytes = before.saturating_add(bytes);
        if self.bytes > self.bytes_max && before <= self.bytes_max {
            tracing::warn!(
                limit = self.bytes_max,
                "a request repeats too many bytes of its resources; the rest of its rows go without them"
            );
        }
        self.bytes <= self.bytes_max
    }
}
