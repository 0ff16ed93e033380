//! What the plugin tells Grafana's log: JSON lines in the form of Go's hclog on the error output.
//!
//! No secret ever gets here: requests of Grafana carry decrypted ones and derive `Debug`, so nothing is logged that is
//! not listed as a value by its caller. There is no `tracing` subscriber, so libraries log nothing.

use crate::clock;
use serde_json::{Map, Value};
use std::io::Write;

/// How grave a line is, as hclog names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    Info,
    Warn,
    Error,
}

impl Level {
    fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

/// Writes a line. Where the error output is closed nobody listens any more.
pub(crate) fn write(level: Level, message: &str, values: &[(&str, &str)]) {
    let line = format!("{}\n", line(level, message, values, clock::now_ms()));
    _ = std::io::stderr().lock().write_all(line.as_bytes());
}

pub(crate) fn info(message: &str, values: &[(&str, &str)]) {
    write(Level::Info, message, values);
}

pub(crate) fn warn(message: &str, values: &[(&str, &str)]) {
    write(Level::Warn, message, values);
}

pub(crate) fn error(message: &str, values: &[(&str, &str)]) {
    write(Level::Error, message, values);
}

/// Writes panics as lines like the others. One ends the call it happens in, not the plugin.
pub(crate) fn panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let why = panic.payload_as_str().unwrap_or_default();
        error("a call failed unexpectedly", &[("place", &place), ("why", why)]);
    }));
}

fn line(level: Level, message: &str, values: &[(&str, &str)], now_ms: i64) -> Value {
    let mut line = Map::new();
    line.insert("@level".to_owned(), level.as_str().into());
    line.insert("@message".to_owned(), message.into());
    line.insert("@timestamp".to_owned(), clock::rfc3339(now_ms).into());
    for (name, value) in values {
        line.insert((*name).to_owned(), (*value).into());
    }
    Value::Object(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_what_hclog_reads() {
        let line = line(Level::Warn, "say \"no\"\n", &[("status", "502")], 1_795_428_000_123).to_string();
        assert_eq!(
            line,
            r#"{"@level":"warn","@message":"say \"no\"\n","@timestamp":"2026-11-23T10:00:00.123000Z","status":"502"}"#
        );
    }
}
