//! Regular expressions and globs, compiled within bounds, with the literals that every match needs.

use super::PATTERN_BYTES_MAX;
use regex::{Regex, RegexBuilder};
use regex_syntax::hir::{Class, Hir, HirKind};
use std::fmt::Write as _;

/// Bytes that one compiled expression may take.
const COMPILED_BYTES_MAX: usize = 1024 * 1024;
/// Literals of one expression's alternatives that are searched for.
const LITERALS_MAX: usize = 64;
/// Shorter literals are in every text.
const LITERAL_BYTES_MIN: usize = 2;

/// A compiled expression.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    pub(super) regex: Regex,
    /// Lower-case texts of which each match holds at least one, whatever its case; `None` when there are no such.
    pub(super) required: Option<Vec<String>>,
}

/// What a glob's `*` stops at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Glob {
    /// A path: `*` and `?` stop at a slash, `**` does not; without a slash or `**` in front it may begin in any
    /// folder, and a slash at its end stands for all that is below.
    Path,
    /// A name: `*` stops at nothing.
    Name,
}

impl Pattern {
    /// Compiles a regular expression.
    pub(super) fn new(text: &str) -> Result<Self, String> {
        check_length(text)?;
        let regex = RegexBuilder::new(text)
            .size_limit(COMPILED_BYTES_MAX)
            .dfa_size_limit(COMPILED_BYTES_MAX)
            .build()
            .map_err(|problem| match problem {
                regex::Error::CompiledTooBig(_) => {
                    format!(
                        "the regular expression is too large when compiled, limit is {COMPILED_BYTES_MAX} bytes; \
                         a large bound such as {{1,1000}} is the usual reason"
                    )
                }
                other => format!("is not a regular expression: {}", last_line(&other.to_string())),
            })?;
        let required = regex_syntax::parse(text).ok().and_then(|hir| required(&hir));
        let required = required.filter(|list| list.iter().all(|word| word.len() >= LITERAL_BYTES_MIN));
        Ok(Self { regex, required })
    }

    /// Compiles a glob.
    pub(super) fn glob(text: &str, kind: Glob) -> Result<Self, String> {
        check_length(text)?;
        let mut out = String::from(r"(?s)\A");
        let anywhere = !text.starts_with(['/', '*', '<']) && text.as_bytes().get(1) != Some(&b':');
        if kind == Glob::Path && anywhere {
            out.push_str("(?:.*/)?");
        }
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            rest = &rest[c.len_utf8()..];
            match (c, kind) {
                ('*', Glob::Path) if rest.starts_with('*') => {
                    rest = rest.trim_start_matches('*');
                    out.push_str(".*");
                }
                ('*', Glob::Path) => out.push_str("[^/]*"),
                ('?', Glob::Path) => out.push_str("[^/]"),
                ('*', Glob::Name) => out.push_str(".*"),
                ('?', Glob::Name) => out.push('.'),
                (c, _) => out.push_str(&regex::escape(c.encode_utf8(&mut [0; 4]))),
            }
        }
        if kind == Glob::Path && text.ends_with('/') {
            out.push_str(".*");
        }
        let end = write!(out, r"\z");
        debug_assert!(end.is_ok(), "text grows in memory");
        // A glob of the longest length grows by escapes, so the length is not checked again.
        let regex = RegexBuilder::new(&out).size_limit(COMPILED_BYTES_MAX).build();
        let regex = regex.map_err(|_| "the glob is too large when compiled".to_owned())?;
        let required = regex_syntax::parse(&out).ok().and_then(|hir| required(&hir));
        let required = required.filter(|list| list.iter().all(|word| word.len() >= LITERAL_BYTES_MIN));
        Ok(Self { regex, required })
    }
}

pub(super) fn check_length(text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Err("is empty".to_owned());
    }
    if text.len() > PATTERN_BYTES_MAX {
        return Err(format!("has {} bytes, limit is {PATTERN_BYTES_MAX}", text.len()));
    }
    Ok(())
}

/// The line of a report that says what is wrong; those before it draw the place.
fn last_line(report: &str) -> &str {
    report.lines().last().unwrap_or_default().trim_start_matches("error: ")
}

