//! A table's Delta log: follows it, and commits to it.
//!
//! The state is kept in memory and moved forward entry by entry, so a refresh costs one failed read
//! when nothing changed, and a commit costs the same with ten and with ten thousand live files. A commit
//! is one create-only write of the next entry; who loses it reads the winner's entry and decides anew.
//!
//! Bounds: one state per table; a refresh reads as many entries as were written since the last one.

mod entry;
mod load;
mod state;

pub(crate) use entry::{Add, Line, Remove};
pub(crate) use state::TableState;

use crate::clock;
use crate::error::LakeError;
use crate::schema;
use crate::snapshot::{DataFile, Snapshot};
use crate::storage::Storage;
use chrono::{DateTime, Utc};
use deltalake_core::logstore::LogStoreRef;
use entry::{Format, Metadata};
use futures::StreamExt;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use schemas::layout::PARTITION_COLUMN;
use schemas::tables::Table;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::Mutex;
use uuid::Uuid;

/// Delta reader version of the tables: no deletion vectors, no column mapping, read by every engine.
pub(crate) const READER_VERSION: i32 = 1;
/// Delta writer version of the tables.
pub(crate) const WRITER_VERSION: i32 = 2;
/// When the last sure sight of the log is older than this, a missing next entry is not proof that there
/// is none: it may have expired. Far below the least log retention of an hour.
const SIGHT_MS: i64 = 60_000;

/// What to do with the state that a commit would build on.
pub(crate) enum Decision<T> {
    /// Commit these lines; then return the value.
    Commit(Vec<Line>, T),
    /// Nothing to commit.
    Done(T),
}

/// A commit that came through.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Committed<T> {
    pub(crate) value: T,
    /// Version of the table that holds the value.
    pub(crate) version: u64,
}

/// The log of one table.
#[derive(Debug)]
pub(crate) struct TableLog {
    pub(crate) table: Table,
    pub(crate) root: Path,
    storage: Storage,
    attempts_max: u32,
    library: LogStoreRef,
    follower: Mutex<Follower>,
}

#[derive(Debug)]
struct Follower {
    state: TableState,
    /// When the state was last known to have no gap to the newest entry.
    seen_ms: i64,
}

impl TableLog {
    /// Opens a table, making it where it is absent and adding columns where it lacks them.
    pub(crate) async fn open(
        storage: &Storage,
        table: Table,
        properties: &BTreeMap<String, String>,
        attempts_max: u32,
    ) -> Result<Self, LakeError> {
        let root = storage.prefix.clone().join(table.name());
        let library = load::log_store(storage, table, &root)?;
        if !has_entries(storage, &root).await? {
            create_table(storage, table, &root, properties).await?;
        }
        let state = load::load(&library, table, &root, &[]).await?;
        let follower = Mutex::new(Follower { state, seen_ms: clock::now_ms() });
        let log = Self { table, root, storage: storage.clone(), attempts_max, library, follower };
        log.evolve(properties).await?;
        Ok(log)
    }

    /// The newest version.
    pub(crate) async fn snapshot(&self) -> Result<Arc<Snapshot>, LakeError> {
        let mut follower = self.follower.lock().await;
        self.refresh(&mut follower).await?;
        Ok(follower.state.snapshot())
    }

    /// The files in which a version added rows; `None` where there is no entry of it.
    pub(crate) async fn added(&self, version: u64) -> Result<Option<Vec<DataFile>>, LakeError> {
        let Some(bytes) = self.storage.read(&entry_path(&self.root, version)).await? else { return Ok(None) };
        let lines = entry::parse(&bytes).map_err(|error| LakeError::Log {
            table: self.table.name(),
            version,
            reason: error.to_string(),
        })?;
        let adds = lines.into_iter().filter_map(|line| line.add).filter(|add| add.data_change);
        let follower = self.follower.lock().await;
        adds.map(|add| follower.state.data_file(version, add)).collect::<Result<_, _>>().map(Some)
    }

