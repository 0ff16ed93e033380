//! What is counted at the doors.
//!
//! | metric | unit | attributes | counts | healthy |
//! |---|---|---|---|---|
//! | `errata.access.refused` | {request} | reason | requests without a good token or the role | 0 |
//! | `errata.access.throttled` | {request} | what | requests over the rate of their token | 0 |
//! | `errata.access.refresh.errors` | {error} | | tokens that could not be read from the state database | 0 |
//! | `errata.tls.handshakes` | {handshake} | outcome | `done`, `failed`, `slow`, `crowded_out` | `done` only |
//! | `errata.tls.reloads` | {reload} | outcome | changed certificate files: `loaded`, `refused` | `loaded` only |

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Meter};

#[derive(Debug)]
pub(crate) struct Metrics {
    refused: Counter<u64>,
    throttled: Counter<u64>,
    refresh_errors: Counter<u64>,
}

impl Metrics {
    pub(crate) fn new(meter: &Meter) -> Self {
        let counter = |name: &'static str, unit: &'static str, text: &'static str| {
            meter.u64_counter(name).with_unit(unit).with_description(text).build()
        };
        Self {
            refused: counter(
                "errata.access.refused",
                "{request}",
                "Requests without a good token or the role",
            ),
            throttled: counter(
                "errata.access.throttled",
                "{request}",
                "Requests over the rate of their token",
            ),
            refresh_errors: counter("errata.access.refresh.errors", "{error}", "Failed reads of the tokens"),
        }
    }

    pub(crate) fn refused(&self, reason: &'static str) {
        self.refused.add(1, &[KeyValue::new("reason", reason)]);
    }

    pub(crate) fn throttled(&self, what: &'static str) {
        self.throttled.add(1, &[KeyValue::new("what", what)]);
    }

    pub(crate) fn refresh_failed(&self) {
        self.refresh_errors.add(1, &[]);
    }
}

/// What is counted of TLS.
#[derive(Clone, Debug)]
pub(crate) struct TlsMetrics {
    handshakes: Counter<u64>,
    reloads: Counter<u64>,
}

impl TlsMetrics {
    pub(crate) fn new(meter: &Meter) -> Self {
        let counter = |name: &'static str, unit: &'static str, text: &'static str| {
            meter.u64_counter(name).with_unit(unit).with_description(text).build()
        };
        Self {
            handshakes: counter("errata.tls.handshakes", "{handshake}", "TLS handshakes, by outcome"),
            reloads: counter("errata.tls.reloads", "{reload}", "Changed certificate files, by outcome"),
        }
    }

    pub(crate) fn handshake(&self, outcome: &'static str) {
        self.handshakes.add(1, &[KeyValue::new("outcome", outcome)]);
    }

    pub(crate) fn reload(&self, loaded: bool) {
        let outcome = if loaded { "loaded" } else { "refused" };
        self.reloads.add(1, &[KeyValue::new("outcome", outcome)]);
    }
}
