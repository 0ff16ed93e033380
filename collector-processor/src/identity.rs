//! Under which id a data folder writes to the lake, and which life of it does.
//!
//! The id lives as long as the folder. The lease is made up at each start and taken in the lake
//! ([`Lake::take_over`]); the folder remembers its last leases, so that a start tells its own earlier lives from
//! another folder with the same id: a copy. To be used under the log's lock only.

use crate::files::replace;
use crate::processor::StartError;
use lake::{Lake, LakeError, Lease, WriterId};
use schemas::tables::Table;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use uuid::Uuid;

const ID_FILE: &str = "writer-id";
const LEASE_FILE: &str = "writer-lease";
/// Leases remembered; one is added by each start.
const LEASES_MAX: usize = 16;
/// What a processor writes.
const TABLES: [Table; 3] = [Table::Spans, Table::Errors, Table::Patterns];

/// The folder's id, with a lease that no other process has.
pub(crate) async fn claim(folder: &Path, lake: &Lake) -> Result<WriterId, StartError> {
    let writer = WriterId::new(&kept_id(folder)?)?;
    let path = folder.join(LEASE_FILE);
    let known = read_leases(&path).map_err(failed(&path))?;
    let lease = Lease::new(Uuid::new_v4().as_u64_pair().0);
    let mut kept: Vec<Lease> = known.iter().copied().chain([lease]).collect();
    kept.drain(..kept.len().saturating_sub(LEASES_MAX));
    let text: String = kept.iter().map(|lease| format!("{}\n", lease.number())).collect();
    // Before the lake has it: after a crash in between it is known as ours.
    replace(&path, &text).map_err(failed(&path))?;
    lake.take_over(&writer, &TABLES, &known, lease).await.map_err(|error| match error {
        LakeError::Fenced { .. } => StartError::Copied { folder: folder.to_owned(), source: Box::new(error) },
        other => StartError::Lake(other),
    })
}

fn kept_id(folder: &Path) -> Result<String, StartError> {
    let path = folder.join(ID_FILE);
    match fs::read_to_string(&path) {
        Ok(id) => return Ok(id.trim().to_owned()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(source) => return Err(failed(&path)(source)),
    }
    let id = format!("w{}", &Uuid::new_v4().simple().to_string()[..16]);
    replace(&path, &id).map_err(failed(&path))?;
    Ok(id)
}

/// None where there is no file: the first start, or a folder of a version without leases.
fn read_leases(path: &Path) -> io::Result<Vec<Lease>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(text.lines().filter_map(|line| line.parse().ok()).map(Lease::new).collect()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

fn failed(path: &Path) -> impl Fn(io::Error) -> StartError {
    let path: PathBuf = path.to_owned();
    move |source| StartError::DataDir { path: path.clone(), source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lake::LakeConfig;
    use std::ops::RangeInclusive;

    async fn append(lake: &Lake, writer: &WriterId, range: RangeInclusive<u64>) -> Result<(), LakeError> {
        lake.append(Table::Errors, writer, range, Vec::new()).await.map(|_| ())
    }

    /// Who starts last has the id; who was overtaken commits nothing and is told so, also at its next start.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_copied_folder_is_fenced() {
        let root = tempfile::tempdir().unwrap();
        let lake = Lake::open(LakeConfig::new(root.path().join("lake").display().to_string())).await.unwrap();
        let (original, copy) = (root.path().join("original"), root.path().join("copy"));
        fs::create_dir_all(&original).unwrap();
        fs::create_dir_all(&copy).unwrap();

        let first = claim(&original, &lake).await.unwrap();
        append(&lake, &first, 1..=3).await.unwrap();
        let restarted = claim(&original, &lake).await.unwrap();
        let late = append(&lake, &first, 4..=5).await;
        assert!(matches!(late, Err(LakeError::Fenced { table: "errors", .. })), "{late:?}");
        append(&lake, &restarted, 4..=5).await.unwrap();

        for name in [ID_FILE, LEASE_FILE] {
            fs::copy(original.join(name), copy.join(name)).unwrap();
        }
        let other = claim(&copy, &lake).await.unwrap();
        append(&lake, &other, 6..=9).await.unwrap();
        // Also what the other has committed meanwhile is not taken for one's own.
        for range in [6..=7, 6..=12] {
            let refused = append(&lake, &restarted, range).await;
            assert!(matches!(refused, Err(LakeError::Fenced { .. })), "{refused:?}");
        }
        let refused = claim(&original, &lake).await.unwrap_err();
        assert!(matches!(refused, StartError::Copied { .. }), "{refused:?}");
        assert!(claim(&copy, &lake).await.is_ok());
    }

    #[test]
    fn a_folder_keeps_its_id_and_its_last_leases() {
        let folder = tempfile::tempdir().unwrap();
        let id = kept_id(folder.path()).unwrap();
        assert_eq!(kept_id(folder.path()).unwrap(), id);
        let path = folder.path().join(LEASE_FILE);
        assert_eq!(read_leases(&path).unwrap(), []);
        replace(&path, "7\nnonsense\n9\n").unwrap();
        assert_eq!(read_leases(&path).unwrap(), [Lease::new(7), Lease::new(9)]);
    }
}
