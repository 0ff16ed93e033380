//! What must hold for any input: the checks behind the fuzz targets, which `cargo test --no-default-features` runs over
//! the seeds.
//!
//! Each check panics where a property is broken. Inputs are bytes; what is not UTF-8 is replaced, as the processor does.

#![expect(clippy::missing_panics_doc, reason = "a check panics where a property is broken")]

use error_patterns::canonical::{Canonical, Comparable};
use error_patterns::classify::Classifier;
use error_patterns::explain::explain;
use error_patterns::frames::FrameRules;
use error_patterns::grouping::{Grouper, GroupingConfig, group_parsed};
use error_patterns::mask::{MaskConfig, MaskCounts, Masker};
use error_patterns::model::{Frame, Parsed, RawException, Runtime};
use error_patterns::rules::Rules;
use error_patterns::tokens::{Names, parameterize as with_placeholders, tokens};
use error_patterns::{ParseLimits, parse_within};
use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

/// Longest input that is read; longer ones only repeat what shorter ones show.
const INPUT_BYTES_MAX: usize = 64 * 1024;
const LANGUAGES: [&str; 22] = [
    "python", "javascript", "java", "shell", "go", "rust", "dotnet", "ruby", "php", "native", "r", "perl", "lua", "sql",
    "haskell", "ocaml", "erlang", "pascal", "fortran", "octave", "lisp", "",
];
const SAMPLE: &str = "java.lang.IllegalStateException: order 17 of ada@example.org failed\n\
                      \tat com.acme.Shop.load(Shop.java:12)\n\tat java.base/java.lang.Thread.run(Thread.java:840)\n";

fn text(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(&bytes[..bytes.len().min(INPUT_BYTES_MAX)])
}

fn raw<'a>(stacktrace: &'a str, language: &'a str) -> RawException<'a> {
    RawException {
        stacktrace: Some(stacktrace),
        language: Some(language).filter(|language| !language.is_empty()),
        ..RawException::default()
    }
}

/// A report with a client's hint.
pub fn parse(bytes: &[u8], language: &str) {
    let text = text(bytes);
    check_parsed(&raw(&text, language), text.len());
}

/// A report in one of the languages whose stacks are not read; its first byte tells which.
pub fn parse_others(bytes: &[u8]) {
    let (first, rest) = bytes.split_first().unwrap_or((&0, &[]));
    let others = &LANGUAGES[11..21];
    parse(rest, others[usize::from(*first) % others.len()]);
}

/// A report without a hint.
pub fn parse_any(bytes: &[u8]) {
    parse(bytes, "");
}

fn check_parsed(raw: &RawException<'_>, bytes: usize) {
    let limits = ParseLimits::default();
    let parsed = parse_within(raw, &limits);
    assert!(!parsed.exceptions.is_empty() && parsed.exceptions.len() <= limits.exceptions);
    for (i, exception) in parsed.exceptions.iter().enumerate() {
        assert_eq!(exception.parent.is_none(), i == 0, "only the reported exception has no parent");
        assert!(exception.parent.is_none_or(|parent| parent < parsed.exceptions.len()));
        assert!(exception.frames.len() <= limits.frames_inner + limits.frames_outer);
        // Joined lines gain at most a line's end each.
        for part in [&exception.error_type, &exception.message, &exception.code] {
            assert!(part.len() <= 2 * bytes + 64, "{} bytes of {bytes}", part.len());
        }
        for frame in &exception.frames {
            let source = frame.source.as_deref().unwrap_or_default();
            for part in [&frame.function, &frame.module, &frame.file, source] {
                assert!(part.len() <= bytes + 64, "{} bytes of {bytes}", part.len());
            }
        }
    }
    assert_eq!(shown(&parsed), shown(&parse_within(raw, &limits)));
    assert_eq!(shown(&parsed), shown(&parsed.clone().into_owned()));
}

fn shown(parsed: &Parsed<'_>) -> String {
    format!("{parsed:?}")
}

