//! Figures of the plugin, which Grafana shows at `/metrics/plugins/errata-patterns-datasource`.
//!
//! - `errata_plugin_queries_total{type,outcome}`: queries; `downstream` is the engine's or the user's fault, `plugin`
//!   ours and healthy at 0.
//! - `errata_plugin_query_seconds_total{type}`: time of all of them together.
//! - `errata_plugin_live_streams`: live channels that are open.

use crate::error::Source;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;

/// Counters. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Metrics {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    queries: Mutex<BTreeMap<(&'static str, &'static str), u64>>,
    seconds: Mutex<BTreeMap<&'static str, f64>>,
    live: AtomicI64,
}

/// An open live channel; counted, and its place taken, until it is dropped.
#[derive(Debug)]
pub(crate) struct Live {
    metrics: Metrics,
    _place: OwnedSemaphorePermit,
}

impl Drop for Live {
    fn drop(&mut self) {
        self.metrics.shared.live.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Metrics {
    pub(crate) fn query(&self, kind: &'static str, failed: Option<Source>, took: Duration) {
        let outcome = failed.map_or("ok", Source::as_str);
        let mut queries = self.shared.queries.lock().unwrap_or_else(PoisonError::into_inner);
        *queries.entry((kind, outcome)).or_default() += 1;
        drop(queries);
        let mut seconds = self.shared.seconds.lock().unwrap_or_else(PoisonError::into_inner);
        *seconds.entry(kind).or_default() += took.as_secs_f64();
    }

    pub(crate) fn live(&self, place: OwnedSemaphorePermit) -> Live {
        self.shared.live.fetch_add(1, Ordering::Relaxed);
        Live { metrics: self.clone(), _place: place }
    }

    /// In Prometheus's text form.
    pub(crate) fn text(&self) -> String {
        let mut text = "# TYPE errata_plugin_queries_total counter\n".to_owned();
        for ((kind, outcome), count) in
            self.shared.queries.lock().unwrap_or_else(PoisonError::into_inner).iter()
        {
            _ = writeln!(
                text,
                "errata_plugin_queries_total{{type=\"{kind}\",outcome=\"{outcome}\"}} {count}"
            );
        }
        text.push_str("# TYPE errata_plugin_query_seconds_total counter\n");
        for (kind, seconds) in self.shared.seconds.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            _ = writeln!(text, "errata_plugin_query_seconds_total{{type=\"{kind}\"}} {seconds}");
        }
        let live = self.shared.live.load(Ordering::Relaxed);
        _ = writeln!(text, "# TYPE errata_plugin_live_streams gauge\nerrata_plugin_live_streams {live}");
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_counted() {
        let metrics = Metrics::default();
        metrics.query("sql", None, Duration::from_millis(500));
        metrics.query("sql", Some(Source::Downstream), Duration::from_millis(250));
        let place = Arc::new(tokio::sync::Semaphore::new(1)).try_acquire_owned().unwrap();
        let live = metrics.live(place);
        let text = metrics.text();
        assert!(
            text.contains("errata_plugin_queries_total{type=\"sql\",outcome=\"downstream\"} 1\n"),
            "{text}"
        );
        assert!(text.contains("errata_plugin_query_seconds_total{type=\"sql\"} 0.75\n"), "{text}");
        assert!(text.contains("errata_plugin_live_streams 1\n"), "{text}");
        drop(live);
        assert!(metrics.text().contains("errata_plugin_live_streams 0\n"));
    }
}