    /// Runs `read` on the newest state.
    pub(crate) async fn with_state<T>(&self, read: impl FnOnce(&TableState) -> T) -> Result<T, LakeError> {
        let mut follower = self.follower.lock().await;
        self.refresh(&mut follower).await?;
        Ok(read(&follower.state))
    }

    /// Position of an application id at the newest version.
    pub(crate) async fn position(&self, app_id: &str) -> Result<Option<i64>, LakeError> {
        let mut follower = self.follower.lock().await;
        self.refresh(&mut follower).await?;
        self.position_of(&mut follower, app_id).await
    }

    /// Commits what `decide` makes of the newest state, again and again until no other writer is first.
    /// `app_ids` are the application ids whose position `decide` will ask the state for.
    pub(crate) async fn commit<T>(
        &self,
        app_ids: &[&str],
        mut decide: impl FnMut(&TableState) -> Result<Decision<T>, LakeError>,
    ) -> Result<Committed<T>, LakeError> {
        let mut follower = self.follower.lock().await;
        for _ in 0..self.attempts_max.max(1) {
            self.refresh(&mut follower).await?;
            for app_id in app_ids {
                self.position_of(&mut follower, app_id).await?;
            }
            let (lines, value) = match decide(&follower.state)? {
                Decision::Commit(lines, value) => (lines, value),
                Decision::Done(value) => return Ok(Committed { value, version: follower.state.version }),
            };
            let version = follower.state.version + 1;
            let path = entry_path(&self.root, version);
            if self.storage.create(&path, entry::render(&lines).into()).await? {
                follower.state.apply(version, lines)?;
                follower.seen_ms = clock::now_ms();
                return Ok(Committed { value, version });
            }
        }
        Err(LakeError::Contended { table: self.table.name(), attempts: self.attempts_max })
    }

    /// Writes a checkpoint of the newest version. Returns that version, and when it was written by the store's
    /// clock.
    pub(crate) async fn checkpoint(&self) -> Result<(u64, DateTime<Utc>), LakeError> {
        let version = load::checkpoint(&self.library, self.table).await?;
        let path = hint_path(&self.root);
        let hint = self.storage.store.head(&path).await.map_err(LakeError::store("read", &path))?;
        Ok((version, hint.last_modified))
    }

    /// Version of the newest checkpoint, where there is one.
    pub(crate) async fn checkpoint_version(&self) -> Result<Option<u64>, LakeError> {
        let Some(bytes) = self.storage.read(&hint_path(&self.root)).await? else { return Ok(None) };
        let hint: Option<serde_json::Value> = serde_json::from_slice(&bytes).ok();
        Ok(hint.and_then(|hint| hint.get("version").and_then(serde_json::Value::as_u64)))
    }

    /// Deletes entries last written before `cutoff_ms` that a checkpoint covers. Returns how many.
    pub(crate) async fn delete_expired(&self, version: u64, cutoff_ms: i64) -> Result<usize, LakeError> {
        load::delete_expired(&self.library, self.table, version, cutoff_ms).await
    }

    async fn refresh(&self, follower: &mut Follower) -> Result<(), LakeError> {
        let began_ms = clock::now_ms();
        loop {
            let version = follower.state.version + 1;
            let Some(bytes) = self.storage.read(&entry_path(&self.root, version)).await? else { break };
            let lines = entry::parse(&bytes).map_err(|error| LakeError::Log {
                table: self.table.name(),
                version,
                reason: error.to_string(),
            })?;
            follower.state.apply(version, lines)?;
        }
        // Measured to the last sure sight, not to the entries just read: those may be the last that an expiry
        // under way has left.
        if (0..SIGHT_MS).contains(&(began_ms - follower.seen_ms)) {
            follower.seen_ms = began_ms;
            return Ok(());
        }
        if self.is_behind(follower.state.version).await? {
            tracing::info!(
                table = self.table.name(),
                version = follower.state.version,
                "log entries expired unread"
            );
            self.reload(follower, None).await?;
        }
        follower.seen_ms = began_ms;
        Ok(())
    }

