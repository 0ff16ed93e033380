//! What the processor counts. All instruments are made by OpenTelemetry's meter `errata`; `/metrics`
//! shows them in Prometheus form, and with an endpoint configured they leave over OTLP.
//!
//! | metric | unit | attributes | counts | healthy |
//! |---|---|---|---|---|
//! | `errata.receiver.requests` | {request} | signal, outcome | export requests | outcome `accepted` only |
//! | `errata.receiver.items` | {item} | signal | spans and log records accepted | follows the senders |
//! | `errata.receiver.size` | By | signal | bytes of requests, decompressed | follows the senders |
//! | `errata.receiver.duration` | s | signal | from a whole body to the acknowledgement | below 0.1 |
//! | `errata.receiver.rejected` | {item} | signal | items answered with partial success | 0 |
//! | `errata.items.tagged` | {item} | signal | items with a session | near the items |
//! | `errata.texts.masked` | {text} | signal | texts in which something was masked | steady |
//! | `errata.exceptions` | {exception} | kind | counted and duplicate exceptions | follows the failures |
//! | `errata.patterns.new` | {pattern} | | patterns made | falls with time |
//! | `errata.patterns.known` | {pattern} | | patterns in memory | below `patterns.patterns_max` |
//! | `errata.patterns.cold.size` | By | | patterns on disk | below `patterns.cold_size_max` |
//! | `errata.patterns.forgotten` | {pattern} | | patterns that left memory and were not kept | 0 |
//! | `errata.rules.loaded` | {rule} | section | users' rules in use | as many as the file has |
//! | `errata.rules.outdated` | {file} | | rules files that cannot be used as they are now | 0 |
//! | `errata.rules.reads` | {read} | outcome | changed rules files: `loaded`, `refused` | `loaded` only |
//! | `errata.receiver.connections.crowded_out` | {connection} | | connections closed for others at `otlp.connections_max` | 0 |
//! | `errata.receiver.requests.active` | {request} | | requests under way | below `otlp.requests_max` |
//! | `errata.receiver.memory` | By | | request bodies under way | below `otlp.memory_max` |
//! | `errata.wal.size` | By | | bytes of the log on disk | far below `wal.size_max` |
//! | `errata.wal.syncs` | {sync} | | flushes of the log to disk | fewer than requests under load |
//! | `errata.wal.sync.time` | s | | time spent in them | below 0.05 a sync |
//! | `errata.wal.refused` | {request} | | requests refused because the log was full | 0 |
//! | `errata.lake.commit.duration` | s | table | writing and committing one batch | below `writer.flush_interval` |
//! | `errata.lake.rows` | {row} | table | rows committed | follows the items |
//! | `errata.lake.commit.errors` | {error} | table | attempts to commit that failed | 0 |
//! | `errata.lake.files` | {file} | table | live files | hundreds |
//! | `errata.exporter.requests` | {request} | outcome | requests to the next hop: sent, failed, retried, dropped | sent only |
//! | `errata.exporter.queue.size` | By | | bytes of the log that wait for the next hop | near 0 |

use crate::pipeline::Counts;
use crate::receiver::Refusal;
use crate::wire::Signal;
use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Histogram, Meter};
use schemas::tables::Table;
use std::time::Duration;

/// Instruments that are recorded where things happen; what is only observed stands in `processor.rs`.
#[derive(Debug)]
pub(crate) struct Metrics {
    /// The meter, for instruments that observe.
    pub meter: Meter,
    requests: Counter<u64>,
    items: Counter<u64>,
    size: Counter<u64>,
    rejected: Counter<u64>,
    tagged: Counter<u64>,
    masked: Counter<u64>,
    exceptions: Counter<u64>,
    patterns_new: Counter<u64>,
    duration: Histogram<f64>,
    commit_duration: Histogram<f64>,
    rows: Counter<u64>,
    commit_errors: Counter<u64>,
    rules_reads: Counter<u64>,
}

/// Boundaries of durations in seconds.
const SECONDS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