/// A snippet and the line that failed: its statement is read alike each time, and names are bounded.
pub fn snippet(bytes: &[u8]) {
    const LANGUAGES: [&str; 5] = ["python", "javascript", "typescript", "java", "shell"];
    let (&[first, line], rest) = bytes.split_first_chunk().unwrap_or((&[0, 0], &[]));
    let language = LANGUAGES[usize::from(first) % LANGUAGES.len()];
    let line = line % 32 + 1;
    let report = match language {
        "python" => format!("Traceback (most recent call last):\n  File \"<cell>\", line {line}, in <module>\nKeyError: 'k'"),
        "java" => format!("java.lang.NullPointerException: k\n\tat Main.main(Main.java:{line})"),
        "shell" => format!("main.sh: line {line}: cat: k"),
        "javascript" => format!("TypeError: k is not a function\n    at f (/app/main.js:{line}:{line})"),
        _ => format!("TypeError: k is not a function\n    at f (/app/main.ts:{line}:{line})"),
    };
    let text = text(rest);
    let raw = RawException { snippet: Some(&text), ..raw(&report, language) };
    let found = error_patterns::parse(&raw).ast;
    assert_eq!(found, error_patterns::parse(&raw).ast);
    if let Some(tags) = found {
        assert!(tags.call.iter().chain(&tags.import).all(|name| name.len() <= 256));
    }
}

/// Masking what is masked changes nothing; the text does not grow beyond its placeholders; counts agree with the text.
pub fn mask(bytes: &[u8]) {
    static MASKER: LazyLock<Masker> = LazyLock::new(|| Masker::new(MaskConfig::default()));
    let text = text(bytes);
    let mut counts = MaskCounts::default();
    let masked = MASKER.mask_counted(&text, &mut counts);
    assert!(masked.len() <= 16 * text.len() + 64);
    assert_eq!(MASKER.mask(&text), masked);
    assert_eq!(MASKER.mask(&masked), masked, "masking twice differs from masking once");
    if counts.total() == 0 {
        assert_eq!(text, masked, "nothing is counted, but the text differs");
    }
    let (key, value) = text.split_once('\0').unwrap_or(("authorization", &text));
    let value_masked = MASKER.mask_attribute(key, value).into_owned();
    assert_eq!(MASKER.mask_attribute(key, &value_masked), value_masked);
}

/// Placeholders and tokens are bounded and repeatable.
pub fn parameterize(bytes: &[u8]) {
    let text = text(bytes);
    for names in [Names::Keep, Names::Drop] {
        let done = with_placeholders(&text, names);
        assert_eq!(done, with_placeholders(&text, names));
        assert!(done.text.len() <= 16 * 1024, "{} bytes", done.text.len());
        assert!(done.keys.len() <= text.len() + 1);
        assert!(tokens(&done.text).all(|token| !token.is_empty()));
        assert!(tokens(&done.text).count() <= done.text.len());
    }
    assert!(tokens(&text).count() <= text.len());
}

/// Splits bytes into a language and up to four texts.
fn exception(bytes: &[u8]) -> (&'static str, [Option<String>; 4]) {
    let (&first, rest) = bytes.split_first().unwrap_or((&0, &[]));
    let text = text(rest).into_owned();
    let mut parts = text.splitn(4, '\0').map(str::to_owned);
    let parts = std::array::from_fn(|_| parts.next());
    (LANGUAGES[usize::from(first) % LANGUAGES.len()], parts)
}

fn with_parts<'a>(language: &'a str, parts: &'a [Option<String>; 4]) -> RawException<'a> {
    let [stacktrace, message, error_type, snippet] = parts;
    RawException {
        error_type: error_type.as_deref(),
        message: message.as_deref(),
        snippet: snippet.as_deref(),
        ..raw(stacktrace.as_deref().unwrap_or_default(), language)
    }
}

/// The taxonomy is repeatable, and the same for borrowed and owned texts.
pub fn classify(bytes: &[u8]) {
    let (language, parts) = exception(bytes);
    let raw = with_parts(language, &parts);
    let parsed = error_patterns::parse(&raw);
    let found = error_patterns::classify(&raw, &parsed);
    assert!((1..=5).contains(&found.severity));
    assert_eq!(found, error_patterns::classify(&raw, &parsed.into_owned()));
}

/// The same exception gives the same grouping, with and without a cache, whether all frames are looked at or not; its
/// canonical form survives a round trip.
pub fn group(bytes: &[u8]) {
    let (language, parts) = exception(bytes);
    let raw = with_parts(language, &parts);
    let config = GroupingConfig { cache_entries_max: 64, ..GroupingConfig::default() };
    let grouper = Grouper::new(config);
    let first = grouper.group(&raw);
    // The cache answers from the third time on.
    assert_eq!(first, grouper.group(&raw));
    assert_eq!(first, grouper.group(&raw));
    assert_eq!(first, Grouper::new(config).group(&raw));
    let parsed = error_patterns::parse(&raw);
    assert_eq!(*first, group_parsed(&raw, &parsed, error_patterns::classify(&raw, &parsed)));
    assert!(!first.hashes.is_empty() && first.hashes.len() <= 16, "{} hashes", first.hashes.len());
    assert!(!first.error_type.is_empty());
    assert!((1..=5).contains(&first.severity));
    assert_eq!(Canonical::parse(&first.canonical).text(), first.canonical);
    assert!(!explain(&raw, &first, None).to_string().is_empty());
}

