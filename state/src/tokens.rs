//! Table `tokens`: who may come in. What a role means is not known here.

use crate::database::{State, bounded};
use crate::error::StateError;
use sqlx::Row;
use sqlx::any::AnyRow;

/// One token as it is stored. Times are milliseconds since the epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// The public part of the token's text.
    pub id: String,
    /// Who uses it; several tokens may have one name, while one takes the place of another.
    pub name: String,
    /// SHA-256 of the secret part, as hex.
    pub secret_sha256: String,
    /// Names of roles, with commas between.
    pub roles: String,
    /// Whether its user may say on whose behalf it acts.
    pub acts_for_others: bool,
    /// Limit at ingest; `None` where the configuration's holds.
    pub items_per_second: Option<i64>,
    /// Limit at ingest; `None` where the configuration's holds.
    pub bytes_per_second: Option<i64>,
    /// When it was made.
    pub created_ms: i64,
    /// When it ends.
    pub expires_ms: Option<i64>,
    /// When it was ended by a person.
    pub revoked_ms: Option<i64>,
    /// When it was last used, to some minutes.
    pub last_used_ms: Option<i64>,
}

/// What became of a new token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    /// It is stored.
    Stored,
    /// As many as allowed are usable already.
    Full,
}

impl State {
    /// Stores a new token, unless `usable_max` are usable at its creation.
    ///
    /// # Errors
    /// [`StateError`]; also where the id is there already.
    pub async fn add_token(&self, token: &Token, usable_max: usize) -> Result<Added, StateError> {
        let insert = "INSERT INTO tokens (id, name, secret_sha256, roles, acts_for_others, items_per_second, \
             bytes_per_second, created_ms, expires_ms) \
             SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9 WHERE (SELECT COUNT(*) FROM tokens \
             WHERE revoked_ms IS NULL AND (expires_ms IS NULL OR expires_ms > $8)) < $10";
        let query = sqlx::query(insert)
            .bind(&token.id)
            .bind(&token.name)
            .bind(&token.secret_sha256)
            .bind(&token.roles)
            .bind(i64::from(token.acts_for_others))
            .bind(token.items_per_second)
            .bind(token.bytes_per_second)
            .bind(token.created_ms)
            .bind(token.expires_ms)
            .bind(i64::try_from(usable_max).unwrap_or(i64::MAX));
        let done = bounded(query.execute(&self.pool)).await?;
        Ok(if done.rows_affected() == 1 { Added::Stored } else { Added::Full })
    }

    /// All tokens, also those that ended, the newest first; at most `limit`.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn tokens(&self, limit: usize) -> Result<Vec<Token>, StateError> {
        let query = sqlx::query("SELECT * FROM tokens ORDER BY created_ms DESC, id LIMIT $1");
        let query = query.bind(i64::try_from(limit).unwrap_or(i64::MAX));
        bounded(query.fetch_all(&self.pool)).await?.iter().map(token).collect()
    }

    /// Tokens that were not revoked and expired after `since_ms` if at all, the oldest first; at most `limit`.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn live_tokens(&self, since_ms: i64, limit: usize) -> Result<Vec<Token>, StateError> {
        let query = sqlx::query(
            "SELECT * FROM tokens WHERE revoked_ms IS NULL AND (expires_ms IS NULL OR expires_ms > $1) \
             ORDER BY created_ms, id LIMIT $2",
        );
        let query = query.bind(since_ms).bind(i64::try_from(limit).unwrap_or(i64::MAX));
        bounded(query.fetch_all(&self.pool)).await?.iter().map(token).collect()
    }

    /// Ends a token for good. `false` where there is none of this id, or it was revoked before.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn revoke_token(&self, id: &str, now_ms: i64) -> Result<bool, StateError> {
        let query = sqlx::query("UPDATE tokens SET revoked_ms = $1 WHERE id = $2 AND revoked_ms IS NULL");
        let done = bounded(query.bind(now_ms).bind(id).execute(&self.pool)).await?;
        Ok(done.rows_affected() == 1)
    }

    /// Notes that a token was used; of several processes the latest time stays.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn token_used(&self, id: &str, at_ms: i64) -> Result<(), StateError> {
        let query = sqlx::query(
            "UPDATE tokens SET last_used_ms = $1 WHERE id = $2 AND (last_used_ms IS NULL OR last_used_ms < $1)",
        );
        bounded(query.bind(at_ms).bind(id).execute(&self.pool)).await?;
        Ok(())
    }
}

fn token(row: &AnyRow) -> Result<Token, StateError> {
    Ok(Token {
        id: row.try_get("id")?,
        name: row.try_get("name")?,
        secret_sha256: row.try_get("secret_sha256")?,
        roles: row.try_get("roles")?,
        acts_for_others: row.try_get::<i64, _>("acts_for_others")? != 0,
        items_per_second: row.try_get("items_per_second")?,
        bytes_per_second: row.try_get("bytes_per_second")?,
        created_ms: row.try_get("created_ms")?,
        expires_ms: row.try_get("expires_ms")?,
        revoked_ms: row.try_get("revoked_ms")?,
        last_used_ms: row.try_get("last_used_ms")?,
    })
}
