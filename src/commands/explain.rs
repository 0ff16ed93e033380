//! `errata explain`: the grouping of one exception, in words.

use crate::cli::ExplainOptions;
use crate::output;
use anyhow::{Context, bail};
use error_patterns::explain::explain;
use error_patterns::grouping::{Grouper, GroupingConfig};
use error_patterns::mask::{MaskConfig, Masker};
use error_patterns::model::RawException;
use std::io::Read;

/// Largest text that is read, in bytes.
const TEXT_BYTES_MAX: u64 = 16 << 20;

/// Reads, groups, explains.
pub(crate) fn run(options: &ExplainOptions) -> anyhow::Result<()> {
    let text = read(options)?;
    if text.trim().is_empty() && options.error_type.is_none() && options.message.is_none() {
        bail!(
            "nothing to explain: give a file, or a traceback on standard input, as in `errata explain < traceback.txt`"
        );
    }
    let masker = Masker::new(MaskConfig::default());
    let masked = |text: &Option<String>| text.as_deref().map(|t| masker.mask(t).into_owned());
    let stacktrace = masker.mask(&text);
    let (error_type, message) = (masked(&options.error_type), masked(&options.message));
    let raw = RawException {
        error_type: error_type.as_deref(),
        message: message.as_deref(),
        stacktrace: Some(&stacktrace).filter(|t| !t.trim().is_empty()).map(|t| &**t),
        language: options.language.as_deref(),
        ..RawException::default()
    };
    let grouping = Grouper::new(GroupingConfig::default()).group(&raw);
    output::print(&explain(&raw, &grouping, None).to_string());
    Ok(())
}

fn read(options: &ExplainOptions) -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    match &options.file {
        Some(path) => {
            let file =
                std::fs::File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
            file.take(TEXT_BYTES_MAX).read_to_end(&mut bytes)?;
        }
        None => _ = std::io::stdin().take(TEXT_BYTES_MAX).read_to_end(&mut bytes)?,
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
