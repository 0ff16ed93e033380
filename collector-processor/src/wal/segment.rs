//! One segment file: its name, its creation, and reading records out of it. Blocking I/O.
//!
//! Knows nothing of consumers or of the other segments.

use std::fs::File;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io::{self, Read, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::format::{
    self, MARKER, RECORD_HEADER_BYTES, RecordHeader, SEGMENT_HEADER_BYTES, SegmentHeader,
    encode_segment_header,
};
use super::record::Record;

/// Distance of the index marks of a segment.
const MARK_BYTES: u64 = 256 * 1024;

/// A place in a segment: the record at `offset` has `position`, and `records` come before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) position: u64,
    pub(super) offset: u64,
    pub(super) records: u64,
}

/// What is known of a segment. Only records up to `bytes` may be read.
#[derive(Clone, Debug)]
pub(super) struct Segment {
    pub(super) path: PathBuf,
    /// The number in the file's name; no record is before it.
    pub(super) first: u64,
    /// Position of the last record, 0 when there is none.
    pub(super) last: u64,
    pub(super) salt: u64,
    pub(super) bytes: u64,
    pub(super) records: u64,
    /// About every 256 KiB, ascending.
    pub(super) marks: Vec<Mark>,
}

impl Segment {
    pub(super) fn new(path: PathBuf, first: u64, salt: u64) -> Self {
        Self { path, first, last: 0, salt, bytes: SEGMENT_HEADER_BYTES as u64, records: 0, marks: Vec::new() }
    }

    /// The same without the index, to hand to a reader.
    pub(super) fn without_marks(&self) -> Self {
        Self { path: self.path.clone(), marks: Vec::new(), ..*self }
    }

    /// Notes a record that lies at `offset` and ends at `end`.
    pub(super) fn note(&mut self, position: u64, offset: u64, end: u64) {
        if self.marks.last().is_none_or(|mark| offset >= mark.offset + MARK_BYTES) {
            self.marks.push(Mark { position, offset, records: self.records });
        }
        self.last = position;
        self.records += 1;
        self.bytes = end;
    }

    /// The last mark at or before `position`.
    pub(super) fn mark_before(&self, position: u64) -> Mark {
        let after = self.marks.partition_point(|mark| mark.position <= position);
        after.checked_sub(1).and_then(|at| self.marks.get(at).copied()).unwrap_or(Mark {
            position: self.first,
            offset: SEGMENT_HEADER_BYTES as u64,
            records: 0,
        })
    }
}

/// File name of the segment that begins at `first`.
pub(super) fn file_name(first: u64) -> String {
    format!("wal-{first:016x}.log")
}

/// Number in a segment's file name; `None` for other files.
pub(super) fn parse_file_name(name: &str) -> Option<u64> {
    let digits = name.strip_prefix("wal-")?.strip_suffix(".log")?;
    (digits.len() == 16).then(|| u64::from_str_radix(digits, 16).ok())?
}

/// Creates a segment file that is durable, name included. An existing file is emptied: the caller knows that
/// it holds no record.
pub(super) fn create(dir: &Path, first: u64) -> io::Result<(File, Segment)> {
    let path = dir.join(file_name(first));
    let salt = RandomState::new().build_hasher().finish();
    let mut file = File::create(&path)?;
    file.write_all(&encode_segment_header(salt))?;
    file.sync_all()?;
    sync_dir(dir)?;
    Ok((file, Segment::new(path, first, salt)))
}

/// Makes names in a folder durable.
pub(super) fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

/// Reads the header of a segment file.
pub(super) fn read_header(file: &mut File) -> io::Result<SegmentHeader> {
    let mut header = Vec::with_capacity(SEGMENT_HEADER_BYTES);
    file.seek(SeekFrom::Start(0))?;
    Read::take(file, SEGMENT_HEADER_BYTES as u64).read_to_end(&mut header)?;
    Ok(format::decode_segment_header(&header))
}

