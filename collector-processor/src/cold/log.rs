//! Records of cold patterns, one after the other in files of 64 MiB, each with its length and checksum. The
//! oldest file goes when there are too many.

use super::manifest::Manifest;
use error_patterns::ids::PatternId;
use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Bytes of a file.
const FILE_BYTES: u64 = 64 << 20;
/// Records start at multiples of it, so that 32 bits address 128 GiB.
const UNIT: u64 = 32;
const UNITS_PER_FILE: u32 = (FILE_BYTES / UNIT) as u32;
/// Length, checksum and id before the bytes.
const HEADER: usize = 16;
/// Read at once; most records are shorter.
const READ: usize = 512;
/// Longest record: what a pattern with all its hashes and the longest canonical form takes, and more.
const RECORD_BYTES_MAX: usize = 1 << 20;

/// Where a record stands, in units since the first file ever.
pub(super) type Address = u32;

/// First and last address of what counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct Extent {
    pub(super) start: Address,
    pub(super) end: Address,
}

/// The open files. A clone shares them.
#[derive(Clone, Debug)]
pub(super) struct Log {
    folder: PathBuf,
    files: BTreeMap<u32, Arc<File>>,
    extent: Extent,
    unsynced: Vec<Arc<File>>,
    buffer: Vec<u8>,
    /// Where the buffer begins.
    buffer_at: Address,
}

pub(super) fn file_name(number: u32) -> String {
    format!("records-{number:05}.log")
}

impl Log {
    pub(super) fn open(folder: &Path, manifest: &Manifest) -> io::Result<Self> {
        let extent = manifest.log;
        let mut files = BTreeMap::new();
        for number in manifest.log_files() {
            let path = folder.join(file_name(number));
            let file = File::options().read(true).write(true).open(&path)?;
            let expected =
                u64::from(extent.end.saturating_sub(number * UNITS_PER_FILE).min(UNITS_PER_FILE)) * UNIT;
            // The last record before the end of a file may leave some units unused.
            if number == extent.end / UNITS_PER_FILE && file.metadata()?.len() < expected {
                return Err(io::Error::other(format!("{} is shorter than {expected} bytes", path.display())));
            }
            files.insert(number, Arc::new(file));
        }
        Ok(Self {
            folder: folder.to_owned(),
            files,
            extent,
            unsynced: Vec::new(),
            buffer: Vec::new(),
            buffer_at: extent.end,
        })
    }

    /// Numbers of the files of an extent.
    pub(super) fn numbers(extent: Extent) -> std::ops::Range<u32> {
        if extent.start == extent.end {
            return 0..0;
        }
        extent.start / UNITS_PER_FILE..(extent.end - 1) / UNITS_PER_FILE + 1
    }

    pub(super) fn extent(&self) -> Extent {
        self.extent
    }

    pub(super) fn start(&self) -> Address {
        self.extent.start
    }

    pub(super) fn end(&self) -> Address {
        self.extent.end
    }

    pub(super) fn bytes(&self) -> u64 {
        u64::from(self.extent.end - self.extent.start) * UNIT
    }

    /// Adds a record; it counts once a manifest names its end.
    pub(super) fn append(&mut self, id: PatternId, bytes: &[u8]) -> io::Result<Address> {
        let units = u32::try_from((HEADER + bytes.len()).div_ceil(UNIT as usize)).unwrap_or(u32::MAX);
        if bytes.len() > RECORD_BYTES_MAX {
            return Err(io::Error::other(format!(
                "record has {} bytes, limit is {RECORD_BYTES_MAX}",
                bytes.len()
            )));
        }
        let room = UNITS_PER_FILE - self.extent.end % UNITS_PER_FILE;
        // A record stands in one file, and so does the buffer.
        if units > room || room == UNITS_PER_FILE {
            self.write_buffer()?;
            let unused = if units > room { room } else { 0 };
            self.extent.end = self.extent.end.checked_add(unused).ok_or_else(used_up)?;
            self.buffer_at = self.extent.end;
        }
        let address = self.extent.end;
        self.extent.end = address.checked_add(units).ok_or_else(used_up)?;
        let start = self.buffer.len();
        self.buffer.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
        self.buffer.extend_from_slice(&checksum(address, id, bytes).to_le_bytes());
        self.buffer.extend_from_slice(&id.0.to_le_bytes());
        self.buffer.extend_from_slice(bytes);
        self.buffer.resize(start + units as usize * UNIT as usize, 0);
        if self.buffer.len() > 1 << 20 {
            self.write_buffer()?;
        }
        Ok(address)
    }

