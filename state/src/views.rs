//! Table `views`: what people keep of a screen.

use crate::database::{State, bounded};
use crate::error::StateError;
use sqlx::Row;
use sqlx::any::AnyRow;

/// One saved view. Times are milliseconds since the epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedView {
    /// Its id.
    pub id: String,
    /// Who saved it.
    pub owner: String,
    /// Which screen it is of.
    pub kind: String,
    /// What it is called.
    pub name: String,
    /// JSON that only the screen understands.
    pub body: String,
    /// 1, and one more at each change.
    pub version: i64,
    /// When it was saved first.
    pub created_ms: i64,
    /// When it was changed last.
    pub updated_ms: i64,
}

/// What became of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Updated {
    /// It was made.
    Done,
    /// Somebody was faster, or the view is gone.
    Overtaken,
}

impl State {
    /// Saves a new view, unless there are `views_max`. `false` where there are.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn add_view(&self, view: &SavedView, views_max: usize) -> Result<bool, StateError> {
        let insert = "INSERT INTO views (id, owner, kind, name, body, version, created_ms, updated_ms) \
             SELECT $1, $2, $3, $4, $5, $6, $7, $8 WHERE (SELECT COUNT(*) FROM views) < $9";
        let query = sqlx::query(insert)
            .bind(&view.id)
            .bind(&view.owner)
            .bind(&view.kind)
            .bind(&view.name)
            .bind(&view.body)
            .bind(view.version)
            .bind(view.created_ms)
            .bind(view.updated_ms)
            .bind(i64::try_from(views_max).unwrap_or(i64::MAX));
        Ok(bounded(query.execute(&self.pool)).await?.rows_affected() == 1)
    }

    /// Views by kind and name; of one kind where it is given; at most `limit`.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn views(&self, kind: Option<&str>, limit: usize) -> Result<Vec<SavedView>, StateError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let query = match kind {
            Some(kind) => sqlx::query("SELECT * FROM views WHERE kind = $2 ORDER BY kind, name, id LIMIT $1")
                .bind(limit)
                .bind(kind),
            None => sqlx::query("SELECT * FROM views ORDER BY kind, name, id LIMIT $1").bind(limit),
        };
        bounded(query.fetch_all(&self.pool)).await?.iter().map(view).collect()
    }

    /// One view.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn view(&self, id: &str) -> Result<Option<SavedView>, StateError> {
        let query = sqlx::query("SELECT * FROM views WHERE id = $1").bind(id);
        bounded(query.fetch_optional(&self.pool)).await?.as_ref().map(view).transpose()
    }

    /// Changes name, kind and body of the view that still has the version before `view.version`.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn update_view(&self, view: &SavedView) -> Result<Updated, StateError> {
        let update = "UPDATE views SET name = $1, kind = $2, body = $3, version = $4, updated_ms = $5 \
             WHERE id = $6 AND version = $7";
        let query = sqlx::query(update)
            .bind(&view.name)
            .bind(&view.kind)
            .bind(&view.body)
            .bind(view.version)
            .bind(view.updated_ms)
            .bind(&view.id)
            .bind(view.version - 1);
        let done = bounded(query.execute(&self.pool)).await?;
        Ok(if done.rows_affected() == 1 { Updated::Done } else { Updated::Overtaken })
    }

    /// Deletes the view of this version.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn delete_view(&self, id: &str, version: i64) -> Result<Updated, StateError> {
        let query = sqlx::query("DELETE FROM views WHERE id = $1 AND version = $2").bind(id).bind(version);
        let done = bounded(query.execute(&self.pool)).await?;
        Ok(if done.rows_affected() == 1 { Updated::Done } else { Updated::Overtaken })
    }
}

fn view(row: &AnyRow) -> Result<SavedView, StateError> {
    Ok(SavedView {
        id: row.try_get("id")?,
        owner: row.try_get("owner")?,
        kind: row.try_get("kind")?,
        name: row.try_get("name")?,
        body: row.try_get("body")?,
        version: row.try_get("version")?,
        created_ms: row.try_get("created_ms")?,
        updated_ms: row.try_get("updated_ms")?,
    })
}
