//! Real failures: which of them share a pattern, and what is said of why.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use error_patterns::canonical::{Canonical, Comparable};
use error_patterns::explain::explain;
use error_patterns::grouping::{Grouper, GroupingConfig};
use error_patterns::mask::Masker;
use error_patterns::model::RawException;
use error_patterns::store::{PatternStore, StoreConfig};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Causes and the texts of their variants.
fn cases() -> BTreeMap<String, Vec<(String, String)>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/grouping");
    let mut cases: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let Some((cause, variant)) = name.split_once('.') else { continue };
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(!text.trim().is_empty(), "{name} is empty");
        cases.entry(cause.to_owned()).or_default().push((variant.to_owned(), text));
    }
    for variants in cases.values_mut() {
        variants.sort();
    }
    cases
}

fn raw(text: &str) -> RawException<'_> {
    RawException { stacktrace: Some(text), ..RawException::default() }
}

#[test]
fn one_cause_is_one_pattern() {
    let grouper = Grouper::new(GroupingConfig::default());
    let mut store = PatternStore::new(StoreConfig::default());
    let mut owners = BTreeMap::new();
    let mut faults = Vec::new();
    for (cause, variants) in cases() {
        let mut first = None;
        for (variant, text) in variants {
            let grouping = grouper.group(&raw(&Masker::default().mask(&text)));
            let pattern = store.assign(&grouping, 0).pattern_id;
            if *first.get_or_insert(pattern) != pattern {
                faults.push(format!("{cause}.{variant} is split off:\n{}", grouping.canonical));
            }
            let owner = owners.entry(pattern).or_insert_with(|| cause.clone());
            if *owner != cause {
                faults.push(format!("{cause}.{variant} is merged with {owner}:\n{}", grouping.canonical));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn explanations() {
    let grouper = Grouper::new(GroupingConfig::default());
    let mut text = String::new();
    for (cause, variants) in cases() {
        let masked = Masker::default().mask(&variants[0].1).into_owned();
        let grouping = grouper.group(&raw(&masked));
        let mut store = PatternStore::new(StoreConfig::default());
        let assignment = store.assign(&grouping, 0);
        let mut explanation = explain(&raw(&masked), &grouping, Some(&assignment));
        // Taxonomy rules are data with their own tests.
        explanation.taxonomy.truncate(1);
        text += &format!("==== {cause}\n{explanation}\n");
    }
    insta::assert_snapshot!(text);
}

/// What decides the grouping of each of the parsers' input files.
#[test]
fn inputs() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/inputs");
    let mut files: Vec<PathBuf> = Vec::new();
    for runtime in std::fs::read_dir(&folder).unwrap() {
        files.extend(std::fs::read_dir(runtime.unwrap().path()).unwrap().map(|file| file.unwrap().path()));
    }
    files.sort();
    let grouper = Grouper::new(GroupingConfig::default());
    let mut text = String::new();
    for file in files {
        let report = String::from_utf8_lossy(&std::fs::read(&file).unwrap()).into_owned();
        let grouping = grouper.group(&raw(&Masker::default().mask(&report)));
        let name = file.strip_prefix(&folder).unwrap().with_extension("");
        let decides = grouping.canonical.lines().skip(1).collect::<Vec<_>>().join(" | ");
        text += &format!("{}: {decides}\n", name.display());
    }
    insta::assert_snapshot!(text);
}

/// What decides stands at the end of what a program printed, however much is before it, or at the beginning.
#[test]
fn a_report_counts_beside_any_amount_of_other_output() {
    let grouper = Grouper::new(GroupingConfig::default());
    let report = "Traceback (most recent call last):\n  File \"main.py\", line 2, in <module>\n    1 / 0\nZeroDivisionError: division by zero\n";
    let alone = grouper.group(&raw(report));
    for lines in [100, 6_000, 30_000] {
        let noise = "step done, nothing to see in it so far\n".repeat(lines);
        for text in [format!("{noise}{report}"), format!("{report}{noise}")] {
            let grouped = grouper.group(&raw(&text));
            assert_eq!(
                (&*grouped.error_type, grouped.fingerprint),
                ("ZeroDivisionError", alone.fingerprint),
                "{lines}"
            );
        }
    }
}

/// From the third time on a text is answered from the cache, with the same grouping.
#[test]
fn repeats_are_answered_alike() {
    let grouper = Grouper::new(GroupingConfig::default());
    for (variant, text) in cases().into_values().flatten() {
        let first = grouper.group(&raw(&text));
        let once = grouper.group(&raw(&text));
        let again = grouper.group(&raw(&text));
        assert!(std::sync::Arc::ptr_eq(&once.grouping, &again.grouping), "{variant}");
        let fresh = Grouper::new(GroupingConfig { cache_entries_max: 0, ..GroupingConfig::default() });
        assert_eq!(*fresh.group(&raw(&text)), *once);
        assert_eq!(first, once);
    }
}

/// Texts like reports, cut and mixed up.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[ -~]{0,12}",
        "\\PC{0,6}",
        prop::sample::select(vec![
            "Traceback (most recent call last):\n",
            "  File \"/srv/app/a.py\", line 3, in f\n    x = y[1]\n",
            "  File \"<stdin>\", line 1, in <module>\n",
            "\n\nThe above exception was the direct cause of the following exception:\n\n",
            "KeyError: 'a'\n",
            "TypeError: Cannot read properties of undefined (reading 'x')\n",
            "    at f (/app/node_modules/x/y.js:1:2)\n",
            "    at Object.<anonymous> (/tmp/a.js:1:2)\n",
            "java.lang.IllegalStateException: bad\n",
            "\tat com.acme.Shop.sell(Shop.java:12)\n",
            "Caused by: java.lang.NullPointerException\n",
            "\t... 12 more\n",
            "bash: line 1: x: command not found\n",
            "\u{1b}[31m",
            "status code 404",
            "\r\n",
            "\n",
        ])
        .prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..16).prop_map(|pieces| pieces.concat())
}

/// The path ends where a package's name would stand.
#[test]
fn a_folder_of_packages_alone_is_no_package() {
    for folder in ["node_modules", "node_modules\u{e9}"] {
        let stack = format!(
            "TypeError: x\n    at f (/srv/a.js:1:2)\n    at <anonymous> (/srv/a.js:3:4)\n    \
             at g (node:internal/{folder}:5:6)\n"
        );
        let exception = RawException { stacktrace: Some(&stack), ..RawException::default() };
        let grouping = Grouper::new(GroupingConfig::default()).group(&exception);
        assert!(grouping.canonical.contains("runtime javascript"), "{}", grouping.canonical);
    }
}

/// A stack that names no entry is an application's by its file's name; where the client sent the whole program, it is not.
#[test]
fn a_program_that_was_sent_as_a_whole_is_one_users_own() {
    let stack = "CommanderError: error: unknown option '--ridge'\n    \
                 at Command._exit (/app/src/node_modules/commander/lib/command.js:535:26)\n    \
                 at reconcile (/app/src/train.js:3:33)\n    at buildReport (/app/src/train.js:7:16)\n    \
                 at process.processTicksAndRejections (node:internal/process/task_queues:103:5)\n";
    let program = "const { Command } = require('commander');\nfunction reconcile() {\n  new \
                   Command().parse(['--ridge']);\n}\nasync function buildReport() {\n  await null;\n  return \
                   reconcile();\n}\nbuildReport();\n";
    let group = |snippet| {
        let exception = RawException { stacktrace: Some(stack), snippet, ..RawException::default() };
        Grouper::new(GroupingConfig::default()).group(&exception).canonical.to_string()
    };
    assert!(group(Some(program)).contains("basis library\nframe commander"), "{}", group(Some(program)));
    // Lines around the failure, code of another file, nothing.
    let excerpt = program.lines().take(4).collect::<Vec<_>>().join("\n");
    let other = program.replace("reconcile", "other");
    for snippet in [Some(&*excerpt), Some(&*other), None] {
        assert!(group(snippet).contains("basis application"), "{snippet:?}: {}", group(snippet));
    }
}

proptest! {
    /// Any text has one grouping, whose stored form compares as the grouping itself does.
    #[test]
    fn any_text_is_grouped(stack in hostile(), message in hostile(), error_type in "\\PC{0,12}|[A-Z][a-z]{2,6}Error|a\nb") {
        let exception = RawException {
            error_type: Some(&error_type),
            message: Some(&message),
            stacktrace: Some(&stack),
            ..RawException::default()
        };
        let grouper = Grouper::new(GroupingConfig { cache_entries_max: 0, ..GroupingConfig::default() });
        let grouping = grouper.group(&exception);
        prop_assert_eq!(&*grouper.group(&exception), &*grouping);
        prop_assert!((1..=5).contains(&grouping.severity) && !grouping.error_type.is_empty());
        let stored = Canonical::parse(&grouping.canonical);
        prop_assert_eq!(stored.text(), grouping.canonical.clone());
        prop_assert_eq!(Comparable::of(&stored).minima.signature(), grouping.signature);
        let mut store = PatternStore::new(StoreConfig::default());
        let assignment = store.assign(&grouping, 0);
        prop_assert_eq!(store.lookup(&grouping.hashes), Some(assignment.pattern_id));
        prop_assert!(!explain(&exception, &grouping, Some(&assignment)).to_string().is_empty());
    }
}
