//! The programs that the demo runs: their sources and what each is there to show.
//!
//! Each fault comes in several programs, as different people would have written them. No program writes
//! a file, uses a package from outside its runtime, or reaches further than a closed port on loopback.
//! What a program prints is never kept here: every report comes from a real run.

use std::fmt;

/// The language of a program, which decides who runs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub(crate) enum Language {
    Python,
    Node,
    Java,
    Bash,
}

impl Language {
    /// All languages, in the order they are listed.
    pub(super) const ALL: [Self; 4] = [Self::Python, Self::Node, Self::Java, Self::Bash];

    /// The value of `exec.language`.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Python => "python",
            Self::Node => "javascript",
            Self::Java => "java",
            Self::Bash => "bash",
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One program.
#[derive(Debug)]
pub(super) struct Program {
    pub(super) language: Language,
    /// Folder of the language and file name: `python/load_orders.py`.
    path: &'static str,
    pub(super) source: &'static str,
    /// The value of `exec.kind`, one of the known kinds.
    pub(super) kind: &'static str,
    /// What goes wrong, the same text for all variants in one language; `None` for a program that ends well.
    pub(super) fault: Option<&'static str>,
}

impl Program {
    /// The name the program's author gave the file.
    pub(super) fn file_name(&self) -> &'static str {
        self.path.split_once('/').map_or(self.path, |(_, name)| name)
    }
}

macro_rules! program {
    ($language:ident, $path:literal, $kind:literal, $fault:expr) => {
        Program {
            language: Language::$language,
            path: $path,
            source: include_str!(concat!("programs/", $path)),
            kind: $kind,
            fault: $fault,
        }
    };
}

/// All programs.
pub(super) const PROGRAMS: &[Program] = &[
    // python: missing-module
    program!(Python, "python/price_features.py", "import_module", Some("missing-module")),
    program!(Python, "python/churn_model.py", "import_module", Some("missing-module")),
    program!(Python, "python/notebook_setup.py", "import_module", Some("missing-module")),
    // python: missing-key
    program!(Python, "python/basket_total.py", "run_code", Some("missing-key")),
    program!(Python, "python/invoice_sum.py", "run_code", Some("missing-key")),
    program!(Python, "python/account_lookup.py", "run_code", Some("missing-key")),
    // python: missing-file
    program!(Python, "python/load_orders.py", "run_code", Some("missing-file")),
    program!(Python, "python/read_sensor_log.py", "run_code", Some("missing-file")),
    program!(Python, "python/merge_reports.py", "run_code", Some("missing-file")),
    // python: connection-refused
    program!(Python, "python/fetch_rates.py", "run_code", Some("connection-refused")),
    program!(Python, "python/push_metrics.py", "run_code", Some("connection-refused")),
    // python: malformed-json
    program!(Python, "python/parse_webhook.py", "run_code", Some("malformed-json")),
    program!(Python, "python/read_settings.py", "run_code", Some("malformed-json")),
    program!(Python, "python/agent_reply.py", "run_code", Some("malformed-json")),
    // python: absent-value
    program!(Python, "python/average_score.py", "run_cell", Some("absent-value")),
    program!(Python, "python/shipping_cost.py", "run_cell", Some("absent-value")),
    // python: wrapped-conversion
    program!(Python, "python/import_contacts.py", "run_code", Some("wrapped-conversion")),
    program!(Python, "python/parse_temperatures.py", "run_code", Some("wrapped-conversion")),
    // python: syntax
    program!(Python, "python/quick_filter.py", "run_code", Some("syntax")),
    program!(Python, "python/histogram.py", "run_code", Some("syntax")),
    // python: failed-assertion
    program!(Python, "python/test_discount.py", "run_tests", Some("failed-assertion")),
    program!(Python, "python/test_slug.py", "run_tests", Some("failed-assertion")),
    // python: missing-table
    program!(Python, "python/top_customers.py", "run_code", Some("missing-table")),
    program!(Python, "python/stock_report.py", "run_code", Some("missing-table")),
    // python: these end well
    program!(Python, "python/word_count.py", "run_code", None),
    program!(Python, "python/monthly_sales.py", "run_cell", None),
    program!(Python, "python/primes.py", "run_code", None),
    program!(Python, "python/inventory_db.py", "run_code", None),
    program!(Python, "python/test_interval.py", "run_tests", None),
    program!(Python, "python/clean_names.py", "run_cell", None),
    // node: absent-property
    program!(Node, "node/cart_total.js", "run_code", Some("absent-property")),
    program!(Node, "node/user_badge.js", "run_code", Some("absent-property")),
    program!(Node, "node/weather_card.js", "run_code", Some("absent-property")),
    // node: malformed-json
    program!(Node, "node/parse_feed.js", "run_code", Some("malformed-json")),
    program!(Node, "node/read_manifest.js", "run_code", Some("malformed-json")),
    // node: missing-module
    program!(Node, "node/resize_images.js", "import_module", Some("missing-module")),
    program!(Node, "node/send_digest.js", "import_module", Some("missing-module")),
    // node: connection-refused
    program!(Node, "node/ping_backend.js", "run_code", Some("connection-refused")),
    program!(Node, "node/warm_cache.js", "run_code", Some("connection-refused")),
    // node: wrapped-cause
    program!(Node, "node/save_order.js", "run_code", Some("wrapped-cause")),
    program!(Node, "node/publish_page.js", "run_code", Some("wrapped-cause")),
    // node: these end well
    program!(Node, "node/group_by_day.js", "run_code", None),
    program!(Node, "node/format_table.js", "run_code", None),
    program!(Node, "node/debounce.js", "run_code", None),
    // java: absent-value
    program!(Java, "java/InvoicePrinter.java", "run_code", Some("absent-value")),
    program!(Java, "java/SeatPlan.java", "run_code", Some("absent-value")),
    // java: number-format
    program!(Java, "java/ReadQuantities.java", "run_code", Some("number-format")),
    program!(Java, "java/PortConfig.java", "run_code", Some("number-format")),
    // java: wrapped-missing-file
    program!(Java, "java/LoadLedger.java", "run_code", Some("wrapped-missing-file")),
    program!(Java, "java/ImportPhotos.java", "run_code", Some("wrapped-missing-file")),
    // java: unknown-symbol
    program!(Java, "java/GradeBook.java", "compile", Some("unknown-symbol")),
    program!(Java, "java/LeapYear.java", "compile", Some("unknown-symbol")),
    // java: these end well
    program!(Java, "java/Fibonacci.java", "run_code", None),
    // bash: command-not-found
    program!(Bash, "bash/deploy_site.sh", "run_command", Some("command-not-found")),
    program!(Bash, "bash/convert_audio.sh", "run_command", Some("command-not-found")),
    // bash: unset-variable
    program!(Bash, "bash/backup.sh", "run_command", Some("unset-variable")),
    program!(Bash, "bash/release_notes.sh", "run_command", Some("unset-variable")),
    // bash: missing-file
    program!(Bash, "bash/rotate_logs.sh", "run_command", Some("missing-file")),
    program!(Bash, "bash/nightly_count.sh", "run_command", Some("missing-file")),
    // bash: syntax
    program!(Bash, "bash/cleanup.sh", "run_command", Some("syntax")),
    // bash: these end well
    program!(Bash, "bash/disk_report.sh", "run_command", None),
    program!(Bash, "bash/make_slug.sh", "run_command", None),
    program!(Bash, "bash/check_args.sh", "run_command", None),
];

