//! The name under which an engine writes to the lake: kept in its data folder, for one process at a time.

use lake::WriterId;
use std::fs::{File, OpenOptions};
use std::io::{Error, ErrorKind, Read, Seek, Write};
use std::path::Path;
use uuid::Uuid;

/// Where the name is kept.
const FILE: &str = "engine-id";

/// A writer's name, with the lock that keeps other processes from using it.
#[derive(Debug)]
pub struct Identity {
    writer: WriterId,
    _lock: Option<File>,
}

impl Identity {
    /// The name that `folder` keeps; a new one where it keeps none. Where another process uses the folder's name, one
    /// for this process alone.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn open(folder: &Path) -> Result<Self, Error> {
        std::fs::create_dir_all(folder)?;
        let path = folder.join(FILE);
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        if file.try_lock().is_err() {
            tracing::info!(
                "another process uses this folder's engine-id, this one writes under a name of its own"
            );
            return Self::unkept();
        }
        let mut text = String::new();
        Read::by_ref(&mut file).take(100).read_to_string(&mut text)?;
        if let Ok(writer) = WriterId::new(text.trim()) {
            return Ok(Self { writer, _lock: Some(file) });
        }
        // New, or cut short by a crash before its first use.
        let new = Self::unkept()?;
        file.set_len(0)?;
        file.rewind()?;
        file.write_all(new.writer.as_str().as_bytes())?;
        file.sync_all()?;
        File::open(folder)?.sync_all()?;
        Ok(Self { writer: new.writer, _lock: Some(file) })
    }

    /// A name that is used once.
    ///
    /// # Errors
    /// None that is known.
    pub fn unkept() -> Result<Self, Error> {
        let name = format!("e{}", &Uuid::new_v4().simple().to_string()[..16]);
        let writer = WriterId::new(&name).map_err(|error| Error::new(ErrorKind::InvalidInput, error))?;
        Ok(Self { writer, _lock: None })
    }

    /// The name.
    #[must_use]
    pub fn writer(&self) -> &WriterId {
        &self.writer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_keeps_its_name_for_one_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let first = Identity::open(folder.path()).unwrap();
        let beside = Identity::open(folder.path()).unwrap();
        assert_ne!(first.writer(), beside.writer());
        let name = first.writer().clone();
        drop(first);
        assert_eq!(*Identity::open(folder.path()).unwrap().writer(), name);
        std::fs::write(folder.path().join(FILE), "").unwrap();
        assert_ne!(*Identity::open(folder.path()).unwrap().writer(), name);
    }
}
