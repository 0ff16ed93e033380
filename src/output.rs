//! What goes to the terminal. The only place beside the log that writes to standard output and error.

use std::io::{self, Write};

/// Prints lines to standard output. A reader that went away (`| head`) is no error.
pub(crate) fn print(text: &str) {
    let mut out = io::stdout().lock();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    drop(written);
}

/// Tells a person something beside the output, on standard error.
pub(crate) fn note(text: &str) {
    let written = io::stderr().lock().write_all(text.as_bytes());
    drop(written);
}

/// Prints an error with its causes to standard error.
pub(crate) fn error(error: &anyhow::Error) {
    let mut text = format!("errata: {error}\n");
    let mut told = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        // Some libraries repeat the cause in their own message.
        if !told.contains(&cause) {
            text.push_str(&format!("  because: {cause}\n"));
        }
        told.push_str(&cause);
    }
    let written = io::stderr().lock().write_all(text.as_bytes());
    drop(written);
}
