//! The connection to the database, whichever it is.

use crate::error::StateError;
use crate::migrate;
use sqlx::AnyPool;
use sqlx::any::{AnyConnectOptions, AnyPoolOptions, install_default_drivers};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;
use url::Url;

/// Connections open at once, by one process.
pub const CONNECTIONS_MAX: u32 = 4;
/// Longest wait for one answer, a connection included.
pub const WAIT_MAX: Duration = Duration::from_secs(5);

/// Which database it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Backend {
    Sqlite,
    Postgres,
}

/// An open state database. Clones share its connections.
#[derive(Clone, Debug)]
pub struct State {
    pub(crate) pool: AnyPool,
    location: String,
}

/// What to connect to, and how it may be shown to people.
struct Target {
    backend: Backend,
    url: String,
    shown: String,
    file: Option<PathBuf>,
}

impl State {
    /// Opens a database and brings its tables up to date. `location` is `postgres://...`, or a file for SQLite, which
    /// is made where it is absent. Not safe to cancel halfway: the next opening then does what is left.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn open(location: &str) -> Result<Self, StateError> {
        let target = Target::parse(location)?;
        if let Some(file) = &target.file {
            create(file).map_err(|source| StateError::File { location: target.shown.clone(), source })?;
        }
        install_default_drivers();
        let options = AnyConnectOptions::from_str(&target.url)
            .map_err(|_| StateError::Location { location: target.shown.clone() })?;
        let pool = AnyPoolOptions::new()
            .max_connections(CONNECTIONS_MAX)
            .acquire_timeout(WAIT_MAX)
            .connect_with(options)
            .await?;
        if target.backend == Backend::Sqlite {
            // Readers then never wait for a writer; the file remembers it.
            sqlx::raw_sql("PRAGMA journal_mode = WAL").execute(&pool).await?;
        }
        let mut connection = pool.acquire().await?;
        migrate::run(&mut connection, target.backend, &target.shown).await?;
        drop(connection);
        Ok(Self { pool, location: target.shown })
    }

    /// Where it is, without a password.
    #[must_use]
    pub fn location(&self) -> &str {
        &self.location
    }

    /// Closes all connections.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

impl Target {
    fn parse(location: &str) -> Result<Self, StateError> {
        if let Some((scheme, _)) = location.split_once("://") {
            let shown = without_password(location);
            return match scheme {
                "postgres" | "postgresql" => {
                    let (url, file) = (location.to_owned(), None);
                    Ok(Self { backend: Backend::Postgres, url, shown, file })
                }
                _ => Err(StateError::Location { location: shown }),
            };
        }
        if location.is_empty() {
            return Err(StateError::Location { location: "''".to_owned() });
        }
        let file = std::path::absolute(location)
            .map_err(|source| StateError::File { location: location.to_owned(), source })?;
        let bad = || StateError::Location { location: location.to_owned() };
        // As a URL, so that no character of the path means anything.
        let url = Url::from_file_path(&file).map_err(|()| bad())?;
        let url = format!("sqlite://{}?mode=rwc", url.path());
        Ok(Self { backend: Backend::Sqlite, url, shown: file.display().to_string(), file: Some(file) })
    }
}

/// A URL that may be shown and logged.
fn without_password(location: &str) -> String {
    let Ok(mut url) = Url::parse(location) else { return "the URL given".to_owned() };
    let kept: Vec<(String, String)> = url
        .query_pairs()
        .filter(|(name, _)| name != "password")
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    if url.query().is_some() {
        url.query_pairs_mut().clear().extend_pairs(kept);
    }
    if url.query() == Some("") {
        url.set_query(None);
    }
    if url.password().is_some() && url.set_password(None).is_err() {
        return "the URL given".to_owned();
    }
    url.to_string()
}

/// Makes an absent file with its folder: only its owner may read what identifies tokens.
fn create(file: &Path) -> std::io::Result<()> {
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file).map(drop)
}

/// Waits for an answer, but not for ever.
pub(crate) async fn bounded<T>(
    answer: impl Future<Output = Result<T, sqlx::Error>> + Send,
) -> Result<T, StateError> {
    match tokio::time::timeout(WAIT_MAX, answer).await {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(StateError::Slow),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_never_shown() {
        for (location, shown) in [
            ("postgres://ada:s3cret@db/errata", "postgres://ada@db/errata"),
            ("postgres://ada@db/errata?password=s3cret", "postgres://ada@db/errata"),
            (
                "postgres://ada@db/errata?password=s3cret&sslmode=require",
                "postgres://ada@db/errata?sslmode=require",
            ),
        ] {
            assert_eq!(Target::parse(location).unwrap().shown, shown);
        }
        let refused = Target::parse("mysql://ada:s3cret@db/errata").err().unwrap().to_string();
        assert!(refused.contains("mysql://ada@db/errata") && !refused.contains("s3cret"), "{refused}");
    }

    #[test]
    fn a_path_is_a_path_whatever_is_in_it() {
        let target = Target::parse("/tmp/a b?c#d%20e/state.db").unwrap();
        assert_eq!(target.url, "sqlite:///tmp/a%20b%3Fc%23d%2520e/state.db?mode=rwc");
        assert!(Target::parse("").is_err());
    }
}
