//! What is kept of aggregates, in a local folder too, so that the first dashboard after a restart need not read the
//! whole lake.
//!
//! An entry is a file: [`MAGIC`], the aggregate and the files that a sum is of, the states as an Arrow IPC stream (its
//! length, then its bytes as zstd has them), and a checksum over all of it. An entry that is torn, or of other columns
//! than the plan wants, is as good as none. Entries are good for one version of the engine and of DataFusion: states are
//! not a format that anybody promised. Several processes may share a folder.
//!
//! Bounds: [`QueryConfig::partials_disk_bytes_max`](crate::QueryConfig::partials_disk_bytes_max) for all entries, of
//! which those not used for longest go first; [`WAITING_BYTES_MAX`] that wait to be written, what is more is not kept
//! here.

use crate::clock;
use datafusion::DATAFUSION_VERSION;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::ipc::reader::StreamReader;
use datafusion::arrow::ipc::writer::StreamWriter;
use parking_lot::Mutex;
use std::collections::{HashMap, HashSet};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, UNIX_EPOCH};
use xxhash_rust::xxh3::xxh3_64;

const MAGIC: &[u8; 8] = b"ERRATAP1";
/// To be raised when an aggregate function of ours keeps something else in its state, or means something else by it.
const STATES_VERSION: u32 = 1;
const SUFFIX: &str = "partial";
/// Sketches shrink to a third, at little cost.
const ZSTD_LEVEL: i32 = 1;
const CHECKSUM_BYTES: usize = 8;
const WAITING_BYTES_MAX: u64 = 128 << 20;
/// An unfinished file this old is nobody's any more.
const UNFINISHED_MS: u64 = 600_000;
/// One part in so many of the room is free when entries had to go.
const FREE_PART: u64 = 10;

/// Entries in a folder.
#[derive(Debug)]
pub(super) struct Disk {
    folder: PathBuf,
    bytes_max: u64,
    entries: Mutex<HashMap<u128, Entry>>,
    waiting_bytes: AtomicU64,
    told: AtomicBool,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    bytes: u64,
    used_ms: u64,
}

/// What an entry is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Of {
    File,
    /// Of an aggregate over the files with these keys.
    Sum {
        base: u128,
        members: Arc<HashSet<u128>>,
    },
}

impl Disk {
    /// The entries below `folder`, which is made if need be, and which of them are sums.
    ///
    /// # Errors
    /// Where the folder cannot be made or read.
    pub(super) fn open(folder: &Path, bytes_max: u64) -> io::Result<(Self, Vec<(u128, Of)>)> {
        let version =
            format!("{STATES_VERSION}-{}-datafusion-{DATAFUSION_VERSION}", env!("CARGO_PKG_VERSION"));
        fs::create_dir_all(folder)?;
        for other in
            fs::read_dir(folder)?.filter_map(Result::ok).filter(|other| *other.file_name() != *version)
        {
            fs::remove_dir_all(other.path())?;
        }
        let folder = folder.join(version);
        fs::create_dir_all(&folder)?;
        let (mut entries, mut sums) = (HashMap::new(), Vec::new());
        for file in fs::read_dir(&folder)?.filter_map(Result::ok) {
            let Some((key, entry)) = known(&file) else { continue };
            entries.insert(key, entry);
            if let Some(of @ Of::Sum { .. }) =
                File::open(file.path()).ok().and_then(|mut file| read_of(&mut file))
            {
                sums.push((key, of));
            }
        }
        let entries = Mutex::new(entries);
        let disk = Self {
            folder,
            bytes_max,
            entries,
            waiting_bytes: AtomicU64::new(0),
            told: AtomicBool::new(false),
        };
        disk.make_room();
        Ok((disk, sums))
    }

    pub(super) fn has(&self, key: u128) -> bool {
        self.entries.lock().contains_key(&key)
    }

