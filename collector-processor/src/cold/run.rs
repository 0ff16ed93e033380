//! A sorted file of (key, address) pairs, 8 bytes each, never changed. The first key of each page of 512 pairs
//! stays in memory, so a look-up reads one page, or two.

use super::log::Address;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

const PAGE_POSTINGS: usize = 512;
const POSTING_BYTES: usize = 8;
const BAND: u32 = 1 << 31;
/// Addresses taken of one key of one run.
const ADDRESSES_MAX: usize = 64;

/// A key and the address of a record that is found under it; sorts by key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Posting(u64);

impl Posting {
    pub(super) fn new(key: u32, address: Address) -> Self {
        Self(u64::from(key) << 32 | u64::from(address))
    }

    fn key(self) -> u32 {
        (self.0 >> 32) as u32
    }

    fn address(self) -> Address {
        self.0 as u32
    }
}

/// What the manifest says of a run.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct Named {
    pub(super) number: u64,
    pub(super) postings: u64,
    /// Of them, those that are not bands; they come first.
    pub(super) exact: u64,
}

#[derive(Debug)]
pub(super) struct Run {
    named: Named,
    file: File,
    /// First key of each page.
    fences: Vec<u32>,
}

pub(super) fn file_name(number: u64) -> String {
    format!("run-{number:08}.idx")
}

impl Run {
    pub(super) fn open(folder: &Path, named: &Named) -> io::Result<Self> {
        let path = folder.join(file_name(named.number));
        let file = File::open(&path)?;
        let bytes = named.postings * POSTING_BYTES as u64;
        if file.metadata()?.len() != bytes {
            return Err(io::Error::other(format!("{} has not {bytes} bytes", path.display())));
        }
        let mut fences = Vec::with_capacity(named.postings as usize / PAGE_POSTINGS + 1);
        let mut key = [0; 4];
        for page in 0..named.postings.div_ceil(PAGE_POSTINGS as u64) {
            file.read_exact_at(&mut key, page * (PAGE_POSTINGS * POSTING_BYTES) as u64 + 4)?;
            fences.push(u32::from_le_bytes(key));
        }
        Ok(Self { named: named.clone(), file, fences })
    }

    /// Writes postings, which come sorted, without repetitions.
    pub(super) fn write(
        folder: &Path,
        number: u64,
        postings: impl Iterator<Item = io::Result<Posting>>,
    ) -> io::Result<Self> {
        let path = folder.join(file_name(number));
        let file = File::options().read(true).write(true).create(true).truncate(true).open(path)?;
        let mut out = BufWriter::with_capacity(1 << 18, file);
        let mut named = Named { number, postings: 0, exact: 0 };
        let (mut fences, mut last) = (Vec::new(), None);
        for posting in postings {
            let posting = posting?;
            if last.replace(posting) == Some(posting) {
                continue;
            }
            if named.postings.is_multiple_of(PAGE_POSTINGS as u64) {
                fences.push(posting.key());
            }
            named.postings += 1;
            named.exact += u64::from(posting.key() & BAND == 0);
            out.write_all(&posting.0.to_le_bytes())?;
        }
        let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.sync_data()?;
        Ok(Self { named, file, fences })
    }

    /// One run of several; postings before `start` are left out.
    pub(super) fn merge(folder: &Path, number: u64, runs: &[Arc<Self>], start: Address) -> io::Result<Self> {
        let mut sources = Vec::with_capacity(runs.len());
        for run in runs {
            let mut source = Source {
                left: run.named.postings,
                input: BufReader::with_capacity(1 << 18, At::of(&run.file)),
            };
            if let Some(first) = source.next()? {
                sources.push((first, source));
            }
        }
        let merged = std::iter::from_fn(move || {
            let (index, _) = sources.iter().enumerate().min_by_key(|(_, (posting, _))| *posting)?;
            let (posting, source) = &mut sources[index];
            let least = *posting;
            match source.next() {
                Ok(Some(next)) => *posting = next,
                Ok(None) => {
                    sources.swap_remove(index);
                }
                Err(error) => return Some(Err(error)),
            }
            Some(Ok(least))
        });
        Self::write(
            folder,
            number,
            merged.filter(move |each| each.as_ref().map_or(true, |p| p.address() >= start)),
        )
    }

    pub(super) fn named(&self) -> Named {
        self.named.clone()
    }

    pub(super) fn postings(&self) -> u64 {
        self.named.postings
    }

    pub(super) fn exact(&self) -> u64 {
        self.named.exact
    }

    pub(super) fn bytes(&self) -> u64 {
        self.named.postings * POSTING_BYTES as u64
    }

    /// Adds the addresses under a key.
    pub(super) fn find(&self, key: u32, addresses: &mut Vec<Address>) -> io::Result<()> {
        // The key's first posting is in the page before the first page that begins with it or beyond it.
        let first = self.fences.partition_point(|fence| *fence < key).saturating_sub(1);
        let mut taken = 0;
        for page in first..self.fences.len() {
            if self.fences[page] > key || taken >= ADDRESSES_MAX {
                break;
            }
            let mut bytes = [0; PAGE_POSTINGS * POSTING_BYTES];
            let at = page * PAGE_POSTINGS;
            let count = PAGE_POSTINGS.min(self.named.postings as usize - at);
            let bytes = &mut bytes[..count * POSTING_BYTES];
            self.file.read_exact_at(bytes, (at * POSTING_BYTES) as u64)?;
            let postings = bytes.as_chunks::<POSTING_BYTES>().0;
            let posting = |bytes: &[u8; POSTING_BYTES]| Posting(u64::from_le_bytes(*bytes));
            let from = postings.partition_point(|bytes| posting(bytes).key() < key);
            let same = postings[from..].iter().map(posting).take_while(|each| each.key() == key);
            for each in same.take(ADDRESSES_MAX - taken) {
                addresses.push(each.address());
                taken += 1;
            }
        }
        Ok(())
    }

    /// Calls for each key that is not a band.
    pub(super) fn exact_keys(&self, mut each: impl FnMut(u32)) -> io::Result<()> {
        let mut source =
            Source { left: self.named.exact, input: BufReader::with_capacity(1 << 18, At::of(&self.file)) };
        while let Some(posting) = source.next()? {
            each(posting.key());
        }
        Ok(())
    }
}

/// Reads a file from its begin, without moving the place where others read.
struct At<'a> {
    file: &'a File,
    offset: u64,
}

impl<'a> At<'a> {
    fn of(file: &'a File) -> Self {
        Self { file, offset: 0 }
    }
}

impl Read for At<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(bytes, self.offset)?;
        self.offset += read as u64;
        Ok(read)
    }
}

struct Source<'a> {
    left: u64,
    input: BufReader<At<'a>>,
}

impl Source<'_> {
    fn next(&mut self) -> io::Result<Option<Posting>> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        let mut bytes = [0; POSTING_BYTES];
        self.input.read_exact(&mut bytes)?;
        Ok(Some(Posting(u64::from_le_bytes(bytes))))
    }
}
