//! What a restart finds: the segments in order, a torn tail cut, damage moved aside. Blocking I/O.
//!
//! Bounds: memory is one chunk plus the largest record; each segment is read once, a damaged one twice.

use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use super::WalError;
use super::format::{SEGMENT_HEADER_BYTES, SegmentHeader, VERSION};
use super::segment::{self, Scan, Scanned, Segment};

const CHUNK_BYTES: usize = 1024 * 1024;

/// What [`Wal::open`](super::Wal::open) found on disk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovery {
    /// Valid records.
    pub records: u64,
    /// Bytes of the segments that hold them.
    pub bytes: u64,
    /// Bytes of a torn tail that were cut: a write that a crash interrupted, never acknowledged.
    pub cut_bytes: u64,
    /// Segments with damage in the middle; each was kept aside as `.corrupt`, and its valid records stay.
    pub corrupt_segments: u64,
}

/// The state to go on from.
#[derive(Debug, Default)]
pub(super) struct Recovered {
    pub(super) recovery: Recovery,
    /// Ascending, each with at least one record.
    pub(super) segments: Vec<Segment>,
    /// The position of the next record.
    pub(super) next: u64,
}

/// Reads all segments of `dir`.
pub(super) fn recover(dir: &Path) -> Result<Recovered, WalError> {
    let files = list(dir)?;
    let mut recovered = Recovered { next: 1, ..Recovered::default() };
    let newest = files.len().saturating_sub(1);
    for (index, (first, path)) in files.into_iter().enumerate() {
        recovered.next = recovered.next.max(first);
        let Some(segment) = recover_segment(&path, first, index == newest, &mut recovered.recovery)? else {
            continue;
        };
        if segment.records == 0 {
            // The newest keeps its name until it is written anew: the name carries the next position.
            if index != newest {
                fs::remove_file(&path).map_err(|source| WalError::io("remove", &path, source))?;
            }
            continue;
        }
        recovered.next = recovered.next.max(segment.last + 1);
        recovered.recovery.records += segment.records;
        recovered.recovery.bytes += segment.bytes;
        recovered.segments.push(segment);
    }
    Ok(recovered)
}

/// Segment files in order; leftovers of an interrupted repair are removed.
fn list(dir: &Path) -> Result<Vec<(u64, PathBuf)>, WalError> {
    let entries = fs::read_dir(dir).map_err(|source| WalError::io("list", dir, source))?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(|source| WalError::io("list", dir, source))?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        if let Some(first) = segment::parse_file_name(name) {
            files.push((first, path));
        } else if name.starts_with("wal-") && name.ends_with(".tmp") {
            fs::remove_file(&path).map_err(|source| WalError::io("remove", &path, source))?;
        }
    }
    files.sort_unstable();
    Ok(files)
}

fn recover_segment(
    path: &Path,
    first: u64,
    newest: bool,
    recovery: &mut Recovery,
) -> Result<Option<Segment>, WalError> {
    let error = |source| WalError::io("read", path, source);
    let mut file = File::open(path).map_err(error)?;
    let length = file.metadata().map_err(error)?.len();
    let salt = match segment::read_header(&mut file).map_err(error)? {
        SegmentHeader::Valid { salt } => salt,
        SegmentHeader::Newer { version } => {
            return Err(WalError::Version { path: path.to_owned(), version, supported: VERSION });
        }
        SegmentHeader::Invalid if length <= SEGMENT_HEADER_BYTES as u64 => {
            tracing::warn!(segment = %path.display(), cut_bytes = length, "log segment was never begun; it is dropped");
            recovery.cut_bytes += length;
            return Ok(Some(Segment::new(path.to_owned(), first, 0)));
        }
        SegmentHeader::Invalid => {
            let aside = set_aside(path).map_err(error)?;
            fs::remove_file(path).map_err(error)?;
            recovery.corrupt_segments += 1;
            tracing::error!(segment = %path.display(), kept_as = %aside.display(), bytes = length,
                "log segment has a damaged header: its records cannot be read; the file is kept aside");
            return Ok(None);
        }
    };
    let survey = survey(path, first, salt, length).map_err(error)?;
    let tail_bytes = survey.damage_bytes_after(survey.segment.bytes);
    let inner_bytes = survey.damage_bytes_before(survey.segment.bytes);
    if inner_bytes == 0 && tail_bytes == 0 {
        return Ok(Some(survey.segment));
    }
    if inner_bytes == 0 && newest {
        cut(path, survey.segment.bytes).map_err(|source| WalError::io("cut", path, source))?;
        recovery.cut_bytes += tail_bytes;
        tracing::warn!(segment = %path.display(), cut_bytes = tail_bytes, kept_records = survey.segment.records,
            "log ended in the middle of a write; the torn tail was never acknowledged and is cut");
        return Ok(Some(survey.segment));
    }
    let aside = repair(path, length, &survey).map_err(|source| WalError::io("repair", path, source))?;
    recovery.corrupt_segments += 1;
    tracing::error!(segment = %path.display(), kept_as = %aside.display(), damaged_bytes = inner_bytes + tail_bytes,
        kept_records = survey.segment.records,
        "log segment is damaged: records in the damaged bytes are lost; the original is kept aside");
    let length = fs::metadata(path).map_err(error)?.len();
    Ok(Some(self::survey(path, first, salt, length).map_err(error)?.segment))
}