    /// The states under `key`, if they are there and whole.
    pub(super) fn read(&self, key: u128, schema: &SchemaRef) -> Option<RecordBatch> {
        if !self.has(key) {
            return None;
        }
        let path = self.path(key);
        let states = fs::read(&path).ok().and_then(|bytes| parse(&bytes, schema));
        if states.is_none() {
            self.remove(key);
            return None;
        }
        let now_ms = now_ms();
        if let Some(entry) = self.entries.lock().get_mut(&key) {
            entry.used_ms = now_ms;
        }
        // How other processes, and the next one, know what was used.
        let used = File::options().append(true).open(&path);
        let marked = used.and_then(|file| file.set_modified(UNIX_EPOCH + Duration::from_millis(now_ms)));
        if let Err(error) = marked {
            tracing::debug!(%error, "the use of an entry is not noted");
        }
        states
    }

    /// Writes `states` beside what runs. Needs a runtime.
    pub(super) fn write(self: &Arc<Self>, key: u128, of: Of, states: RecordBatch) {
        let bytes = states.get_array_memory_size() as u64;
        if self.has(key) || bytes > self.bytes_max / 4 {
            return;
        }
        if self.waiting_bytes.fetch_add(bytes, Ordering::Relaxed) + bytes > WAITING_BYTES_MAX {
            self.waiting_bytes.fetch_sub(bytes, Ordering::Relaxed);
            return;
        }
        let disk = Arc::clone(self);
        tokio::task::spawn_blocking(move || {
            if let Err(error) = disk.store(key, &of, &states)
                && !disk.told.swap(true, Ordering::Relaxed)
            {
                let folder = disk.folder.display();
                tracing::warn!(%error, %folder, "what is kept of aggregates cannot be written; a restart begins anew");
            }
            disk.waiting_bytes.fetch_sub(bytes, Ordering::Relaxed);
        });
    }

    fn store(&self, key: u128, of: &Of, states: &RecordBatch) -> Result<(), ArrowError> {
        let bytes = written(of, states)?;
        let path = self.path(key);
        let partial = path.with_extension(std::process::id().to_string());
        let stored = File::create(&partial)
            .and_then(|mut file| file.write_all(&bytes))
            .and_then(|()| fs::rename(&partial, &path));
        if let Err(error) = stored {
            // Best effort: an unfinished file is dropped at a later start too.
            drop(fs::remove_file(&partial));
            return Err(error.into());
        }
        self.entries.lock().insert(key, Entry { bytes: bytes.len() as u64, used_ms: now_ms() });
        self.make_room();
        Ok(())
    }

    pub(super) fn remove(&self, key: u128) {
        if self.entries.lock().remove(&key).is_some() {
            // Another process may have been faster.
            drop(fs::remove_file(self.path(key)));
        }
    }

    /// Drops what was not used for longest, where there is too much.
    fn make_room(&self) {
        let mut ordered: Vec<(u128, Entry)> = {
            let entries = self.entries.lock();
            let total: u64 = entries.values().map(|entry| entry.bytes).sum();
            if total <= self.bytes_max {
                return;
            }
            entries.iter().map(|(key, entry)| (*key, *entry)).collect()
        };
        ordered.sort_unstable_by_key(|(_, entry)| entry.used_ms);
        let mut total: u64 = ordered.iter().map(|(_, entry)| entry.bytes).sum();
        for (key, entry) in ordered {
            if total <= self.bytes_max - self.bytes_max / FREE_PART {
                break;
            }
            self.remove(key);
            total -= entry.bytes;
        }
    }

    fn path(&self, key: u128) -> PathBuf {
        self.folder.join(format!("{key:032x}.{SUFFIX}"))
    }
}

fn now_ms() -> u64 {
    u64::try_from(clock::now_unix_nano() / 1_000_000).unwrap_or_default()
}

