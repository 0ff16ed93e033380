//! The views of the contract, as SQL text. Column docs are in the files; the names and types are public API.

use crate::config::QueryConfig;
use chrono::Datelike;
use schemas::tables::Table;

/// A view of the catalog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct View {
    /// SQL name.
    pub(crate) name: &'static str,
    /// Text of the query.
    pub(crate) sql: &'static str,
    /// Tables that the text reads.
    pub(crate) tables: &'static [Table],
    /// Views that the text reads; they come earlier in [`VIEWS`].
    pub(crate) views: &'static [&'static str],
    /// Small and asked for by most queries: kept in memory until one of its tables changes.
    pub(crate) kept: bool,
}

impl View {
    /// The text with what the configuration says of candidates.
    #[must_use]
    pub(crate) fn text(&self, config: &QueryConfig) -> String {
        let occurrences = config.candidate_occurrences.max(1);
        let window = config.candidate_window;
        [
            ("{weights_from}", weights_from().to_string()),
            ("{candidate_occurrences}", occurrences.to_string()),
            ("{candidate_window}", format!("{} s", window.as_secs())),
            ("{window_nanos}", window.as_nanos().min(i64::MAX as u128).to_string()),
            ("{window_seconds}", window.as_secs().to_string()),
        ]
        .into_iter()
        .fold(self.sql.to_owned(), |text, (name, value)| text.replace(name, &value))
    }
}

/// Start of the year before this one, in nanoseconds: from there on `pattern_report` weighs occurrences. Any time does, if
/// it is the same for all; a recent one keeps the weights within what a number holds.
fn weights_from() -> i64 {
    let year = chrono::Utc::now().year() - 1;
    let start = chrono::NaiveDate::from_ymd_opt(year, 1, 1).and_then(|date| date.and_hms_opt(0, 0, 0));
    start.and_then(|start| start.and_utc().timestamp_nanos_opt()).unwrap_or_default()
}

/// The views that `pattern_of` is made of; both are kept.
pub(crate) const NAMES: [&str; 2] = ["pattern_aliases", "pattern_splits"];

/// All views; each one after those that it reads.
pub(crate) const VIEWS: &[View] = &[
    View {
        name: "pattern_aliases",
        sql: include_str!("views/pattern_aliases.sql"),
        tables: &[Table::Patterns, Table::PatternEvents],
        views: &[],
        kept: true,
    },
    View {
        name: "pattern_splits",
        sql: include_str!("views/pattern_splits.sql"),
        tables: &[Table::PatternEvents],
        views: &[],
        kept: true,
    },
    View {
        name: "pattern_history",
        sql: include_str!("views/pattern_history.sql"),
        tables: &[Table::PatternEvents],
        views: &["pattern_aliases"],
        kept: true,
    },
    View {
        name: "pattern_hourly",
        sql: include_str!("views/pattern_hourly.sql"),
        tables: &[Table::Errors],
        views: &NAMES,
        kept: false,
    },
    View {
        name: "pattern_report",
        sql: include_str!("views/pattern_report.sql"),
        tables: &[Table::Errors, Table::Patterns],
        views: &["pattern_aliases", "pattern_splits", "pattern_history"],
        kept: false,
    },
    View {
        name: "pattern_status_episodes",
        sql: include_str!("views/pattern_status_episodes.sql"),
        tables: &[Table::Errors, Table::Patterns],
        views: &["pattern_aliases", "pattern_splits", "pattern_history"],
        kept: false,
    },
    View {
        name: "pattern_mttr",
        sql: include_str!("views/pattern_mttr.sql"),
        tables: &[],
        views: &["pattern_status_episodes"],
        kept: false,
    },
    View {
        name: "pattern_recurrence",
        sql: include_str!("views/pattern_recurrence.sql"),
        tables: &[Table::Errors],
        views: &NAMES,
        kept: false,
    },
    View {
        name: "executions",
        sql: include_str!("views/executions.sql"),
        tables: &[Table::Spans, Table::Errors],
        views: &NAMES,
        kept: false,
    },
    View {
        name: "execution_hourly",
        sql: include_str!("views/execution_hourly.sql"),
        tables: &[Table::Spans, Table::Errors],
        views: &[],
        kept: false,
    },
    View {
        name: "session_first_errors",
        sql: include_str!("views/session_first_errors.sql"),
        tables: &[Table::Errors],
        views: &NAMES,
        kept: false,
    },
    View {
        name: "sessions",
        sql: include_str!("views/sessions.sql"),
        tables: &[Table::Spans, Table::Errors],
        views: &[],
        kept: false,
    },
    View {
        name: "session_links",
        sql: include_str!("views/session_links.sql"),
        tables: &[Table::Spans, Table::Errors],
        views: &[],
        kept: true,
    },
];

/// The tables and views that a query over `names` needs, those behind views included.
pub(crate) fn needed(names: &[&str]) -> (Vec<Table>, Vec<&'static View>) {
    let mut wanted: Vec<&str> = names.to_vec();
    let mut views = Vec::new();
    let mut tables: Vec<Table> =
        Table::ALL.into_iter().filter(|table| names.contains(&table.name())).collect();
    for view in VIEWS.iter().rev() {
        if wanted.contains(&view.name) {
            wanted.extend(view.views);
            tables.extend(view.tables);
            views.push(view);
        }
    }
    views.reverse();
    tables.sort_unstable();
    tables.dedup();
    (tables, views)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_brings_what_it_reads() {
        let (tables, views) = needed(&["pattern_report"]);
        assert_eq!(tables, [Table::Errors, Table::Patterns, Table::PatternEvents]);
        assert_eq!(
            views.iter().map(|view| view.name).collect::<Vec<_>>(),
            ["pattern_aliases", "pattern_splits", "pattern_history", "pattern_report"]
        );
        assert_eq!(needed(&["errors", "nothing"]), (vec![Table::Errors], vec![]));
    }
}
