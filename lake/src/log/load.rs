//! Reads a table's state from its newest checkpoint and the entries behind it, with the Delta library;
//! writes checkpoints and deletes expired entries with it too.
//!
//! This is the slow path: it runs when a table is opened, when a new writer asks for its position, and
//! when entries that were not read yet are gone.

use super::entry::{Line, Txn};
use super::state::{TableState, check_protocol};
use crate::error::LakeError;
use crate::storage::Storage;
use deltalake_core::checkpoints::{cleanup_expired_logs_for, create_checkpoint};
use deltalake_core::kernel::Action;
use deltalake_core::logstore::{LogStoreRef, StorageConfig, default_logstore};
use deltalake_core::table::state::DeltaTableState;
use deltalake_core::{DeltaTable, Path};
use futures::TryStreamExt;
use object_store::prefix::PrefixStore;
use schemas::tables::Table;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// The library's view of a table's log.
pub(super) fn log_store(storage: &Storage, table: Table, root: &Path) -> Result<LogStoreRef, LakeError> {
    let mut url = storage.store_url.clone();
    url.path_segments_mut()
        .map_err(|()| LakeError::Schema { table: table.name(), reason: "its URL has no path".into() })?
        .clear()
        .extend(root.parts().map(|part| part.as_ref().to_owned()));
    let prefixed = Arc::new(PrefixStore::new(Arc::clone(&storage.store), root.clone()));
    Ok(default_logstore(prefixed, Arc::clone(&storage.store), &url, &StorageConfig::default()))
}

/// Loads the newest version, and the positions of `app_ids` at it.
pub(super) async fn load(
    store: &LogStoreRef,
    table: Table,
    root: &Path,
    app_ids: &[String],
) -> Result<TableState, LakeError> {
    let failed = LakeError::delta(table.name());
    let loaded = DeltaTableState::try_new(store.as_ref(), None).await.map_err(&failed)?;
    let version = loaded.version();
    check_protocol(table, &convert(table, version, loaded.protocol())?)?;
    let mut state =
        TableState::new(table, root.clone(), version, convert(table, version, loaded.metadata())?)?;
    for view in loaded.log_data().iter() {
        #[expect(
            deprecated,
            reason = "the action is what the log is written from, arrays are of no use here"
        )]
        let line: Line = convert(table, version, &Action::Add(view.add_action()))?;
        if let Some(add) = line.add {
            state.insert(version, add)?;
        }
    }
    let mut tombstones = loaded.all_tombstones(store.as_ref());
    while let Some(tombstone) = tombstones.try_next().await.map_err(&failed)? {
        state.bury(tombstone.path().into_owned(), tombstone.deletion_timestamp().unwrap_or(0));
    }
    drop(tombstones);
    for app_id in app_ids {
        let position = loaded.transaction_version(store.as_ref(), app_id).await.map_err(&failed)?;
        state.note_position(match position {
            Some(version) => Ok(Txn { app_id: app_id.clone(), version, last_updated: None }),
            None => Err(app_id.clone()),
        });
    }
    Ok(state)
}

/// Writes a checkpoint of the newest version. Returns that version.
pub(super) async fn checkpoint(store: &LogStoreRef, table: Table) -> Result<u64, LakeError> {
    let failed = LakeError::delta(table.name());
    let mut loaded = DeltaTable::new(Arc::clone(store));
    loaded.load().await.map_err(&failed)?;
    create_checkpoint(&loaded, None).await.map_err(&failed)?;
    Ok(loaded.version().unwrap_or(0))
}

/// Deletes entries last written before `cutoff_ms` that a checkpoint covers. Returns how many.
pub(super) async fn delete_expired(
    store: &LogStoreRef,
    table: Table,
    version: u64,
    cutoff_ms: i64,
) -> Result<usize, LakeError> {
    let deleted = cleanup_expired_logs_for(version, store.as_ref(), cutoff_ms, None).await;
    deleted.map_err(LakeError::delta(table.name()))
}

/// From the library's form of an action to ours, by way of the JSON both share.
fn convert<T: DeserializeOwned>(table: Table, version: u64, from: &impl Serialize) -> Result<T, LakeError> {
    serde_json::to_value(from).and_then(serde_json::from_value).map_err(|error| LakeError::Log {
        table: table.name(),
        version,
        reason: error.to_string(),
    })
}
