//! What of the folder counts: one small file that replaces its predecessor in one step.

use super::log::{self, Extent, Log};
use super::run::{self, Named};
use crate::files::replace;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io;
use std::path::Path;

const NAME: &str = "manifest";
/// Changes with any change of the files' form.
const FORMAT: u32 = 2;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Manifest {
    format: u32,
    /// What the patterns come from.
    pub(super) source: String,
    pub(super) log: Extent,
    pub(super) runs: Vec<Named>,
    /// Number of the next run.
    next: u64,
    /// Records written so far.
    pub(super) records: u64,
    /// The lake's files whose facts are all in here.
    pub(super) applied: Vec<String>,
}

impl Manifest {
    /// Of an empty folder.
    pub(super) fn of(source: &str) -> Self {
        Self {
            format: FORMAT,
            source: source.to_owned(),
            log: Extent::default(),
            runs: Vec::new(),
            next: 0,
            records: 0,
            applied: Vec::new(),
        }
    }

    /// The manifest of a folder; `None` where there is none.
    pub(super) fn load(folder: &Path) -> io::Result<Option<Self>> {
        let text = match fs::read_to_string(folder.join(NAME)) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let broken = || io::Error::other("the manifest of cold patterns is broken");
        let (checksum, body) = text.split_once('\n').ok_or_else(broken)?;
        if checksum != format!("{:08x}", crc32c::crc32c(body.as_bytes())) {
            return Err(broken());
        }
        let manifest: Self = serde_json::from_str(body).map_err(|_| broken())?;
        if manifest.format != FORMAT {
            return Err(io::Error::other(format!("cold patterns have format {}", manifest.format)));
        }
        Ok(Some(manifest))
    }

    /// Replaces the folder's manifest.
    pub(super) fn save(&self, folder: &Path) -> io::Result<()> {
        let body = serde_json::to_string(self).map_err(io::Error::other)?;
        replace(&folder.join(NAME), &format!("{:08x}\n{body}", crc32c::crc32c(body.as_bytes())))
    }

    pub(super) fn take_number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    pub(super) fn log_files(&self) -> std::ops::Range<u32> {
        Log::numbers(self.log)
    }

    /// Deletes what it does not name.
    pub(super) fn remove_others(&self, folder: &Path) -> io::Result<()> {
        let mut named: Vec<String> = self.log_files().map(log::file_name).collect();
        named.extend(self.runs.iter().map(|each| run::file_name(each.number)));
        named.push(NAME.to_owned());
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let ours =
                name.starts_with("records-") || name.starts_with("run-") || name.starts_with("manifest");
            if ours && !named.contains(&name) {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }
}
