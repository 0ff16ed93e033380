//! Configuration: `errata.toml`, then `ERRATA_SECTION_KEY` variables, then flags.
//!
//! This module is what users write; each part has its own validated `Config` that [`Settings`] builds.
//! Durations and sizes are text with units (`10s`, `64MiB`). Unknown keys are errors. All defaults stand
//! in the `Default` implementations here, and `errata.example.toml` equals them by test.

mod access;
mod build;
mod environment;
mod raw;
mod units;

pub(crate) use raw::Settings;
pub(crate) use raw::Telemetry as TelemetrySettings;

use anyhow::{Context, anyhow, bail};
use std::path::{Path, PathBuf};

/// File that is read when no other is named.
const FILE: &str = "errata.toml";

/// Reads the file (if there is one), applies the environment, and returns the settings.
pub(crate) fn load(
    file: Option<&Path>,
    environment: impl Iterator<Item = (String, String)>,
) -> anyhow::Result<Settings> {
    let path = file.map_or_else(|| PathBuf::from(FILE), Path::to_path_buf);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound && file.is_none() => String::new(),
        Err(e) => return Err(e).with_context(|| format!("cannot read the configuration {}", path.display())),
    };
    let mut table: toml::Table =
        text.parse().with_context(|| format!("{} is not valid TOML", path.display()))?;
    let problems = environment::apply(&mut table, environment);
    if !problems.is_empty() {
        bail!("{}", problems.join("\n"));
    }
    Settings::deserialize_table(table.clone()).map_err(|first| {
        let mut problems = Vec::new();
        unreadable(&toml::Value::Table(table), &mut Vec::new(), &mut problems);
        if problems.is_empty() {
            problems.push(first.message().to_owned());
        }
        let place = format!("{} or ERRATA_ variables", path.display());
        anyhow!("{place} cannot be read for {} problem(s):\n  {}", problems.len(), problems.join("\n  "))
    })
}

/// Adds all keys below `path` that are unknown or have a value of the wrong form: the reader itself stops at the first.
fn unreadable(value: &toml::Value, path: &mut Vec<String>, problems: &mut Vec<String>) {
    let alone = |value: toml::Value| {
        let whole = path
            .iter()
            .rev()
            .fold(value, |inner, key| toml::Value::Table(std::iter::once((key.clone(), inner)).collect()));
        let toml::Value::Table(table) = whole else { return Ok(()) };
        Settings::deserialize_table(table).map(drop)
    };
    let inner = value.as_table().filter(|_| alone(toml::Table::new().into()).is_ok());
    match inner {
        Some(table) => {
            for (key, value) in table {
                path.push(key.clone());
                unreadable(value, path, problems);
                path.pop();
            }
        }
        None => {
            if let Err(error) = alone(value.clone()) {
                problems.push(format!("{}: {}", path.join("."), error.message()));
            }
        }
    }
}

/// Checks the values, all at once.
pub(crate) fn check(settings: &Settings) -> anyhow::Result<()> {
    let problems = settings.problems();
    if !problems.is_empty() {
        bail!("the configuration has {} problem(s):\n  {}", problems.len(), problems.join("\n  "));
    }
    Ok(())
}
