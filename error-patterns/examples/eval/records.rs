//! Labelled exceptions as files hold them: one JSON object per line, plain or gzipped.

use error_patterns::mask::Masker;
use error_patterns::model::RawException;
use serde_json::Value;
use std::error::Error;
use std::io::Read as _;
use std::path::Path;

/// One labelled exception.
pub(crate) struct Record {
    pub(crate) id: String,
    /// The true group; absent where nobody knows.
    pub(crate) label: Option<String>,
    pub(crate) error_type: Option<String>,
    pub(crate) message: Option<String>,
    pub(crate) stacktrace: Option<String>,
    pub(crate) language: Option<String>,
    /// Of the program that reports, which need not be the one that failed.
    pub(crate) sdk_language: Option<String>,
    pub(crate) exit_code: Option<i64>,
    pub(crate) snippet: Option<String>,
    /// Texts that must not survive masking.
    pub(crate) pii: Vec<String>,
    pub(crate) truth: Option<Truth>,
}

/// The true taxonomy.
#[derive(Clone)]
pub(crate) struct Truth {
    pub(crate) runtime: String,
    pub(crate) phase: String,
    pub(crate) error_type: String,
    pub(crate) cause: String,
}

/// Reads a file.
///
/// # Errors
/// When it cannot be read, or a line is not a JSON object; the message names the line.
pub(crate) fn read(file: &Path) -> Result<Vec<Record>, Box<dyn Error>> {
    let bytes = std::fs::read(file).map_err(|error| format!("cannot read {}: {error}", file.display()))?;
    let mut text = String::new();
    if bytes.starts_with(&[0x1f, 0x8b]) {
        flate2::read::GzDecoder::new(bytes.as_slice()).read_to_string(&mut text)?;
    } else {
        text = String::from_utf8(bytes)?;
    }
    let line = |(at, line): (usize, &str)| {
        Record::of(line).map_err(|error| format!("{}, line {}: {error}", file.display(), at + 1).into())
    };
    text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()).map(line).collect()
}

impl Record {
    fn of(line: &str) -> Result<Self, serde_json::Error> {
        let value: Value = serde_json::from_str(line)?;
        let text = |name: &str| value[name].as_str().map(str::to_owned);
        let id = text("id").unwrap_or_else(|| value["id"].to_string());
        let pii =
            value["pii"].as_array().into_iter().flatten().filter_map(|each| each.as_str().map(str::to_owned));
        let truth = value["taxonomy"].as_object().map(|levels| {
            let level = |name: &str| levels.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
            Truth {
                runtime: runtime(&level("runtime")).to_owned(),
                phase: level("phase"),
                error_type: level("type"),
                cause: level("cause"),
            }
        });
        Ok(Self {
            id,
            label: text("label").filter(|label| !label.is_empty()),
            error_type: text("type"),
            message: text("message"),
            stacktrace: text("stacktrace"),
            language: text("lang"),
            sdk_language: text("sdk_language"),
            exit_code: value["exit_code"].as_i64(),
            snippet: text("snippet"),
            pii: pii.collect(),
            truth,
        })
    }

    /// The same with its texts masked.
    pub(crate) fn masked(&self, masker: &Masker) -> Self {
        let mask = |text: &Option<String>| text.as_deref().map(|text| masker.mask(text).into_owned());
        Self {
            id: self.id.clone(),
            label: None,
            error_type: mask(&self.error_type),
            message: mask(&self.message),
            stacktrace: mask(&self.stacktrace),
            language: self.language.clone(),
            sdk_language: self.sdk_language.clone(),
            exit_code: self.exit_code,
            snippet: mask(&self.snippet),
            pii: Vec::new(),
            truth: None,
        }
    }

    pub(crate) fn raw(&self) -> RawException<'_> {
        RawException {
            error_type: self.error_type.as_deref(),
            message: self.message.as_deref(),
            stacktrace: self.stacktrace.as_deref(),
            language: self.language.as_deref(),
            sdk_language: self.sdk_language.as_deref(),
            snippet: self.snippet.as_deref(),
            exit_code: self.exit_code,
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        [&self.message, &self.stacktrace, &self.snippet].into_iter().flatten().map(String::len).sum()
    }
}

/// Our name of a runtime that labelled data may call by its program's name.
fn runtime(name: &str) -> &str {
    match name {
        "node" => "javascript",
        "bash" | "sh" => "shell",
        "c" | "cpp" | "c++" => "native",
        other => other,
    }
}