/// The key of a file in the folder; what was left unfinished long ago is dropped.
fn known(file: &fs::DirEntry) -> Option<(u128, Entry)> {
    let path = file.path();
    let metadata = file.metadata().ok()?;
    let modified = metadata.modified().ok()?.duration_since(UNIX_EPOCH).unwrap_or_default();
    let used_ms = u64::try_from(modified.as_millis()).unwrap_or(u64::MAX);
    if path.extension().is_some_and(|extension| extension == SUFFIX) {
        let key = u128::from_str_radix(path.file_stem()?.to_str()?, 16).ok()?;
        return Some((key, Entry { bytes: metadata.len(), used_ms }));
    }
    if now_ms().saturating_sub(used_ms) > UNFINISHED_MS {
        drop(fs::remove_file(&path));
    }
    None
}

fn written(of: &Of, states: &RecordBatch) -> Result<Vec<u8>, ArrowError> {
    let mut bytes = MAGIC.to_vec();
    match of {
        Of::File => bytes.extend_from_slice(&0_u32.to_le_bytes()),
        Of::Sum { base, members } => {
            let count = u32::try_from(members.len()).unwrap_or(u32::MAX);
            bytes.extend_from_slice(&count.to_le_bytes());
            bytes.extend_from_slice(&base.to_le_bytes());
            members.iter().for_each(|member| bytes.extend_from_slice(&member.to_le_bytes()));
        }
    }
    let mut writer = StreamWriter::try_new(Vec::new(), &states.schema())?;
    writer.write(states)?;
    let stream = writer.into_inner()?;
    bytes.extend_from_slice(&(stream.len() as u64).to_le_bytes());
    bytes.extend(zstd::bulk::compress(&stream, ZSTD_LEVEL)?);
    let checksum = xxh3_64(&bytes);
    bytes.extend_from_slice(&checksum.to_le_bytes());
    Ok(bytes)
}

/// What stands before the states.
fn read_of(from: &mut impl Read) -> Option<Of> {
    let mut magic = [0; MAGIC.len()];
    from.read_exact(&mut magic).ok().filter(|()| magic == *MAGIC)?;
    let mut count = [0; 4];
    from.read_exact(&mut count).ok()?;
    let count = u64::from(u32::from_le_bytes(count));
    if count == 0 {
        return Some(Of::File);
    }
    let mut base = [0; 16];
    from.read_exact(&mut base).ok()?;
    let mut keys = Vec::new();
    from.take(16 * count).read_to_end(&mut keys).ok()?;
    let members: HashSet<u128> =
        keys.as_chunks::<16>().0.iter().map(|key| u128::from_le_bytes(*key)).collect();
    let whole = members.len() as u64 == count;
    whole.then(|| Of::Sum { base: u128::from_le_bytes(base), members: Arc::new(members) })
}