/// Texts of which every match must hold one, in lower case: the longest that can be found.
fn required(hir: &Hir) -> Option<Vec<String>> {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) | HirKind::Class(_) => letters(hir).map(|text| vec![text]),
        HirKind::Literal(_) => letters(hir).map(|text| vec![text]),
        HirKind::Repetition(repetition) if repetition.min > 0 => required(&repetition.sub),
        HirKind::Repetition(_) => None,
        HirKind::Capture(capture) => required(&capture.sub),
        HirKind::Concat(parts) => {
            let mut best: Option<Vec<String>> = None;
            let mut run = String::new();
            for part in parts {
                if let Some(text) = letters(part) {
                    run.push_str(&text);
                    continue;
                }
                best = longer(best, (!run.is_empty()).then(|| vec![std::mem::take(&mut run)]));
                best = longer(best, required(part));
            }
            longer(best, (!run.is_empty()).then(|| vec![run]))
        }
        HirKind::Alternation(parts) => {
            let mut all = Vec::new();
            for part in parts {
                all.extend(required(part)?);
                if all.len() > LITERALS_MAX {
                    return None;
                }
            }
            Some(all)
        }
    }
}

/// The one text that an expression stands for, whatever its case.
fn letters(hir: &Hir) -> Option<String> {
    match hir.kind() {
        HirKind::Literal(literal) => {
            std::str::from_utf8(&literal.0).ok().map(str::to_ascii_lowercase).filter(|text| !text.is_empty())
        }
        HirKind::Capture(capture) => letters(&capture.sub),
        // `(?i)e` is the class of both cases. Letters with a third case outside ASCII (`k`, `s`) are not.
        HirKind::Class(Class::Unicode(class)) => {
            let mut chars = class.ranges().iter().filter(|range| range.start() == range.end());
            let (first, second) = (chars.next()?.start(), chars.next()?.start());
            let both = class.ranges().len() == 2 && first.is_ascii() && first.to_ascii_lowercase() == second;
            both.then(|| second.to_string())
        }
        _ => None,
    }
}

/// The set whose shortest text is longer.
fn longer(one: Option<Vec<String>>, other: Option<Vec<String>>) -> Option<Vec<String>> {
    let shortest = |list: &Option<Vec<String>>| {
        list.as_ref().and_then(|list| list.iter().map(String::len).min()).unwrap_or(0)
    };
    if shortest(&other) > shortest(&one) { other } else { one }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_every_match_needs() {
        let check = |text: &str, expected: &[&str]| {
            let required = Pattern::new(text).unwrap().required.unwrap_or_default();
            assert_eq!(required, expected, "{text}");
        };
        check(r"EMP-\d{6}", &["emp-"]);
        check(r"\d+ orders? failed", &[" failed"]);
        check(r"(?i)customer[ =:]+\w+", &["cu"].map(|_| "tomer"));
        check(r"(?:order|invoice)#(\d+)", &["order", "invoice"]);
        check(r"\b(?P<shard>shard-[a-z]+)\b", &["shard-"]);
        check(r"\d+", &[]);
        check(r"(abc)*", &[]);
        check(r"(?:abc|\d)x", &[]);
        check(r"(?:ab){2,}", &["ab"]);
    }

    #[test]
    fn globs_fit_like_paths_and_names() {
        let check = |glob: &str, kind: Glob, value: &str, expected: bool| {
            let pattern = Pattern::glob(glob, kind).unwrap();
            assert_eq!(pattern.regex.is_match(value), expected, "{glob} {value}");
            // The literals never leave a match out.
            let lower = value.to_ascii_lowercase();
            let held = pattern.required.is_none_or(|list| list.iter().any(|word| lower.contains(word)));
            assert!(held || !expected, "{glob} {value}");
        };
        check("judge/*.py", Glob::Path, "/srv/judge/run.py", true);
        check("judge/*.py", Glob::Path, "/srv/judge/a/run.py", false);
        check("judge/**.py", Glob::Path, "/srv/judge/a/run.py", true);
        check("judge/*.py", Glob::Path, "/srv/prejudge/run.py", false);
        check("/srv/judge/", Glob::Path, "/srv/judge/a/run.py", true);
        check("/home/*/work/**", Glob::Path, "/home/<user>/work/x.py", true);
        check("main.py", Glob::Path, "main.py", true);
        check("C:/work/*", Glob::Path, "C:/work/a.py", true);
        check("<stdin>", Glob::Path, "<stdin>", true);
        check("a.b*", Glob::Path, "axb", false);
        check("com.acme.*", Glob::Name, "com.acme.shop.Cart", true);
        check("run_?*", Glob::Name, "run_", false);
        check("*Error", Glob::Name, "ShopError", true);
    }

    #[test]
    fn refuses_what_is_too_large() {
        let of = |text: &str| Pattern::new(text).unwrap_err();
        assert!(of(r"\w{1,500}\pL{500}").contains("too large when compiled"));
        assert_eq!(of("a(b"), "is not a regular expression: unclosed group");
        assert_eq!(of(&"a".repeat(2000)), "has 2000 bytes, limit is 1024");
    }
}