/// What a whole scan of a segment met.
struct Survey {
    segment: Segment,
    damaged: Vec<(u64, u64)>,
}

impl Survey {
    fn damage_bytes_before(&self, offset: u64) -> u64 {
        self.damaged.iter().filter(|(from, _)| *from < offset).map(|(from, to)| to - from).sum()
    }

    fn damage_bytes_after(&self, offset: u64) -> u64 {
        self.damaged.iter().filter(|(from, _)| *from >= offset).map(|(from, to)| to - from).sum()
    }
}

fn survey(path: &Path, first: u64, salt: u64, length: u64) -> io::Result<Survey> {
    let start = SEGMENT_HEADER_BYTES as u64;
    let mut scan = Scan::new(File::open(path)?, salt, start, length, first.saturating_sub(1), CHUNK_BYTES);
    let mut survey = Survey { segment: Segment::new(path.to_owned(), first, salt), damaged: Vec::new() };
    while let Some(scanned) = scan.next()? {
        match scanned {
            Scanned::Record { record, offset, end } => survey.segment.note(record.position, offset, end),
            Scanned::Damaged { offset, end } => survey.damaged.push((offset, end)),
        }
    }
    Ok(survey)
}

fn cut(path: &Path, length: u64) -> io::Result<()> {
    let file = File::options().write(true).open(path)?;
    file.set_len(length)?;
    file.sync_all()
}

/// Replaces a segment by its valid records, in one step; the original stays beside it.
fn repair(path: &Path, length: u64, survey: &Survey) -> io::Result<PathBuf> {
    let temporary = path.with_extension("tmp");
    let mut source = File::open(path)?;
    let mut target = File::create(&temporary)?;
    let mut from = 0;
    for (damaged, end) in survey.damaged.iter().copied().chain([(length, length)]) {
        source.seek(SeekFrom::Start(from))?;
        io::copy(&mut io::Read::by_ref(&mut source).take(damaged - from), &mut target)?;
        from = end;
    }
    target.sync_all()?;
    let aside = set_aside(path)?;
    fs::rename(&temporary, path)?;
    segment::sync_dir(path.parent().unwrap_or(Path::new(".")))?;
    Ok(aside)
}

/// Keeps a second name (where the file system has hard links) or a copy of a file.
pub(super) fn set_aside(path: &Path) -> io::Result<PathBuf> {
    const NAMES_MAX: u32 = 1000;
    for number in 0..NAMES_MAX {
        let extension = if number == 0 { "log.corrupt".to_owned() } else { format!("log.{number}.corrupt") };
        let aside = path.with_extension(extension);
        if aside.exists() {
            continue;
        }
        if fs::hard_link(path, &aside).is_err() {
            fs::copy(path, &aside)?;
        }
        return Ok(aside);
    }
    Err(io::Error::other(format!("there are already {NAMES_MAX} damaged copies")))
}