impl Metrics {
    /// Makes the instruments.
    #[must_use]
    pub(crate) fn new(meter: Meter) -> Self {
        let counter = |name: &'static str, unit: &'static str, text: &'static str| {
            meter.u64_counter(name).with_unit(unit).with_description(text).build()
        };
        Self {
            requests: counter("errata.receiver.requests", "{request}", "Export requests by outcome"),
            items: counter("errata.receiver.items", "{item}", "Spans and log records accepted"),
            size: counter("errata.receiver.size", "By", "Bytes of requests, decompressed"),
            rejected: counter("errata.receiver.rejected", "{item}", "Items answered with partial success"),
            tagged: counter("errata.items.tagged", "{item}", "Items with a session"),
            masked: counter("errata.texts.masked", "{text}", "Texts in which something was masked"),
            exceptions: counter(
                "errata.exceptions",
                "{exception}",
                "Exceptions counted, and duplicates of them",
            ),
            patterns_new: counter("errata.patterns.new", "{pattern}", "Patterns made"),
            duration: meter
                .f64_histogram("errata.receiver.duration")
                .with_unit("s")
                .with_description("From a whole body to the acknowledgement")
                .with_boundaries(SECONDS.to_vec())
                .build(),
            commit_duration: meter
                .f64_histogram("errata.lake.commit.duration")
                .with_unit("s")
                .with_description("Writing and committing one batch")
                .with_boundaries(SECONDS.to_vec())
                .build(),
            rows: counter("errata.lake.rows", "{row}", "Rows committed"),
            rules_reads: counter("errata.rules.reads", "{read}", "Changed rules files, by outcome"),
            commit_errors: counter("errata.lake.commit.errors", "{error}", "Attempts to commit that failed"),
            meter,
        }
    }

    /// A request was accepted and is durable.
    pub(crate) fn accepted(&self, signal: Signal, bytes: usize, counts: &Counts, took: Duration) {
        let of_signal = [KeyValue::new("signal", signal_name(signal))];
        self.requests.add(1, &[of_signal[0].clone(), KeyValue::new("outcome", "accepted")]);
        self.items.add(counts.items - counts.rejected, &of_signal);
        self.size.add(bytes as u64, &of_signal);
        self.duration.record(took.as_secs_f64(), &of_signal);
        self.tagged.add(counts.with_session, &of_signal);
        self.masked.add(counts.masked, &of_signal);
        if counts.rejected > 0 {
            self.rejected.add(counts.rejected, &of_signal);
        }
        if counts.exceptions + counts.duplicates > 0 {
            self.exceptions.add(counts.exceptions, &[KeyValue::new("kind", "counted")]);
            self.exceptions.add(counts.duplicates, &[KeyValue::new("kind", "duplicate")]);
            self.patterns_new.add(counts.patterns_new, &[]);
        }
    }

    /// A request was refused.
    pub(crate) fn refused(&self, signal: Signal, refusal: &Refusal) {
        let outcome = match refusal {
            Refusal::Malformed(_) => "malformed",
            Refusal::TooLarge { .. } => "too_large",
            Refusal::Unsupported(_) => "unsupported",
            Refusal::Busy { .. } => "busy",
            Refusal::Access(_) => "refused",
            Refusal::Throttled(_) => "throttled",
        };
        self.requests
            .add(1, &[KeyValue::new("signal", signal_name(signal)), KeyValue::new("outcome", outcome)]);
    }

    /// A batch was committed.
    pub(crate) fn committed(&self, table: Table, rows: u64, took: Duration) {
        let of_table = [KeyValue::new("table", table.name())];
        self.rows.add(rows, &of_table);
        self.commit_duration.record(took.as_secs_f64(), &of_table);
    }

    /// A changed rules file was read.
    pub(crate) fn rules_read(&self, loaded: bool) {
        let outcome = if loaded { "loaded" } else { "refused" };
        self.rules_reads.add(1, &[KeyValue::new("outcome", outcome)]);
    }

    /// A commit failed and will be tried again.
    pub(crate) fn commit_failed(&self, table: Table) {
        self.commit_errors.add(1, &[KeyValue::new("table", table.name())]);
    }
}

fn signal_name(signal: Signal) -> &'static str {
    match signal {
        Signal::Traces => "traces",
        Signal::Logs => "logs",
    }
}
