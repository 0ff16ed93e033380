//! A local file system whose writes survive a power cut.
//!
//! `object_store` never calls fsync. Here every object is written to a part file beside its place,
//! synced, put into place in one step (rename, or a hard link where it must not exist yet), and the
//! folder is synced. So an object is either absent or whole, and when a write returns it is on disk.
//! Part files end in `#<digits>`, which listings leave out.

use async_trait::async_trait;
use futures::stream::BoxStream;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMode,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, RenameOptions, Result, UploadPart,
};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::ops::Range;
use std::path::{Path as FilePath, PathBuf};
use std::time::SystemTime;
use uuid::Uuid;

/// The local file system, rooted at `/`.
#[derive(Debug)]
pub(super) struct DurableFolder {
    inner: LocalFileSystem,
}

impl DurableFolder {
    pub(super) fn new() -> Self {
        Self { inner: LocalFileSystem::new() }
    }

    async fn sync_placed(&self, location: &Path) -> Result<()> {
        let target = self.inner.path_to_filesystem(location)?;
        blocking(move || {
            File::open(&target)?.sync_all()?;
            sync_folder(parent_of(&target)?)
        })
        .await
    }
}

impl std::fmt::Display for DurableFolder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DurableFolder")
    }
}

#[async_trait]
impl ObjectStore for DurableFolder {
    async fn put_opts(&self, location: &Path, payload: PutPayload, opts: PutOptions) -> Result<PutResult> {
        let create = match opts.mode {
            PutMode::Overwrite => false,
            PutMode::Create => true,
            PutMode::Update(_) => {
                return Err(Error::NotImplemented {
                    operation: "conditional update".into(),
                    implementer: self.to_string(),
                });
            }
        };
        let target = self.inner.path_to_filesystem(location)?;
        let shown = location.to_string();
        let placed = blocking(move || place(&target, &payload, create)).await;
        match placed {
            Ok(()) => Ok(PutResult { e_tag: None, version: None }),
            Err(Error::Generic { source, .. }) if create && is_already_exists(source.as_ref()) => {
                Err(Error::AlreadyExists { path: shown, source })
            }
            Err(error) => Err(error),
        }
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        opts: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        let upload = self.inner.put_multipart_opts(location, opts).await?;
        let store = Self::new();
        Ok(Box::new(DurableUpload { upload, store, location: location.clone() }))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.inner.get_opts(location, options).await
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<bytes::Bytes>> {
        self.inner.get_ranges(location, ranges).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    fn list_with_offset(
        &self,
        prefix: Option<&Path>,
        offset: &Path,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list_with_offset(prefix, offset)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await?;
        self.sync_placed(to).await
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        self.inner.rename_opts(from, to, options).await?;
        self.sync_placed(to).await
    }
}

/// An upload in parts that syncs the object once it is in place.
#[derive(Debug)]
struct DurableUpload {
    upload: Box<dyn MultipartUpload>,
    store: DurableFolder,
    location: Path,
}

#[async_trait]
impl MultipartUpload for DurableUpload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        self.upload.put_part(data)
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let result = self.upload.complete().await?;
        self.store.sync_placed(&self.location).await?;
        Ok(result)
    }

    async fn abort(&mut self) -> Result<()> {
        self.upload.abort().await
    }
}

/// Makes `folder` and what is missing above it, each synced into its parent.
pub(super) fn create_folder(folder: &FilePath) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let parent = match folder.parent() {
        Some(parent) if parent.as_os_str().is_empty() => FilePath::new("."),
        Some(parent) => parent,
        None => return Ok(()),
    };
    create_folder(parent)?;
    match fs::create_dir(folder) {
        Ok(()) => sync_folder(parent),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

/// Deletes part files under `folder` that were last written before `older_than`, left by a crash.
/// Returns how many.
pub(crate) fn remove_stale_parts(folder: &FilePath, older_than: SystemTime) -> io::Result<usize> {
    let mut removed = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            removed += remove_stale_parts(&entry.path(), older_than)?;
        } else if kind.is_file() && is_part(&entry.file_name().to_string_lossy()) {
            let modified = entry.metadata()?.modified()?;
            if modified < older_than && fs::remove_file(entry.path()).is_ok() {
                removed += 1;
            }
        }
    }
    Ok(removed)
}

