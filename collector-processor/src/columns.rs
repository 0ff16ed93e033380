//! Rows of the lake's tables from logged requests.
//!
//! A pure function of a record's payload and facts: the same record gives the same rows, at first writing
//! and at every replay. Knows nothing of files or commits.

mod builders;
mod errors;
mod patterns;
mod spans;
mod text;

use crate::pipeline::{Facts, Masking, Names, Roles, Scoped, session};
use crate::wire::{LogView, Request, Signal, SpanView};
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;
use errors::ErrorColumns;
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

/// Columns under construction, for one commit. Bounded by the writer, which flushes at its row limit.
#[derive(Debug)]
pub(crate) struct Rows {
    context: RowContext,
    spans: SpanColumns,
    errors: ErrorColumns,
    patterns: PatternColumns,
}

impl Rows {
    /// Empty.
    #[must_use]
    pub(crate) fn new(context: RowContext) -> Self {
        Self {
            context,
            spans: SpanColumns::default(),
            errors: ErrorColumns::default(),
            patterns: PatternColumns::default(),
        }
    }

    /// The largest number of rows in one table.
    #[must_use]
    pub(crate) fn rows_max(&self) -> usize {
        self.spans.rows().max(self.errors.rows()).max(self.patterns.rows())
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
    }

    /// The finished columns of each table that has rows; empties itself.
    ///
    /// # Errors
    /// When a column does not fit its schema: a fault of this module.
    pub(crate) fn finish(&mut self) -> Result<Vec<(Table, RecordBatch)>, ArrowError> {
        let mut batches = Vec::with_capacity(3);
        if self.patterns.rows() > 0 {
            batches.push((Table::Patterns, self.patterns.finish()?));
        }
        if self.errors.rows() > 0 {
            batches.push((Table::Errors, self.errors.finish()?));
        }
        if self.spans.rows() > 0 {
            batches.push((Table::Spans, self.spans.finish()?));
        }
        Ok(batches)
    }

    /// The time whose date a row is stored under.
    fn date_of(&self, unix_nano: u64, received_unix_nano: u64) -> u64 {
        let nanos = |d: Duration| u64::try_from(d.as_nanos()).unwrap_or(u64::MAX);
        let earliest = received_unix_nano.saturating_sub(nanos(self.context.past_max));
        let latest = received_unix_nano.saturating_add(nanos(self.context.future_max));
        if (earliest..=latest).contains(&unix_nano) { unix_nano } else { received_unix_nano }
    }

    fn add_traces(&mut self, request: &LoggedRequest<'_>, wanted: Wanted) {
        let names = Arc::clone(&self.context.names);
        let mut span = SpanView::default();
        let mut exceptions = request.facts.exceptions.iter().peekable();
        let mut item = 0u32;
        for resource in Request::new(request.payload).resources() {
            let mut of_resource = Roles::empty();
            resource.attributes().for_each(|a| _ = of_resource.note(&names, &a));
            for scope in resource.scopes() {
                let mut cursor = scope.spans();
                while cursor.read(&mut span) {
                    let mut own = Roles::empty();
                    span.attributes.iter().for_each(|a| _ = own.note(&names, a));
                    let roles = Scoped { own: &own, resource: &of_resource };
                    let session = session(roles, request.facts.session.as_deref());
                    let raw = session.is_none() && request.facts.raw_without_session;
                    let masking = raw.then_some(&*self.context.masking);
                    let started = if span.start_time_unix_nano == 0 {
                        request.received_unix_nano
                    } else {
                        span.start_time_unix_nano
                    };
                    let date = self.date_of(started, request.received_unix_nano);
                    let first = exceptions.peek().filter(|e| e.item == item).copied();
                    if wanted.spans {
                        let place = spans::Place {
                            resource: &resource,
                            scope: &scope,
                            roles,
                            session: session.as_deref(),
                            masking,
                        };
                        self.spans.push(&span, &place, first, started, date);
                    }
                    while let Some(fact) = exceptions.next_if(|e| e.item == item) {
                        if !(wanted.errors && fact.counted) {
                            continue;
                        }
                        let event = fact.event.and_then(|i| span.events.get(i as usize));
                        let of_event = event.map(|e| e.time_unix_nano).filter(|t| *t > 0);
                        let time =
                            of_event.or(Some(span.end_time_unix_nano).filter(|t| *t > 0)).unwrap_or(started);
                        let date = self.date_of(time, request.received_unix_nano);
                        let source = {
                            let place = (resource.attributes(), &*names);
                            errors::Source::of_span(&span, event, roles, session.as_deref(), masking, place)
                        };
                        self.errors.push(&source, fact, time, date);
                    }
                    item += 1;
                }
            }
        }
    }

    fn add_logs(&mut self, request: &LoggedRequest<'_>, wanted: Wanted) {
        if !wanted.errors || request.facts.exceptions.is_empty() {
            return;
        }
        let names = Arc::clone(&self.context.names);
        let mut record = LogView::default();
        let mut exceptions = request.facts.exceptions.iter().peekable();
        let mut item = 0u32;
        for resource in Request::new(request.payload).resources() {
            let mut of_resource = Roles::empty();
            resource.attributes().for_each(|a| _ = of_resource.note(&names, &a));
            for scope in resource.scopes() {
                let mut cursor = scope.records();
                while cursor.read(&mut record) {
                    if let Some(fact) = exceptions.next_if(|e| e.item == item)
                        && fact.counted
                    {
                        let mut own = Roles::empty();
                        record.attributes.iter().for_each(|a| _ = own.note(&names, a));
                        let roles = Scoped { own: &own, resource: &of_resource };
                        let session = session(roles, request.facts.session.as_deref());
                        let raw = session.is_none() && request.facts.raw_without_session;
                        let masking = raw.then_some(&*self.context.masking);
                        let times = [record.time_unix_nano, record.observed_time_unix_nano];
                        let time = times.into_iter().find(|t| *t > 0).unwrap_or(request.received_unix_nano);
                        let date = self.date_of(time, request.received_unix_nano);
                        let source = errors::Source::of_record(
                            &record,
                            roles,
                            session.as_deref(),
                            masking,
                            resource.attributes(),
                        );
                        self.errors.push(&source, fact, time, date);
                    }
                    item += 1;
                }
            }
        }
    }
}