    /// Whether the log has an entry behind `version`, the next or a later one.
    async fn is_behind(&self, version: u64) -> Result<bool, LakeError> {
        let folder = log_folder(&self.root);
        let mut listing =
            self.storage.store.list_with_offset(Some(&folder), &entry_path(&self.root, version));
        while let Some(found) = listing.next().await {
            let found = found.map_err(LakeError::store("list", &folder))?;
            if entry_version(&found.location).is_some_and(|found| found > version) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn position_of(&self, follower: &mut Follower, app_id: &str) -> Result<Option<i64>, LakeError> {
        if follower.state.position(app_id).is_none() {
            self.reload(follower, Some(app_id)).await?;
        }
        Ok(follower.state.position(app_id).flatten())
    }

    async fn reload(&self, follower: &mut Follower, app_id: Option<&str>) -> Result<(), LakeError> {
        let mut app_ids = follower.state.app_ids();
        app_ids.extend(app_id.map(str::to_owned));
        follower.state = load::load(&self.library, self.table, &self.root, &app_ids).await?;
        follower.seen_ms = clock::now_ms();
        Ok(())
    }

    async fn evolve(&self, properties: &BTreeMap<String, String>) -> Result<(), LakeError> {
        let ours = self.table.schema();
        self.commit(&[], |state| {
            let grown = schema::evolve(self.table, &state.schema, &ours)?;
            let current =
                |(key, value): (&String, &String)| state.metadata.configuration.get(key) == Some(value);
            if grown.is_none() && properties.iter().all(current) {
                return Ok(Decision::Done(()));
            }
            let mut metadata = state.metadata.clone();
            if let Some(grown) = grown {
                metadata.schema_string = schema::to_delta(self.table, &grown)?;
            }
            metadata.configuration.extend(properties.clone());
            let now_ms = clock::now_ms();
            let lines = vec![Line::commit_info("ADD COLUMNS", now_ms, false), Line::metadata(metadata)];
            Ok(Decision::Commit(lines, ()))
        })
        .await?;
        Ok(())
    }
}

async fn has_entries(storage: &Storage, root: &Path) -> Result<bool, LakeError> {
    let folder = log_folder(root);
    match storage.store.list(Some(&folder)).next().await {
        None => Ok(false),
        Some(Ok(_)) => Ok(true),
        Some(Err(error)) => Err(LakeError::store("list", &folder)(error)),
    }
}

/// Writes version 0. Another process that is first is fine: its table is ours.
async fn create_table(
    storage: &Storage,
    table: Table,
    root: &Path,
    properties: &BTreeMap<String, String>,
) -> Result<(), LakeError> {
    let now_ms = clock::now_ms();
    let metadata = Metadata {
        id: Uuid::new_v4().to_string(),
        name: Some(table.name().to_owned()),
        description: None,
        format: Format { provider: "parquet".into(), options: BTreeMap::new() },
        schema_string: schema::to_delta(table, &table.schema())?,
        partition_columns: vec![PARTITION_COLUMN.to_owned()],
        configuration: properties.clone(),
        created_time: Some(now_ms),
    };
    let lines = [
        Line::commit_info("CREATE TABLE", now_ms, false),
        Line::protocol(READER_VERSION, WRITER_VERSION),
        Line::metadata(metadata),
    ];
    storage.create(&entry_path(root, 0), entry::render(&lines).into()).await?;
    Ok(())
}

fn log_folder(root: &Path) -> Path {
    root.clone().join("_delta_log")
}

/// Where the library notes its newest checkpoint.
fn hint_path(root: &Path) -> Path {
    log_folder(root).join("_last_checkpoint")
}

fn entry_path(root: &Path, version: u64) -> Path {
    log_folder(root).join(format!("{version:020}.json"))
}

fn entry_version(path: &Path) -> Option<u64> {
    let digits = path.filename()?.strip_suffix(".json")?;
    (digits.len() == 20).then(|| digits.parse().ok()).flatten()
}