/// Reading a canonical form and writing it is stable, and what is near to itself is the same.
pub fn canonical(bytes: &[u8]) {
    let text = text(bytes);
    let read = Canonical::parse(&text);
    let written = read.text();
    assert!(written.len() <= 4 * text.len() + 256);
    assert_eq!(Canonical::parse(&written).text(), written);
    let comparable = Comparable::of(&read);
    if !comparable.shingles.is_empty() {
        assert!((comparable.similarity(&comparable) - 1.0).abs() < 1e-9);
    }
}

/// Users' rules are refused with their problems, or do their work on an exception without a panic.
pub fn users_rules(bytes: &[u8]) {
    let text = text(bytes);
    match Rules::read(&text) {
        Ok(rules) => {
            let masker = Masker::with_rules(MaskConfig::default(), &rules);
            let masked = masker.mask(SAMPLE).into_owned();
            let grouper = Grouper::with_rules(GroupingConfig::default(), Arc::new(rules));
            let raw = raw(&masked, "java");
            assert_eq!(grouper.group(&raw), grouper.group(&raw));
        }
        Err(problems) => assert!(!problems.to_string().is_empty()),
    }
}

/// Taxonomy rules are refused with their problems, or classify an exception without a panic.
pub fn taxonomy_rules(bytes: &[u8]) {
    let text = text(bytes);
    match error_patterns::classify::built_in().with_rules_before("fuzz.toml", &text) {
        Ok(classifier) => {
            let raw = raw(SAMPLE, "java");
            let found = classifier.classify(&raw, &error_patterns::parse(&raw));
            assert!((1..=5).contains(&found.severity));
        }
        Err(problems) => assert!(!problems.to_string().is_empty()),
    }
    let _ = error_patterns::classify::built_in().check("fuzz.toml", &text);
    let _ = Classifier::of_files(&[("fuzz.toml", &text)]);
}

/// Frame rules are refused with a problem, or mark frames without a panic.
pub fn frame_rules(bytes: &[u8]) {
    let text = text(bytes);
    if let Ok(rules) = FrameRules::read(&text) {
        for runtime in [Runtime::Python, Runtime::Java, Runtime::Native, Runtime::Unknown] {
            let mut frames = [
                Frame { file: "/app/\u{e9}/main.py".into(), function: "f".into(), ..Frame::default() },
                Frame { module: "com.acme.Shop".into(), file: "Shop.java".into(), ..Frame::default() },
                Frame::default(),
            ];
            rules.assign(runtime, &mut frames);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    /// Runs a check over every file of a folder beside this crate; the folder must not be empty.
    fn over(folder: &str, check: impl Fn(&[u8])) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        let mut files = 0;
        for entry in std::fs::read_dir(&folder).expect("the folder is there") {
            let path = entry.expect("the folder is readable").path();
            if path.is_file() {
                check(&std::fs::read(&path).expect("a seed is readable"));
                files += 1;
            }
        }
        assert!(files > 0, "no seeds in {}", folder.display());
    }

    #[test]
    fn reports_keep_the_properties() {
        for language in LANGUAGES.into_iter().filter(|language| !language.is_empty()) {
            let folder = format!("../tests/inputs/{language}");
            over(&folder, |bytes| {
                parse(bytes, language);
                parse_any(bytes);
                mask(bytes);
                parameterize(bytes);
                classify(bytes);
                group(bytes);
            });
        }
    }

    #[test]
    fn seeds_keep_the_properties() {
        over("seeds/canonical", canonical);
        over("seeds/snippet", snippet);
        over("seeds/mask", mask);
        over("seeds/parameterize", parameterize);
        over("seeds/group", |bytes| {
            classify(bytes);
            group(bytes);
        });
        over("seeds/users_rules", users_rules);
        over("seeds/taxonomy_rules", taxonomy_rules);
        over("seeds/frame_rules", frame_rules);
    }
}
