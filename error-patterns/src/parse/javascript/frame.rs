//! One line of a JavaScript stack.

use super::super::located;
use super::super::text::tail::Tail;
use super::super::text::{has_pair, split_location, split_owner, trim, trim_end, trim_start};
use super::super::usual::{Usual, UsualLine};
use crate::bytes::{first, has_any, last_before};
use crate::model::Frame;
use fearless_simd::Simd;
use std::borrow::Cow;

/// `    at f (file:1:2)` and no more: what most lines are, for which [`v8_frame`] would say the same.
pub(super) struct V8Line;

impl UsualLine for V8Line {
    #[inline(always)]
    fn read<S: Simd>(simd: S, tail: Tail<'_>) -> Option<Usual<'_>> {
        const START: &str = "    at ";
        let bracketed = tail.bracketed(simd, tail.line.strip_prefix(START)?)?;
        let function = bracketed.before.strip_suffix(' ')?;
        let (Some(0x21..=0x7e), Some(0x21..=0x7e)) =
            (function.as_bytes().first(), function.as_bytes().last())
        else {
            return None;
        };
        let place = bracketed.place;
        let is_other = match place.as_bytes().first() {
            Some(b'<' | b'[' | b'u') => true,
            Some(b'e') => place.starts_with("eval at "),
            Some(b'i') => place.starts_with("index "),
            Some(b'n') => place.starts_with("native"),
            _ => false,
        };
        if is_other {
            return None;
        }
        let (file, line, column) = tail.location(place)?;
        // Most names are one word.
        let (module, function) = match bracketed.has_any_before_last(*b" .") {
            true => split_owner(function_words(function)),
            false => ("", function),
        };
        if module.is_empty() && function.is_empty() {
            return None;
        }
        Some(Usual { module, function, file, line, column: Some(column) })
    }
}

/// `at f (file:1:2)`, `at async X.y [as z] (file:1:2)`, `at new X (..)`, `at file:1:2`, `at f (<anonymous>)`.
#[inline(never)]
pub(super) fn v8_frame(line: &str) -> Option<Frame<'_>> {
    let rest = line.strip_prefix("    at ").or_else(|| trim_start(line).strip_prefix("at "))?;
    let Some(body) = rest.strip_suffix(')') else { return v8_frame_open(rest) };
    v8_call(body)
}

/// A line that does not end in a bracket: one that more follows, or a place alone.
#[inline(never)]
fn v8_frame_open(rest: &str) -> Option<Frame<'_>> {
    let mut rest = trim_end(rest);
    while let Some(listed) = rest.strip_suffix(',') {
        rest = listed;
    }
    let rest = rest.strip_suffix(" {").unwrap_or(rest);
    match rest.strip_suffix(')') {
        Some(body) => v8_call(body),
        None => bare_place(rest.strip_prefix("async ").unwrap_or(rest)),
    }
}

/// `f (file:1:2` without the last bracket.
#[inline(always)]
fn v8_call(body: &str) -> Option<Frame<'_>> {
    let open = place_start(body)?;
    let (before, place) = (&body[..open], &body[open + 1..]);
    if !before.ends_with(' ') && open != 0 {
        return None;
    }
    let function = trim_end(before);
    // Most names are one word.
    let (module, name) = match has_any(function.as_bytes(), *b" .") {
        true => split_owner(function_words(function)),
        false => ("", trim(function)),
    };
    let is_anonymous = name.is_empty() && module.is_empty();
    frame_at((module, if is_anonymous { "<anonymous>" } else { name }), place)
}

/// Position of the bracket that opens the place: `eval at f (..), <anonymous>:1:2` has brackets of its own.
#[inline]
fn place_start(body: &str) -> Option<usize> {
    let (open, is_closed) = last_before(body.as_bytes(), b'(', b')')?;
    // Only a place of `eval` goes on behind a bracket that is closed again.
    if !is_closed {
        return Some(open);
    }
    Some(body.find("(eval at ").unwrap_or(open))
}

