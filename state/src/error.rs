//! Why the state database gave no answer.

use crate::database::WAIT_MAX;

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The setting is neither a path nor a URL that is understood. Correct it.
    #[error("{location} is no state database: give a file, or postgres://user@host/database")]
    Location {
        /// What was given, without its password.
        location: String,
    },
    /// The file cannot be made or opened. Check the folder and its owner.
    #[error("cannot use the state database {location}")]
    File {
        /// The file.
        location: String,
        /// Cause.
        source: std::io::Error,
    },
    /// The database was written by a newer Errata. Use that one, or another database.
    #[error(
        "the state database {location} has version {found}, this Errata knows versions up to {known}: \
         start a newer Errata, or give another database with --state"
    )]
    Newer {
        /// Where, without its password.
        location: String,
        /// The version found.
        found: i64,
        /// The newest version known.
        known: i64,
    },
    /// The database cannot be reached or refused the statement. Trying again may help.
    #[error("the state database does not answer")]
    Unavailable(#[from] sqlx::Error),
    /// No answer in time. Trying again may help.
    #[error("the state database gave no answer within {} s", WAIT_MAX.as_secs())]
    Slow,
}
