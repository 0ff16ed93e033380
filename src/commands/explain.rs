//! `errata explain`: the grouping of one exception, in words.

use crate::cli::ExplainOptions;
use crate::config::Settings;
use crate::output;
use anyhow::{Context, bail};
use collector_processor::read_rules;
use error_patterns::diff::Diff;
use error_patterns::explain::explain_by;
use error_patterns::grouping::{Grouper, GroupingConfig};
use error_patterns::mask::Masker;
use error_patterns::model::RawException;
use error_patterns::parse;
use error_patterns::rules::Rules;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

/// Largest text that is read, in bytes.
const TEXT_BYTES_MAX: u64 = 16 << 20;

/// Reads, groups, explains.
pub(crate) fn run(settings: &Settings, options: &ExplainOptions) -> anyhow::Result<()> {
    let rules = match options.rules.as_deref().or_else(|| settings.rules_file()) {
        Some(path) => Arc::new(read_rules(path).with_context(|| format!("cannot use {}", path.display()))?),
        None => Arc::new(Rules::default()),
    };
    let text = read(options)?;
    if text.trim().is_empty() && options.error_type.is_none() && options.message.is_none() {
        bail!(
            "nothing to explain: give a file, or a traceback on standard input, as in `errata explain < traceback.txt`"
        );
    }
    let masker = Masker::with_rules(settings.mask_config(), &rules);
    let mut masks: Vec<String> = Vec::new();
    let mut mask = |text: &str| {
        let (masked, told) = masker.mask_told(text);
        masks.extend(told.into_iter().filter(|line| !masks.contains(line)).collect::<Vec<_>>());
        masked.into_owned()
    };
    let stacktrace = mask(&text);
    let snippet = options.snippet.as_deref().map(read_file).transpose()?;
    let mut masked = |text: &Option<String>| text.as_deref().map(&mut mask);
    let (error_type, message) = (masked(&options.error_type), masked(&options.message));
    let snippet = masked(&snippet);
    let raw = RawException {
        error_type: error_type.as_deref(),
        message: message.as_deref(),
        stacktrace: Some(&stacktrace).filter(|t| !t.trim().is_empty()).map(|t| &**t),
        language: options.language.as_deref(),
        snippet: snippet.as_deref(),
        ..RawException::default()
    };
    if let Some(path) = &options.diff {
        let other = mask(&read_file(path)?);
        let other =
            RawException { stacktrace: Some(&other), language: raw.language, ..RawException::default() };
        let (left, right) = (parse(&raw), parse(&other));
        let diff = Diff::of(&left, &right);
        let text = if diff.is_same() { "nothing differs\n".to_owned() } else { diff.text(&left, &right) };
        output::print(&text);
        return Ok(());
    }
    let grouping = Grouper::with_rules(GroupingConfig::default(), Arc::clone(&rules)).group(&raw);
    let mut explanation = explain_by(&raw, &grouping, None, &rules);
    explanation.rules.splice(0..0, masks);
    output::print(&explanation.to_string());
    Ok(())
}

fn read(options: &ExplainOptions) -> anyhow::Result<String> {
    if let Some(path) = &options.file {
        return read_file(path);
    }
    let mut bytes = Vec::new();
    std::io::stdin().take(TEXT_BYTES_MAX).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn read_file(path: &Path) -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    file.take(TEXT_BYTES_MAX).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