fn is_part(name: &str) -> bool {
    name.rsplit_once('#')
        .is_some_and(|(_, digits)| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
}

fn place(target: &FilePath, payload: &PutPayload, create: bool) -> io::Result<()> {
    let folder = parent_of(target)?;
    let part = part_path(target)?;
    let mut file = match OpenOptions::new().write(true).create_new(true).open(&part) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            create_folder(folder)?;
            OpenOptions::new().write(true).create_new(true).open(&part)?
        }
        opened => opened?,
    };
    let placed = payload
        .iter()
        .try_for_each(|piece| file.write_all(piece))
        .and_then(|()| file.sync_all())
        .and_then(|()| if create { fs::hard_link(&part, target) } else { fs::rename(&part, target) });
    if create || placed.is_err() {
        // The part is only another name by now; one that stays is deleted by the vacuum.
        fs::remove_file(&part).ok();
    }
    placed?;
    sync_folder(folder)
}

fn part_path(target: &FilePath) -> io::Result<PathBuf> {
    let mut name = target.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_owned();
    name.push(format!("#{}", Uuid::new_v4().as_u128()));
    Ok(target.with_file_name(name))
}

fn parent_of(target: &FilePath) -> io::Result<&FilePath> {
    target.parent().ok_or_else(|| io::ErrorKind::InvalidInput.into())
}

fn sync_folder(folder: &FilePath) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

fn is_already_exists(error: &(dyn std::error::Error + 'static)) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::AlreadyExists)
}

async fn blocking(work: impl FnOnce() -> io::Result<()> + Send + 'static) -> Result<()> {
    let joined = tokio::task::spawn_blocking(work).await.map_err(|source| Error::JoinError { source })?;
    joined.map_err(|source| Error::Generic { store: "DurableFolder", source: Box::new(source) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use object_store::ObjectStoreExt;
    use std::time::Duration;

    #[tokio::test]
    async fn create_only_writes_once_and_listings_skip_parts() {
        let folder = tempfile::tempdir().unwrap();
        let store = DurableFolder::new();
        let path = Path::from_absolute_path(folder.path().join("a/b/object.json")).unwrap();
        let create = || PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        store.put_opts(&path, "one".into(), create()).await.unwrap();
        let second = store.put_opts(&path, "two".into(), create()).await;
        assert!(matches!(second, Err(Error::AlreadyExists { .. })), "{second:?}");
        assert_eq!(store.get(&path).await.unwrap().bytes().await.unwrap(), "one");
        store.put(&path, "three".into()).await.unwrap();
        assert_eq!(store.get(&path).await.unwrap().bytes().await.unwrap(), "three");

        let part = part_path(&folder.path().join("a/b/object.json")).unwrap();
        fs::write(&part, "torn").unwrap();
        let names: Vec<_> = fs::read_dir(folder.path().join("a/b")).unwrap().collect();
        assert_eq!(names.len(), 2, "no part is left behind but the one made here");
        let prefix = Path::from_absolute_path(folder.path()).unwrap();
        let listed = store.list_with_delimiter(Some(&prefix.join("a").join("b"))).await.unwrap();
        assert_eq!(listed.objects.len(), 1);
        let written = fs::metadata(&part).unwrap().modified().unwrap();
        assert_eq!(remove_stale_parts(folder.path(), written).unwrap(), 0);
        assert_eq!(remove_stale_parts(folder.path(), written + Duration::from_secs(1)).unwrap(), 1);
    }
}
