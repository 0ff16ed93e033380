//! Deleting files that are not part of a table any more, or never were.
//!
//! A file that left the table is kept a while for readers that began before. A file that no commit
//! names may be on its way to one, so it is kept much longer: writers refuse to commit a file that
//! waited [`COMMIT_WITHIN_MS`]. Its age is told by the store's clock, not by this machine's, which may be ahead:
//! it stays until the store has an object so much newer.

use crate::append::COMMIT_WITHIN_MS;
use crate::error::LakeError;
use crate::log::TableLog;
use crate::storage::{Storage, remove_stale_parts};
use chrono::{DateTime, Utc};
use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore};
use std::collections::HashSet;
use std::time::Duration;

/// Least age of a file that no commit names before it may be deleted.
pub(crate) const ORPHAN_MS_MIN: i64 = 2 * COMMIT_WITHIN_MS;

/// What a vacuum did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VacuumReport {
    /// Files deleted.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

pub(crate) async fn vacuum(
    storage: &Storage,
    log: &TableLog,
    replaced_ms: i64,
    orphan_ms: i64,
    now: DateTime<Utc>,
) -> Result<VacuumReport, LakeError> {
    if orphan_ms < ORPHAN_MS_MIN {
        let (value, limit) = (format!("{orphan_ms} ms"), "it must be at least 30 minutes");
        return Err(LakeError::Setting { name: "orphan_after_ms", value, limit });
    }
    // The listing comes first: a file that is in it and committed meanwhile is live in the state.
    let listing = storage.store.list(Some(&log.root));
    let mut listed: Vec<ObjectMeta> =
        listing.try_collect().await.map_err(LakeError::store("list", &log.root))?;
    // The store's clock is not behind the newest object.
    let stored_ms = listed.iter().map(|found| found.last_modified.timestamp_millis()).max().unwrap_or(0);
    let data = |path: &Path| path.extension() == Some("parquet") && !in_log(path, &log.root);
    listed.retain(|found| data(&found.location));
    let now_ms = now.timestamp_millis();
    let doomed = log.with_state(|state| {
        let live: HashSet<&Path> = state.files().map(|file| &file.location).collect();
        let is_doomed = |found: &ObjectMeta| {
            if live.contains(&found.location) {
                return false;
            }
            match relative(&found.location, &log.root).and_then(|path| state.removed_ms(&path)) {
                Some(removed_ms) => removed_ms <= now_ms - replaced_ms,
                None => found.last_modified.timestamp_millis() <= now_ms.min(stored_ms) - orphan_ms,
            }
        };
        listed.into_iter().filter(is_doomed).collect::<Vec<_>>()
    });
    let doomed = doomed.await?;
    let report =
        VacuumReport { files: doomed.len() as u64, bytes: doomed.iter().map(|found| found.size).sum() };
    delete(storage, log, doomed).await?;
    remove_parts(storage, log, orphan_ms, now).await?;
    Ok(report)
}

async fn delete(storage: &Storage, log: &TableLog, doomed: Vec<ObjectMeta>) -> Result<(), LakeError> {
    let paths = futures::stream::iter(doomed.into_iter().map(|found| Ok(found.location))).boxed();
    let mut deletions = storage.store.delete_stream(paths);
    while let Some(deleted) = deletions.next().await {
        match deleted {
            // Another process vacuums too.
            Ok(_) | Err(object_store::Error::NotFound { .. }) => {}
            Err(source) => return Err(LakeError::store("delete", &log.root)(source)),
        }
    }
    Ok(())
}

/// Part files that a crash left in a local folder.
async fn remove_parts(
    storage: &Storage,
    log: &TableLog,
    age_ms: i64,
    now: DateTime<Utc>,
) -> Result<(), LakeError> {
    let Some(folder) = storage.folder.as_ref().map(|folder| folder.join(log.table.name())) else {
        return Ok(());
    };
    let age = Duration::from_millis(u64::try_from(age_ms).unwrap_or(0));
    let Some(older_than) = std::time::SystemTime::from(now).checked_sub(age) else { return Ok(()) };
    let removed = tokio::task::spawn_blocking(move || remove_stale_parts(&folder, older_than));
    let removed = removed.await.map_err(|_| LakeError::Cancelled)?;
    removed.map_err(|error| {
        let source = object_store::Error::Generic { store: "DurableFolder", source: Box::new(error) };
        LakeError::store("list", &log.root)(source)
    })?;
    Ok(())
}

fn in_log(path: &Path, root: &Path) -> bool {
    relative(path, root).is_none_or(|path| path.starts_with('_') || path.starts_with('.'))
}

fn relative(path: &Path, root: &Path) -> Option<String> {
    let parts: Vec<String> = path.prefix_match(root)?.map(|part| part.as_ref().to_owned()).collect();
    Some(parts.join("/"))
}
