//! What users' rules cost: groups and masks the rows of a file with no rules, with a rules file, and with a full one
//! (256 rules a section, made up, that fit nothing), and prints microseconds per exception. No cache, one core.
//!
//! `cargo run --release -p error-patterns --example rules_cost -- RULES.toml ROWS.jsonl`

#![expect(clippy::print_stdout, reason = "a command-line tool answers on its output")]

use error_patterns::grouping::{Grouper, GroupingConfig};
use error_patterns::mask::{MaskConfig, Masker};
use error_patterns::model::RawException;
use error_patterns::rules::{RULES_MAX, Rules};
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Instant;

const ROUNDS: usize = 5;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let mut file =
        || std::fs::read_to_string(arguments.next().expect("two files are named")).expect("is readable");
    let (rules, rows) = (file(), file());
    let rows: Vec<serde_json::Value> =
        rows.lines().map(|line| serde_json::from_str(line).expect("each line is a JSON object")).collect();
    let sets = [("no rules", String::new()), ("the file", rules), ("256 a section", full())];
    for (name, text) in sets {
        let started = Instant::now();
        let rules = Arc::new(Rules::read(&text).expect("the rules are valid"));
        let read = started.elapsed();
        let masker = Masker::with_rules(MaskConfig::default(), &rules);
        let config = GroupingConfig { cache_entries_max: 0, ..GroupingConfig::default() };
        let grouper = Grouper::with_rules(config, Arc::clone(&rules));
        let (mut masking, mut grouping, mut acted) = (f64::MAX, f64::MAX, 0);
        for _ in 0..ROUNDS {
            let (masked, mask_took) =
                timed(|| rows.iter().map(|row| Masked::of(row, &masker)).collect::<Vec<_>>());
            let of = |row: &Masked| usize::from(!grouper.group(&row.raw()).rules_applied.is_empty());
            let (fits, group_took) = timed(|| masked.iter().map(of).sum::<usize>());
            masking = masking.min(mask_took);
            grouping = grouping.min(group_took);
            acted = fits;
        }
        let each = 1e6 / rows.len().max(1) as f64;
        println!(
            "{name}: mask {:.2} us, group {:.2} us an exception; rules acted on {acted} of {}; read in {read:.1?}",
            masking * each,
            grouping * each,
            rows.len()
        );
    }
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let started = Instant::now();
    let done = work();
    (done, started.elapsed().as_secs_f64())
}

struct Masked {
    texts: [Option<String>; 4],
}

impl Masked {
    fn of(row: &serde_json::Value, masker: &Masker) -> Self {
        let text = |key: &str| Some(masker.mask(row.get(key)?.as_str()?).into_owned());
        Self { texts: [text("type"), text("message"), text("stacktrace"), text("lang")] }
    }

    fn raw(&self) -> RawException<'_> {
        let [error_type, message, stacktrace, language] = &self.texts;
        RawException {
            error_type: error_type.as_deref(),
            message: message.as_deref(),
            stacktrace: stacktrace.as_deref(),
            language: language.as_deref(),
            ..RawException::default()
        }
    }
}

/// As many rules as there may be.
fn full() -> String {
    let mut text = String::new();
    for n in 0..RULES_MAX {
        let rules = format!(
            "[[fingerprint]]\ntype = 'Shop{n}*'\nmessage_matches = 'shelf{n}-(\\d+)'\nfile = 'shop{n}/**'\nfingerprint = 'x'\n\
             [[frame]]\nfile = 'vendor{n}/*.py'\nmodule = 'com.vendor{n}.*'\norigin = 'library'\n\
             [[message]]\nmatches = 'order{n}-\\w+'\nreplace = '<order>'\n\
             [[mask]]\nmatches = '(?i)badge{n}[-_]\\d+'\nreplace = '<badge>'\n\
             [[taxonomy]]\nruntime = 'python'\ntype = ['Vendor{n}Error']\ncause = 'PathIssue'\n"
        );
        writeln!(text, "{rules}").expect("text grows in memory");
    }
    text
}
