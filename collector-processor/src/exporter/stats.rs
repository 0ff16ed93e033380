//! The exporter in numbers.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use opentelemetry::KeyValue;
use opentelemetry::metrics::Meter;

/// Counters since the start, and gauges.
#[derive(Debug, Default)]
pub struct ExporterStats {
    /// Requests that the next hop took.
    pub sent_requests: AtomicU64,
    /// Bytes of their payloads.
    pub sent_bytes: AtomicU64,
    /// Requests that the next hop refused for good; healthy is 0.
    pub failed_requests: AtomicU64,
    /// Spans or log records that the next hop rejected of requests that it took; healthy is 0.
    pub rejected_items: AtomicU64,
    /// Attempts that failed and were, or are to be, repeated.
    pub retried_attempts: AtomicU64,
    /// Log records given up because the queue was over its bound; healthy is 0.
    pub dropped_records: AtomicU64,
    /// Bytes of them.
    pub dropped_bytes: AtomicU64,
    /// Attempts under way (gauge).
    pub in_flight: AtomicU64,
    /// Bytes of the log that wait for the next hop (gauge), as of the last tenth of a second.
    pub queue_bytes: AtomicU64,
    /// Records of the log that wait (gauge).
    pub queue_records: AtomicU64,
}

impl ExporterStats {
    /// Registers the numbers with a meter.
    pub(super) fn observe(self: &Arc<Self>, meter: &Meter) {
        let stats = Arc::clone(self);
        meter
            .u64_observable_counter("errata.exporter.requests")
            .with_unit("{request}")
            .with_description("Requests to the next hop by outcome")
            .with_callback(move |observer| {
                for (outcome, value) in [
                    ("sent", &stats.sent_requests),
                    ("failed", &stats.failed_requests),
                    ("retried", &stats.retried_attempts),
                    ("dropped", &stats.dropped_records),
                ] {
                    observer.observe(value.load(Ordering::Relaxed), &[KeyValue::new("outcome", outcome)]);
                }
            })
            .build();
        type Field = fn(&ExporterStats) -> &AtomicU64;
        let counters: [(&'static str, &'static str, &'static str, Field); 3] = [
            ("errata.exporter.sent.size", "By", "Payload bytes that the next hop took", |s| &s.sent_bytes),
            ("errata.exporter.dropped.size", "By", "Bytes given up at the queue's bound", |s| {
                &s.dropped_bytes
            }),
            ("errata.exporter.rejected.items", "{item}", "Items rejected by the next hop", |s| {
                &s.rejected_items
            }),
        ];
        for (name, unit, description, field) in counters {
            let stats = Arc::clone(self);
            let counter = meter.u64_observable_counter(name).with_unit(unit).with_description(description);
            counter.with_callback(move |o| o.observe(field(&stats).load(Ordering::Relaxed), &[])).build();
        }
        let gauges: [(&'static str, &'static str, &'static str, Field); 2] = [
            ("errata.exporter.queue.size", "By", "Log bytes that wait for the next hop", |s| &s.queue_bytes),
            ("errata.exporter.in_flight", "{request}", "Requests under way to the next hop", |s| {
                &s.in_flight
            }),
        ];
        for (name, unit, description, field) in gauges {
            let stats = Arc::clone(self);
            let gauge = meter.u64_observable_gauge(name).with_unit(unit).with_description(description);
            gauge.with_callback(move |o| o.observe(field(&stats).load(Ordering::Relaxed), &[])).build();
        }
    }
}