    fn write_buffer(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let number = self.buffer_at / UNITS_PER_FILE;
        let file = match self.files.get(&number) {
            Some(file) => Arc::clone(file),
            None => {
                let path = self.folder.join(file_name(number));
                let file = File::options().read(true).write(true).create(true).truncate(true).open(path)?;
                let file = Arc::new(file);
                self.files.insert(number, Arc::clone(&file));
                file
            }
        };
        file.write_all_at(&self.buffer, u64::from(self.buffer_at % UNITS_PER_FILE) * UNIT)?;
        self.buffer.clear();
        self.buffer_at = self.extent.end;
        if !self.unsynced.iter().any(|each| Arc::ptr_eq(each, &file)) {
            self.unsynced.push(file);
        }
        Ok(())
    }

    /// Everything appended is on disk afterwards.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        self.write_buffer()?;
        self.unsynced.drain(..).try_for_each(|file| file.sync_data())
    }

    /// Lets the oldest file go; `false` when there is only one.
    pub(super) fn drop_oldest(&mut self) -> bool {
        if self.files.len() < 2 {
            return false;
        }
        let Some((number, _)) = self.files.pop_first() else { return false };
        self.extent.start = (number + 1) * UNITS_PER_FILE;
        true
    }

    /// The record at an address; `None` when it is gone or not what its checksum says.
    pub(super) fn read(&self, address: Address) -> io::Result<Option<(PatternId, Vec<u8>)>> {
        let Some(file) = self.files.get(&(address / UNITS_PER_FILE)) else { return Ok(None) };
        if address < self.extent.start || address >= self.extent.end {
            return Ok(None);
        }
        let offset = u64::from(address % UNITS_PER_FILE) * UNIT;
        let mut bytes = vec![0; READ];
        let read = read_up_to(file, &mut bytes, offset)?;
        let Some((header, _)) = bytes.get(..read).and_then(|bytes| bytes.split_at_checked(HEADER)) else {
            return Ok(None);
        };
        let word =
            |at: usize| u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
        let (length, expected) = (word(0) as usize, word(4));
        let id = PatternId(u64::from(word(8)) | u64::from(word(12)) << 32);
        if length > RECORD_BYTES_MAX {
            return Ok(None);
        }
        bytes.resize(HEADER + length, 0);
        if HEADER + length > read && read_up_to(file, &mut bytes, offset)? < HEADER + length {
            return Ok(None);
        }
        bytes.drain(..HEADER);
        Ok((checksum(address, id, &bytes) == expected).then_some((id, bytes)))
    }
}

fn used_up() -> io::Error {
    io::Error::other("cold patterns used up their 128 GiB of addresses")
}

fn checksum(address: Address, id: PatternId, bytes: &[u8]) -> u32 {
    let seed = crc32c::crc32c_append(crc32c::crc32c(&address.to_le_bytes()), &id.0.to_le_bytes());
    crc32c::crc32c_append(seed, bytes)
}

fn read_up_to(file: &File, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut read = 0;
    while read < bytes.len() {
        match file.read_at(&mut bytes[read..], offset + read as u64) {
            Ok(0) => break,
            Ok(more) => read += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_appended_is_read_again_where_records_fill_a_file_and_where_not() {
        for unused in [0, 32] {
            let folder = tempfile::tempdir().unwrap();
            let mut log = Log::open(folder.path(), &Manifest::of("here")).unwrap();
            let bytes = |number: u64| vec![number as u8; (64 << 10) - HEADER - unused];
            let put = |number| log.append(PatternId(number), &bytes(number)).unwrap();
            let addresses: Vec<Address> = (0..1_100).map(put).collect();
            log.sync().unwrap();
            assert_eq!(log.files.len(), 2);
            for (number, address) in (0..).zip(addresses) {
                assert_eq!(log.read(address).unwrap(), Some((PatternId(number), bytes(number))), "{number}");
            }
        }
    }
}
