//! SQL: what the shells and servers of PostgreSQL, SQLite, MySQL, Oracle and SQL Server say of a statement.

use super::text::Text;
use super::{Outcome, frameless};
use crate::messages;
use crate::model::Runtime;

/// What SQLite's shell writes before a message, with a line's number and without.
const SQLITE: &[&str] = &["Error: near line ", "Parse error near line ", "Runtime error near line "];
const SQLITE_BARE: &[&str] =
    &["Error: in prepare, ", "in prepare, ", "Error: stepping, ", "stepping, ", "Parse error: "];
const LEVELS: &[&str] = &["ERROR:  ", "FATAL:  ", "PANIC:  "];
/// What PostgreSQL writes below a message.
const DETAILS: &[&str] = &["LINE ", "DETAIL: ", "HINT: ", "STATEMENT: ", "CONTEXT: ", "QUERY: "];

/// What one of is in each of its reports.
pub(super) const MARKS: &[&str] = &[
    "ERROR",
    "FATAL:  ",
    "PANIC:  ",
    "rror near line ",
    "rror: ",
    "in prepare, ",
    "stepping, ",
    "ORA-",
    "Msg ",
];

/// Parses what a client of SQL's says; `None` when no line has the form of one, or another program may have written it.
pub(super) fn parse<'a>(text: &Text<'a>) -> Option<Outcome<'a>> {
    let (code, message) = text.lines_from(0).find_map(|(i, line)| {
        let next = text.line(i + 1);
        let coded = coded(line, next);
        if coded.is_some() {
            return coded;
        }
        let message = said(line)?;
        let sure = line.starts_with("psql:")
            || SQLITE.iter().any(|head| line.starts_with(head))
            || DETAILS.iter().any(|head| next.contains(head))
            || messages::built_in().same(Runtime::Sql, message).is_some();
        sure.then_some(("", message))
    })?;
    let mut outcome = frameless("Error", message);
    for exception in &mut outcome.exceptions {
        exception.code = code.into();
    }
    Some(outcome)
}

/// `ERROR 1064 (42000) at line 1: You have an error in your SQL syntax`, `ORA-00942: table or view does not exist`,
/// `Msg 208, Level 16, State 1, Line 1` and the message below it.
fn coded<'a>(line: &'a str, next: &'a str) -> Option<(&'a str, &'a str)> {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if let Some(at) = line.find("ORA-") {
        let (code, message) = line[at..].split_once(": ")?;
        return is_number(&code["ORA-".len()..]).then_some((code, message));
    }
    if let Some(rest) = line.strip_prefix("Msg ") {
        let (code, rest) = rest.split_once(", Level ")?;
        return (is_number(code) && rest.contains(", State ")).then_some((code, next));
    }
    let (head, message) = line.strip_prefix("ERROR ")?.split_once(": ")?;
    let (code, state) = head.split_once(" (")?;
    (is_number(code) && state.contains(')')).then_some((code, message))
}

/// `psql:query.sql:2: ERROR:  syntax error at or near "SELCT"`, and the same in the server's log and in SQLite's shell.
pub(super) fn said(line: &str) -> Option<&str> {
    if let Some((_, message)) = LEVELS.iter().find_map(|level| line.split_once(level)) {
        return Some(message.rfind(" at character ").map_or(message, |at| &message[..at]));
    }
    let placed = || SQLITE.iter().find_map(|head| Some(line.strip_prefix(head)?.split_once(": ")?.1));
    let sqlite = placed().or_else(|| SQLITE_BARE.iter().find_map(|head| line.strip_prefix(head)));
    if let Some(message) = sqlite {
        // `UNIQUE constraint failed: users.email (19)`
        let code = message.strip_suffix(')').and_then(|rest| Some((rest.rfind(" (")?, rest)));
        let end = code.filter(|(at, rest)| rest[at + 2..].bytes().all(|byte| byte.is_ascii_digit()));
        return Some(&message[..end.map_or(message.len(), |(at, _)| at)]);
    }
    coded(line, "").map(|(_, message)| message)
}