/// What a scan met.
#[derive(Debug)]
pub(super) enum Scanned {
    /// A whole record.
    Record { record: Record, offset: u64, end: u64 },
    /// Bytes that are no valid record.
    Damaged { offset: u64, end: u64 },
}

/// Reads the records of a segment in order, in chunks; payloads are slices of the chunk.
#[derive(Debug)]
pub(super) struct Scan {
    file: File,
    salt: u64,
    /// Where the next record should begin.
    offset: u64,
    /// Nothing at or after this is read.
    end: u64,
    chunk: Bytes,
    chunk_offset: u64,
    chunk_bytes: usize,
    /// Records must be after this position.
    position: u64,
}

impl Scan {
    /// Scans `file` from `offset` (the begin of a record) to `end`; `after` is the position before.
    pub(super) fn new(file: File, salt: u64, offset: u64, end: u64, after: u64, chunk_bytes: usize) -> Self {
        Self { file, salt, offset, end, chunk: Bytes::new(), chunk_offset: 0, chunk_bytes, position: after }
    }

    /// The next record or damage, `None` at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<Scanned>> {
        let offset = self.offset;
        if offset >= self.end {
            return Ok(None);
        }
        let head = self.view(offset, RECORD_HEADER_BYTES)?;
        let Some(header) = self.header(&head) else {
            let end = self.search(offset + 1)?;
            self.offset = end;
            return Ok(Some(Scanned::Damaged { offset, end }));
        };
        let end = offset + header.record_bytes();
        if end > self.end {
            self.offset = self.end;
            return Ok(Some(Scanned::Damaged { offset, end: self.end }));
        }
        let bytes = self.view(offset, usize::try_from(header.record_bytes()).map_err(io::Error::other)?)?;
        self.offset = end;
        self.position = header.position;
        let Some((payload, facts)) = format::body(&header, &bytes) else {
            return Ok(Some(Scanned::Damaged { offset, end }));
        };
        let record = Record {
            position: header.position,
            kind: header.kind,
            received_unix_nano: header.received_unix_nano,
            payload,
            facts,
        };
        Ok(Some(Scanned::Record { record, offset, end }))
    }

    fn header(&self, bytes: &[u8]) -> Option<RecordHeader> {
        RecordHeader::decode(bytes, self.salt).filter(|header| header.position > self.position)
    }

    /// Finds the next valid record header at or after `from`; the end where there is none.
    fn search(&mut self, mut from: u64) -> io::Result<u64> {
        while from + (RECORD_HEADER_BYTES as u64) <= self.end {
            let view = self.view(from, self.chunk_bytes.max(RECORD_HEADER_BYTES))?;
            if view.len() < RECORD_HEADER_BYTES {
                break;
            }
            let starts = view.len() - RECORD_HEADER_BYTES + 1;
            for at in 0..starts {
                if view[at] == MARKER[0] && self.header(&view[at..]).is_some() {
                    return Ok(from + at as u64);
                }
            }
            from += starts as u64;
        }
        Ok(self.end)
    }

    /// `bytes` bytes at `offset`, fewer at the end.
    fn view(&mut self, offset: u64, bytes: usize) -> io::Result<Bytes> {
        let available = usize::try_from(self.end.saturating_sub(offset)).unwrap_or(usize::MAX);
        let bytes = bytes.min(available);
        let chunk_end = self.chunk_offset + self.chunk.len() as u64;
        if offset < self.chunk_offset || offset + bytes as u64 > chunk_end {
            let mut chunk = Vec::with_capacity(bytes.max(self.chunk_bytes.min(available)));
            self.file.seek(SeekFrom::Start(offset))?;
            let want = chunk.capacity().min(available) as u64;
            Read::take(&mut self.file, want).read_to_end(&mut chunk)?;
            self.chunk = Bytes::from(chunk);
            self.chunk_offset = offset;
        }
        let from = usize::try_from(offset - self.chunk_offset).map_err(io::Error::other)?;
        let to = (from + bytes).min(self.chunk.len());
        Ok(self.chunk.slice(from.min(to)..to))
    }
}