/// A function's name without `async`, `new`, and `[as alias]`.
fn function_words(function: &str) -> &str {
    let mut name = trim(function);
    if first(name.as_bytes(), b' ').is_none() {
        return name;
    }
    for word in ["async ", "new ", "get ", "set "] {
        name = name.strip_prefix(word).unwrap_or(name);
    }
    if !name.ends_with(']') {
        return name;
    }
    let mut aliases = memchr::memchr_iter(b'[', name.as_bytes()).filter_map(|at| at.checked_sub(1));
    match aliases.find(|at| name.as_bytes()[*at..].starts_with(b" [as ")) {
        Some(at) => &name[..at],
        None => name,
    }
}

/// A place without a function; a bare word is no place.
fn bare_place(place: &str) -> Option<Frame<'_>> {
    let (file, line, column) = split_location(place);
    // Log prefixes and prose have spaces behind a colon.
    if file.is_empty() || column.is_none() || first(file.as_bytes(), b'(').is_some() || has_pair(file, *b": ")
    {
        return None;
    }
    Some(located("<anonymous>", file, line, column))
}

/// The frame of a function, given as owner and name, at a place.
#[inline(always)]
fn frame_at<'a>((module, name): (&'a str, &'a str), place: &'a str) -> Option<Frame<'a>> {
    let place = place
        .strip_prefix("eval at ")
        .map_or(place, |nested| nested.rsplit_once("), ").map_or(place, |p| p.1));
    let (file, line, column) = split_location(place);
    let builtin = matches!(place.as_bytes().first(), Some(b'<' | b'n' | b'u' | b'[' | b'i'))
        && (matches!(place, "<anonymous>" | "native" | "unknown location" | "[native code]")
            || place.starts_with("index ")
            || place.starts_with("native "));
    if builtin {
        let frame = located(name, "<anonymous>", None, None);
        return Some(Frame { module: Cow::Borrowed(module), ..frame });
    }
    let scripted = column.is_some() || line.is_some() && (file.starts_with("node:") || file.ends_with("js"));
    if file.is_empty() || !scripted {
        return None;
    }
    Some(Frame { module: Cow::Borrowed(module), ..located(name, file, line, column) })
}

/// `f@https://host/a.js:1:2`, `@file:1:2`, `f@[native code]`.
pub(super) fn gecko_frame(line: &str) -> Option<Frame<'_>> {
    let line = line.trim();
    let (function, place) = line.rsplit_once('@')?;
    if function.contains(' ') && !matches!(function, "global code" | "eval code" | "module code") {
        return None;
    }
    let function = function.trim_end_matches(['/', '<']);
    let function = function.strip_prefix("async*").unwrap_or(function);
    let name = if function.is_empty() { "<anonymous>" } else { function };
    if place == "[native code]" {
        return frame_at(split_owner(name), place);
    }
    let (file, line, column) = split_location(place);
    let plausible = file.contains("://") || file.contains(['/', '\\']) || file.ends_with("js");
    if !plausible || column.is_none() || file.contains(' ') && !file.contains("://") {
        return None;
    }
    let (module, name) = split_owner(name);
    Some(Frame { module: Cow::Borrowed(module), ..located(name, file, line, column) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::usual;
    use proptest::prelude::*;

    #[test]
    fn a_function_of_no_name_is_anonymous() {
        let line = "    at async  [as a] (x.js:1:2)";
        assert_eq!(usual::shown::<V8Line>(line), None);
        assert_eq!(v8_frame(line).unwrap().function, "<anonymous>");
    }

    proptest! {
        #[test]
        fn usual_lines_are_read_alike(
            line in r"    at (async |new |[a-zA-Z.<>]{0,20} ?){0,3}( \[as [a-z]{1,4}\])?[ (.\t)]{0,2}[a-z/.:]{0,40}(:[0-9]{1,8}){0,2}\)?\)",
        ) {
            if let Some(found) = usual::shown::<V8Line>(&line) {
                prop_assert_eq!(format!("{:?}", v8_frame(&line)), format!("Some({found})"));
            }
        }
    }
}
