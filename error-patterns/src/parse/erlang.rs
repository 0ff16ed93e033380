//! Erlang and Elixir: `** (KeyError) key :name not found`, `exception error: ...` of escript and of the shell, exit terms
//! like `{badarith,[...]}`, and what their compilers say.

use super::text::{Text, number, trim};
use super::{Outcome, frameless};

/// What Erlang prints for people of an error's term.
const SPOKEN: &[(&str, &str)] = &[
    ("an error occurred when evaluating an arithmetic expression", "badarith"),
    ("no match of right hand side value", "badmatch"),
    ("no function clause matching", "function_clause"),
    ("no case clause matching", "case_clause"),
    ("no true branch found when evaluating an if expression", "if_clause"),
    ("undefined function", "undef"),
    ("bad argument", "badarg"),
    ("bad function", "badfun"),
    ("bad key", "badkey"),
    ("bad map", "badmap"),
    ("interpreted function with arity", "badarity"),
];
/// What stands before a term.
const TERMS: &[&str] =
    &["exception error: ", "exception exit: ", "init terminating in do_boot (", "exit value: ", "reason: "];

/// What one of is in each of its reports.
pub(super) const MARKS: &[&str] =
    &["** (", "exception e", "init terminating in do_boot", "exit value: ", "reason: {", ".erl:"];

/// Parses an uncaught exception or a diagnostic; `None` when no line is of that form.
pub(super) fn parse<'a>(text: &Text<'a>) -> Option<Outcome<'a>> {
    if text.has("** (")
        && let Some((error_type, message)) = elixir(text)
    {
        return Some(frameless(error_type, message));
    }
    let erlang = ["exception e", "init terminating in do_boot", "exit value: ", "reason: {", ".erl:"];
    if !erlang.iter().any(|mark| text.has(mark)) {
        return None;
    }
    text.iter().find_map(term).or_else(|| {
        let message = text.iter().find_map(|line| behind_place(line, ".erl:"))?;
        Some(frameless("CompilationError", message))
    })
}

/// The first exception that is more than the end of a process.
fn elixir<'a>(text: &Text<'a>) -> Option<(&'a str, &'a str)> {
    let named = |(i, line): (usize, &'a str)| {
        let (name, message) = trim(line).strip_prefix("** (")?.split_once(')')?;
        let first = name.chars().next()?;
        (first.is_ascii_uppercase() && !name.contains(' ') && name != "EXIT")
            .then(|| (i, name, trim(message)))
    };
    let (at, name, message) = text.lines_from(0).find_map(named)?;
    let message =
        [".exs:", ".ex:", "nofile:"].iter().find_map(|file| behind_place(message, file)).unwrap_or(message);
    // The compiler has written what was wrong above, or below with the source.
    let lines = |from: usize, to: usize| (from..to).map(|i| trim(text.line(i)));
    let logged = message.ends_with("(errors have been logged)");
    let placed = message.ends_with(':') && message.contains(" on ");
    let error = if logged {
        lines(0, at).find_map(|line| line.strip_prefix("error: "))
    } else if placed {
        lines(at + 1, text.len()).find_map(|line| line.strip_prefix("error: "))
    } else {
        None
    };
    // `errors were found at the given arguments:`, and what is wrong with which.
    let listed = || lines(at + 1, text.len()).take(4).find_map(|line| line.strip_prefix("* "));
    let told = match error {
        Some(error) => error,
        None if message.ends_with("arguments:") => {
            listed().map_or(message, |item| item.split_once(": ").map_or(item, |(_, said)| said))
        }
        None => message.find(". Did you mean").map_or(message, |at| &message[..at]),
    };
    Some((name, told))
}

/// `escript: exception error: no match of right hand side value {error,3}`, `{badarith,[{main,f,1,[]}]}`
fn term<'a>(line: &'a str) -> Option<Outcome<'a>> {
    let said = trim(TERMS.iter().find_map(|head| Some(line.split_once(head)?.1))?);
    if let Some((_, name)) = SPOKEN.iter().find(|(words, _)| said.starts_with(words)) {
        return Some(frameless(name, said));
    }
    let inner = said.trim_start_matches(['{', '(']);
    let name = inner.split([',', '}', ' ']).next().unwrap_or_default();
    let known = SPOKEN.iter().any(|(_, known)| *known == name);
    if known {
        return Some(frameless(name, name));
    }
    line.contains("exception e").then(|| frameless("Error", said))
}

/// What stands behind `main.exs:3:5: `.
fn behind_place<'a>(line: &'a str, file: &str) -> Option<&'a str> {
    let rest = &line[line.find(file)? + file.len()..];
    let (place, message) = rest.split_once(": ")?;
    let message = message.strip_prefix("error: ").unwrap_or(message);
    (place.split(':').all(|part| number(part).is_some()) && !message.is_empty()).then_some(message)
}
