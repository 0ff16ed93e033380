//! Migrations: numbered SQL files, each applied once, in order, under a lock that all processes share.
//!
//! A file is never edited after a release; a new one is added beside it.

use crate::database::Backend;
use crate::error::StateError;
use sqlx::{AnyConnection, Row};

struct Migration {
    version: i64,
    sql: &'static str,
}

const MIGRATIONS: &[Migration] = &[
    Migration { version: 1, sql: include_str!("migrations/0001_tokens.sql") },
    Migration { version: 2, sql: include_str!("migrations/0002_views.sql") },
];

/// Newest version that is known.
pub(crate) const KNOWN: i64 = MIGRATIONS.len() as i64;

const VERSIONS: &str = "CREATE TABLE IF NOT EXISTS errata_schema (version BIGINT PRIMARY KEY)";

/// Applies what is missing, all or nothing.
pub(crate) async fn run(
    connection: &mut AnyConnection,
    backend: Backend,
    location: &str,
) -> Result<(), StateError> {
    begin(connection, backend).await?;
    match apply(connection, location).await {
        Ok(()) => {
            sqlx::raw_sql("COMMIT").execute(connection).await?;
            Ok(())
        }
        Err(error) => {
            // The first error says more than a second one would.
            let undone = sqlx::raw_sql("ROLLBACK").execute(connection).await;
            drop(undone);
            Err(error)
        }
    }
}

/// Begins a transaction that no other migration runs beside.
async fn begin(connection: &mut AnyConnection, backend: Backend) -> Result<(), StateError> {
    match backend {
        Backend::Sqlite => sqlx::raw_sql("BEGIN IMMEDIATE").execute(connection).await?,
        Backend::Postgres => {
            sqlx::raw_sql("BEGIN").execute(&mut *connection).await?;
            // The number is ours alone: "errata" as letters of the alphabet. As text, since `void` is no value.
            sqlx::query("SELECT CAST(pg_advisory_xact_lock(51818120101) AS TEXT)").execute(connection).await?
        }
    };
    Ok(())
}

async fn apply(connection: &mut AnyConnection, location: &str) -> Result<(), StateError> {
    sqlx::raw_sql(VERSIONS).execute(&mut *connection).await?;
    let newest = sqlx::query("SELECT COALESCE(MAX(version), 0) AS newest FROM errata_schema")
        .fetch_one(&mut *connection)
        .await?;
    let found: i64 = newest.try_get("newest")?;
    if found > KNOWN {
        return Err(StateError::Newer { location: location.to_owned(), found, known: KNOWN });
    }
    for migration in MIGRATIONS.iter().filter(|migration| migration.version > found) {
        sqlx::raw_sql(migration.sql).execute(&mut *connection).await?;
        sqlx::query("INSERT INTO errata_schema (version) VALUES ($1)")
            .bind(migration.version)
            .execute(&mut *connection)
            .await?;
        tracing::info!(version = migration.version, location, "brought the state database up to date");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_count_up_from_one() {
        for (migration, expected) in MIGRATIONS.iter().zip(1..) {
            assert_eq!(migration.version, expected);
        }
    }
}
