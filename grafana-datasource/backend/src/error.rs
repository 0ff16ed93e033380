//! Why a query or a resource call got no answer, and whose fault it is.

use std::fmt;

/// Who has to mend it, in Grafana's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// This plugin: a fault of ours.
    Plugin,
    /// The engine, the way to it, or the query of the user.
    Downstream,
}

impl Source {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Plugin => "plugin",
            Self::Downstream => "downstream",
        }
    }
}

/// No answer, with an HTTP status and a text that says what to do. Texts never hold secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) status: u16,
    pub(crate) source: Source,
    pub(crate) message: String,
}

impl Failure {
    /// The query or its settings cannot be used as they are.
    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::downstream(400, message)
    }

    /// The engine, or the way to it.
    pub(crate) fn downstream(status: u16, message: impl Into<String>) -> Self {
        Self { status, source: Source::Downstream, message: message.into() }
    }

    /// A fault of this plugin.
    pub(crate) fn plugin(what: &str, error: &dyn fmt::Display) -> Self {
        let message = format!("{what}: {error}; this is a fault of the plugin, please report it");
        Self { status: 500, source: Source::Plugin, message }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

/// Text of others for a message: short, on one line.
pub(crate) fn shown(text: &str) -> String {
    const CHARS_MAX: usize = 100;
    let mut shown: String = text.chars().filter(|c| !c.is_control()).take(CHARS_MAX).collect();
    if text.chars().nth(CHARS_MAX).is_some() {
        shown.push_str("...");
    }
    shown
}
