//! Repeats: texts that differ in numbers which nothing looks at share a grouping, and only those do.

use error_patterns::grouping::{Grouped, Grouper, GroupingConfig, group_parsed};
use error_patterns::model::RawException;
use error_patterns::{classify, parse};
use proptest::prelude::*;
use std::path::{Path, PathBuf};

fn inputs(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let entries = std::fs::read_dir(folder).expect("the folder is part of the crate");
    for entry in entries.map(|entry| entry.expect("the folder can be read").path()) {
        if entry.is_dir() {
            found.extend(inputs(&entry));
        } else if entry.extension().is_some_and(|extension| extension == "txt") {
            found.push(entry);
        }
    }
    found.sort();
    found
}

/// Every run of digits replaced by another number, as `state` has it; the same state gives the same text.
fn renumbered(text: &str, mut state: u64) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        let length = rest[at..].bytes().take_while(u8::is_ascii_digit).count();
        out.push_str(&rest[..at]);
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let number = state >> 33;
        match number % 4 {
            0 => out.push_str(&rest[at..at + length]),
            1 => out.push_str(&(number / 4 % 10).to_string()),
            2 => out.push_str(&(number / 4 % 1000).to_string()),
            _ => out.push_str(&(number / 4 % 1_000_000).to_string()),
        }
        rest = &rest[at + length..];
    }
    out.push_str(rest);
    out
}

fn group(grouper: &Grouper, text: &str, message: Option<&str>) -> Grouped {
    grouper.group(&RawException { stacktrace: Some(text), message, ..RawException::default() })
}

/// A shared grouping must be the one that each text has on its own.
fn check(shared: &Grouper, text: &str, message: Option<&str>) {
    let alone = Grouper::new(GroupingConfig { cache_entries_max: 0, ..GroupingConfig::default() });
    // What is seen for the first time is not kept yet.
    group(shared, text, message);
    let (found, expected) = (group(shared, text, message), group(&alone, text, message));
    // The small parts first: their difference can be read.
    assert_eq!(found.canonical, expected.canonical, "canonical form of {text}");
    assert_eq!(found.taxonomy, expected.taxonomy, "taxonomy of {text}");
    assert_eq!(found.canonical_message, expected.canonical_message, "message of {text}");
    assert!(*found == *expected, "grouping of {text}: {found:?}, not {expected:?}");
    assert_eq!(found.file_path, expected.file_path, "place of {text}");
    // Nor does it depend on frames whose origin nobody looked for.
    let raw = RawException { stacktrace: Some(text), message, ..RawException::default() };
    let parsed = parse(&raw);
    let whole = group_parsed(&raw, &parsed, classify(&raw, &parsed));
    assert_eq!(whole, *expected.grouping, "grouping of all of {text}");
}

#[test]
fn numbers_of_real_reports_change_nothing_that_is_shared() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let shared = Grouper::new(GroupingConfig { cache_entries_max: 1 << 20, ..GroupingConfig::default() });
    for path in inputs(&tests.join("inputs")).into_iter().chain(inputs(&tests.join("grouping"))) {
        let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
        let message = text.lines().last().unwrap_or_default();
        check(&shared, &text, None);
        for state in 1..60 {
            let text = renumbered(&text, state);
            check(&shared, &text, None);
            check(&shared, &text, Some(&renumbered(message, state)));
        }
    }
}

#[test]
fn shares_what_differs_in_lines_ids_and_addresses_only() {
    let python = |user: u32, line: u32, run: &str| {
        format!(
            "Traceback (most recent call last):\n  File \"/runs/{run}/main.py\", line {line}, in <module>\n    \
             load(order)\nValueError: order {user} of account 77{user} has no lines at 0x7f{user:010x}\n"
        )
    };
    let grouper = Grouper::new(GroupingConfig::default());
    let first = group(&grouper, &python(4711, 15, "20260102"), None);
    let one = group(&grouper, &python(4711, 12, "20260101"), None);
    let two = group(&grouper, &python(912_345, 7, "31"), None);
    let three = group(&grouper, &python(912_345, 7, "20261231"), None);
    assert!(std::sync::Arc::ptr_eq(&one.grouping, &three.grouping), "numbers, lines and addresses only");
    assert!(!std::sync::Arc::ptr_eq(&first.grouping, &one.grouping), "the first is not kept");
    assert!(!std::sync::Arc::ptr_eq(&one.grouping, &two.grouping), "a short number may be part of a name");
    assert_eq!(one.file_path.as_deref(), Some("/runs/20260101/main.py"));
    assert_eq!(three.file_path.as_deref(), Some("/runs/20261231/main.py"));
}

#[test]
fn keeps_apart_what_numbers_mean() {
    let grouper = Grouper::new(GroupingConfig::default());
    for (one, other) in [
        ("HTTPError: 404 Client Error: Not Found for url", "HTTPError: 500 Server Error: Internal for url"),
        ("Exited with code 137", "Exited with code 139"),
        ("OSError: [Errno 2] x", "OSError: [Errno 13] x"),
        ("status=404", "status=503"),
        ("got signal 9", "got signal 11"),
        ("handler_2.py failed", "handler_3.py failed"),
    ] {
        let (one, other) = (group(&grouper, one, None), group(&grouper, other, None));
        assert!(!std::sync::Arc::ptr_eq(&one.grouping, &other.grouping), "{:?}", one.canonical_message);
    }
}

proptest! {
    #[test]
    fn any_text_has_its_own_grouping(
        words in prop::collection::vec(
            prop_oneof![
                "[0-9]{1,7}", "line [0-9]{1,3}", "[a-z]{1,8}[:= (\\[/_.'\"-]{1,2}[0-9]{1,6}[:) '\"/._-]?",
                "0x[0-9a-f]{1,12}", "[a-z]{1,6}\n", "exit|status|Error|at|File", "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
            ],
            1..20,
        ),
        state in 1_u64..1000,
    ) {
        let shared = Grouper::new(GroupingConfig::default());
        let text = words.join(" ");
        check(&shared, &text, None);
        check(&shared, &renumbered(&text, state), None);
        check(&shared, &renumbered(&text, state + 1), None);
    }
}