/// Number of distinct faults among `programs`.
pub(super) fn fault_count<'a>(programs: impl IntoIterator<Item = &'a Program>) -> usize {
    let mut faults: Vec<_> =
        programs.into_iter().filter_map(|program| Some((program.language, program.fault?))).collect();
    faults.sort_unstable();
    faults.dedup();
    faults.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};

    #[test]
    fn faults_come_in_variants() {
        let mut variants: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        for program in PROGRAMS {
            if let Some(fault) = program.fault {
                variants.entry((program.language, fault)).or_default().insert(program.source);
            }
        }
        assert_eq!(variants.len(), 23);
        assert_eq!(fault_count(PROGRAMS), 23);
        let single: Vec<_> =
            variants.iter().filter(|(_, sources)| sources.len() < 2).map(|(key, _)| key.1).collect();
        assert_eq!(single, ["syntax"], "only bash's syntax fault has one variant");
        assert_eq!(PROGRAMS.iter().filter(|program| program.fault.is_some()).count(), 50);
    }

    #[test]
    fn kinds_are_known_and_files_listed_once() {
        let mut paths = BTreeSet::new();
        for program in PROGRAMS {
            assert!(schemas::attributes::KNOWN_EXEC_KINDS.contains(&program.kind), "{}", program.path);
            assert!(paths.insert(program.path), "{} is listed twice", program.path);
            assert!(program.source.is_ascii(), "{}", program.path);
        }
    }

    #[test]
    fn every_file_is_listed() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/demo/programs");
        let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let count: usize = files.map(|language| std::fs::read_dir(language).unwrap().count()).sum();
        assert_eq!(count, PROGRAMS.len());
    }
}
