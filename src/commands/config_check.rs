//! `errata config check`.

use crate::config::Settings;
use crate::output;
use anyhow::Context;
use collector_processor::read_rules;
use error_patterns::rules::SECTIONS;
use std::fmt::Write as _;

/// Says that the settings are good (reading them has told what is not) and checks the rules file; shows the settings
/// if asked.
pub(crate) fn run(settings: &Settings, show: bool) -> anyhow::Result<()> {
    if let Some(path) = settings.rules_file() {
        let rules =
            read_rules(path).with_context(|| format!("grouping.rules: cannot use {}", path.display()))?;
        let counts: Vec<String> = SECTIONS
            .iter()
            .zip(rules.counts())
            .map(|(section, count)| format!("{count} {section}"))
            .collect();
        let mut text = format!("# {}: rules of each section: {}\n", path.display(), counts.join(", "));
        for warning in rules.warnings() {
            writeln!(text, "# {}: {warning}", path.display())?;
        }
        output::print(&text);
    }
    if show {
        output::print(&toml::to_string(&settings.to_table())?);
    } else {
        output::print("the configuration is good\n");
    }
    Ok(())
}
