//! Instruments of the engine, through the `opentelemetry` API: the command installs the provider.
//!
//! | metric | unit | attributes | healthy |
//! |---|---|---|---|
//! | `errata.query.duration` | s | | p99 well under `timeout_ms` |
//! | `errata.query.rows` | {row} | | |
//! | `errata.query.errors` | {query} | `code` | `busy`, `lake` and `internal` stay at zero |
//! | `errata.feed.subscribers` | {listener} | | under `feed.subscribers_max`; made in `feed` |
//! | `errata.feed.cut` | {listener} | | 0: nobody was so far behind that it had to come again |
//! | `errata.query.partials` | {file} | `kept` | with dashboards open, most are `true` |
//! | `errata.lifecycle.changes` | {change} | `action`, `by` | `by` is `errata` for what happens by itself, else `person` |
//! | `errata.lifecycle.refused` | {change} | | few: people were slower than others, or wrong |
//! | `errata.lifecycle.failed` | {change} | | 0: each was told to try again |
//! | `errata.lifecycle.retries` | {commit} | | few: another engine or a compaction was first, or the store failed |

use crate::error::ErrorCode;
use opentelemetry::metrics::{Counter, Histogram};
use opentelemetry::{KeyValue, global};
use std::time::Duration;

#[derive(Clone, Debug)]
pub(crate) struct Metrics {
    duration: Histogram<f64>,
    rows: Counter<u64>,
    errors: Counter<u64>,
    partials: Counter<u64>,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let meter = global::meter("errata");
        let boundaries =
            vec![0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];
        Self {
            duration: meter
                .f64_histogram("errata.query.duration")
                .with_unit("s")
                .with_description("Time from the arrival of a query to its last row, or to its failure.")
                .with_boundaries(boundaries)
                .build(),
            rows: meter
                .u64_counter("errata.query.rows")
                .with_unit("{row}")
                .with_description("Rows in answers.")
                .build(),
            errors: meter
                .u64_counter("errata.query.errors")
                .with_unit("{query}")
                .with_description("Queries without a whole answer, by code.")
                .build(),
            partials: meter
                .u64_counter("errata.query.partials")
                .with_unit("{file}")
                .with_description("Files whose part of an aggregate was kept, or had to be computed.")
                .build(),
        }
    }

    pub(crate) fn finished(&self, duration: Duration, rows: u64) {
        self.duration.record(duration.as_secs_f64(), &[]);
        self.rows.add(rows, &[]);
    }

    pub(crate) fn partials(&self, kept: bool) {
        self.partials.add(1, &[KeyValue::new("kept", kept)]);
    }

    pub(crate) fn failed(&self, code: ErrorCode) {
        self.errors.add(1, &[KeyValue::new("code", code.as_str())]);
    }
}

/// Instruments of what people decide.
#[derive(Clone, Debug)]
pub(crate) struct LifecycleMetrics {
    changes: Counter<u64>,
    refused: Counter<u64>,
    failed: Counter<u64>,
    retries: Counter<u64>,
}

impl LifecycleMetrics {
    pub(crate) fn new() -> Self {
        let meter = global::meter("errata");
        let counter = |name, unit, description| {
            meter.u64_counter(name).with_unit(unit).with_description(description).build()
        };
        Self {
            changes: counter(
                "errata.lifecycle.changes",
                "{change}",
                "Decisions about patterns that were stored, by action, and whether a person made them.",
            ),
            refused: counter("errata.lifecycle.refused", "{change}", "Decisions that did not fit."),
            failed: counter(
                "errata.lifecycle.failed",
                "{change}",
                "Decisions that were not stored because the lake failed or others were first each time.",
            ),
            retries: counter("errata.lifecycle.retries", "{commit}", "Commits that were tried again."),
        }
    }

    pub(crate) fn changed(&self, action: &'static str, by: &'static str) {
        self.changes.add(1, &[KeyValue::new("action", action), KeyValue::new("by", by)]);
    }

    pub(crate) fn refused(&self) {
        self.refused.add(1, &[]);
    }

    pub(crate) fn failed(&self) {
        self.failed.add(1, &[]);
    }

    pub(crate) fn tried_again(&self) {
        self.retries.add(1, &[]);
    }
}