fn parse(bytes: &[u8], schema: &SchemaRef) -> Option<RecordBatch> {
    let (body, checksum) = bytes.split_at_checked(bytes.len().checked_sub(CHECKSUM_BYTES)?)?;
    if xxh3_64(body).to_le_bytes() != checksum {
        return None;
    }
    let mut rest = body;
    read_of(&mut rest)?;
    let (length, rest) = rest.split_first_chunk()?;
    let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
    let stream = zstd::bulk::decompress(rest, length).ok()?;
    let batches: Vec<RecordBatch> =
        StreamReader::try_new(&stream[..], None).ok()?.collect::<Result<_, _>>().ok()?;
    let [states] = &batches[..] else { return None };
    let states = RecordBatch::try_new(Arc::clone(schema), states.columns().to_vec()).ok()?;
    // What is read shares one piece of memory, which each column would count as its own.
    super::sums::as_one(schema, &[states]).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::arrow::array::{ArrayRef, Int64Array, StringArray};

    fn states(rows: i64) -> RecordBatch {
        let keys: ArrayRef =
            Arc::new(StringArray::from_iter_values((0..rows).map(|row| format!("pattern {row}"))));
        let counts: ArrayRef = Arc::new(Int64Array::from_iter_values(0..rows));
        RecordBatch::try_from_iter([("key", keys), ("count", counts)]).unwrap()
    }

    fn opened(folder: &Path, bytes_max: u64) -> (Arc<Disk>, Vec<(u128, Of)>) {
        let (disk, sums) = Disk::open(folder, bytes_max).unwrap();
        (Arc::new(disk), sums)
    }

    #[test]
    fn what_was_written_is_there_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let (disk, sums) = opened(folder.path(), 1 << 20);
        assert!(sums.is_empty());
        let sum = Of::Sum { base: 7, members: Arc::new(HashSet::from([1, 2])) };
        disk.store(1, &Of::File, &states(3)).unwrap();
        disk.store(9, &sum, &states(5)).unwrap();
        let (disk, sums) = opened(folder.path(), 1 << 20);
        assert_eq!(sums, [(9, sum)]);
        for (key, rows) in [(1, 3), (9, 5)] {
            assert_eq!(disk.read(key, &states(0).schema()), Some(states(rows)));
        }
        assert_eq!(disk.read(2, &states(0).schema()), None);
    }

    #[test]
    fn torn_entries_and_other_columns_are_as_good_as_none() {
        let folder = tempfile::tempdir().unwrap();
        let (disk, _) = opened(folder.path(), 1 << 20);
        let schema = states(0).schema();
        let whole = written(&Of::File, &states(40)).unwrap();
        for cut in [0, 3, 11, 200, whole.len() - 1] {
            disk.store(1, &Of::File, &states(40)).unwrap();
            fs::write(disk.path(1), &whole[..cut]).unwrap();
            assert_eq!(disk.read(1, &schema), None, "cut at {cut}");
            assert!(!disk.has(1) && !disk.path(1).exists());
        }
        for place in [0, 9, 30, whole.len() / 2, whole.len() - 1] {
            let mut changed = whole.clone();
            changed[place] ^= 1;
            assert_eq!(parse(&changed, &schema), None, "changed at {place}");
        }
        disk.store(1, &Of::File, &states(40)).unwrap();
        let other =
            RecordBatch::try_from_iter([("key", Arc::new(Int64Array::from(vec![1])) as ArrayRef)]).unwrap();
        assert_eq!(disk.read(1, &other.schema()), None);
    }

    #[test]
    fn the_least_used_goes_first() {
        let folder = tempfile::tempdir().unwrap();
        let bytes = written(&Of::File, &states(100)).unwrap().len() as u64;
        let (disk, _) = opened(folder.path(), bytes * 4 + bytes / 2);
        for key in 1..=4 {
            disk.store(key, &Of::File, &states(100)).unwrap();
            disk.entries.lock().get_mut(&key).unwrap().used_ms = key as u64;
        }
        assert!(disk.read(1, &states(0).schema()).is_some());
        disk.store(5, &Of::File, &states(100)).unwrap();
        let kept: Vec<bool> = (1..=5).map(|key| disk.has(key)).collect();
        assert_eq!(kept, [true, false, true, true, true]);
        assert_eq!(fs::read_dir(&disk.folder).unwrap().count(), 4);
        // What was read last is known after a restart too.
        for entry in fs::read_dir(&disk.folder).unwrap() {
            let file = File::options().append(true).open(entry.unwrap().path()).unwrap();
            file.set_modified(UNIX_EPOCH).unwrap();
        }
        assert!(disk.read(4, &states(0).schema()).is_some());
        let (disk, _) = opened(folder.path(), bytes * 2);
        assert!(disk.has(4) && disk.entries.lock().len() == 1);
    }

    #[test]
    fn other_versions_and_unfinished_files_are_dropped() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("0-of-old")).unwrap();
        let (disk, _) = opened(folder.path(), 1 << 20);
        let (old, under_way) = (disk.path(1).with_extension("4711"), disk.path(1).with_extension("4712"));
        fs::write(&under_way, "half").unwrap();
        fs::write(&old, "half").unwrap();
        File::options().append(true).open(&old).unwrap().set_modified(UNIX_EPOCH).unwrap();
        let (_, sums) = opened(folder.path(), 1 << 20);
        assert!(sums.is_empty() && under_way.exists() && !old.exists());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
