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

use anyhow::{Context, bail};
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
    let settings = Settings::deserialize_table(table)
        .with_context(|| format!("in {} or ERRATA_ variables", path.display()))?;
    Ok(settings)
}

/// Checks the values, all at once.
pub(crate) fn check(settings: &Settings) -> anyhow::Result<()> {
    let problems = settings.problems();
    if !problems.is_empty() {
        bail!("the configuration has {} problem(s):\n  {}", problems.len(), problems.join("\n  "));
    }
    Ok(())
}
