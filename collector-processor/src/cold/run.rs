//! A sorted file of (key, address) pairs, 8 bytes each, never changed. After them come the first key of each
//! page of 512 pairs and a filter of all keys; both stay in memory, so a look-up of what is here reads one page,
//! or two, and nearly every other none.

use super::RECORDS_MAX;
use super::filter::Filter;
use super::log::Address;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

const PAGE_POSTINGS: usize = 512;
const POSTING_BYTES: usize = 8;
const FENCE_BYTES: usize = 4;

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
    filter_blocks: u64,
}

impl Named {
    fn pages(&self) -> u64 {
        self.postings.div_ceil(PAGE_POSTINGS as u64)
    }

    /// Bytes of the file.
    fn bytes(&self) -> u64 {
        self.postings * POSTING_BYTES as u64
            + self.pages() * FENCE_BYTES as u64
            + self.filter_blocks * Filter::BLOCK_BYTES
    }
}

#[derive(Debug)]
pub(super) struct Run {
    named: Named,
    file: File,
    /// First key of each page.
    fences: Vec<u32>,
    filter: Filter,
}

pub(super) fn file_name(number: u64) -> String {
    format!("run-{number:08}.idx")
}

impl Run {
    pub(super) fn open(folder: &Path, named: &Named) -> io::Result<Self> {
        let path = folder.join(file_name(named.number));
        let file = File::open(&path)?;
        if file.metadata()?.len() != named.bytes() {
            return Err(io::Error::other(format!("{} has not {} bytes", path.display(), named.bytes())));
        }
        let offset = named.postings * POSTING_BYTES as u64;
        let mut input = BufReader::with_capacity(1 << 18, At { file: &file, offset });
        let mut fences = Vec::with_capacity(named.pages() as usize);
        let mut key = [0; FENCE_BYTES];
        for _ in 0..named.pages() {
            input.read_exact(&mut key)?;
            fences.push(u32::from_le_bytes(key));
        }
        let filter = Filter::read(&mut input, named.filter_blocks)?;
        Ok(Self { named: named.clone(), file, fences, filter })
    }

    /// Writes postings, at most so many, which come sorted, without repetitions.
    pub(super) fn write(
        folder: &Path,
        number: u64,
        postings_max: u64,
        postings: impl Iterator<Item = io::Result<Posting>>,
    ) -> io::Result<Self> {
        let path = folder.join(file_name(number));
        let file = File::options().read(true).write(true).create(true).truncate(true).open(path)?;
        let mut out = BufWriter::with_capacity(1 << 18, file);
        let (mut fences, mut filter) = (Vec::new(), Filter::of(postings_max));
        let mut named = Named { number, postings: 0, filter_blocks: filter.blocks() };
        let mut last = None;
        for posting in postings {
            let posting = posting?;
            if last.replace(posting) == Some(posting) {
                continue;
            }
            if named.postings.is_multiple_of(PAGE_POSTINGS as u64) {
                fences.push(posting.key());
            }
            named.postings += 1;
            filter.insert(posting.key());
            out.write_all(&posting.0.to_le_bytes())?;
        }
        fences.iter().try_for_each(|fence| out.write_all(&fence.to_le_bytes()))?;
        filter.write(&mut out)?;
        let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.sync_data()?;
        Ok(Self { named, file, fences, filter })
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
            runs.iter().map(|run| run.postings()).sum(),
            merged.filter(move |each| each.as_ref().map_or(true, |p| p.address() >= start)),
        )
    }

    pub(super) fn named(&self) -> Named {
        self.named.clone()
    }

    pub(super) fn postings(&self) -> u64 {
        self.named.postings
    }

    pub(super) fn bytes(&self) -> u64 {
        self.named.bytes()
    }

    /// Whether something may be under a key; `false` is certain.
    pub(super) fn may_hold(&self, key: u32) -> bool {
        self.filter.may_hold(key)
    }

    /// Adds the addresses under a key, the newest first.
    pub(super) fn find(&self, key: u32, addresses: &mut Vec<Address>) -> io::Result<()> {
        let mut left = RECORDS_MAX;
        // The key's last posting is in the last page that begins with it or before it.
        for page in (0..self.fences.partition_point(|fence| *fence <= key)).rev() {
            let mut bytes = [0; PAGE_POSTINGS * POSTING_BYTES];
            let at = page * PAGE_POSTINGS;
            let count = PAGE_POSTINGS.min(self.named.postings as usize - at);
            let bytes = &mut bytes[..count * POSTING_BYTES];
            self.file.read_exact_at(bytes, (at * POSTING_BYTES) as u64)?;
            let postings = bytes.as_chunks::<POSTING_BYTES>().0;
            let posting = |bytes: &[u8; POSTING_BYTES]| Posting(u64::from_le_bytes(*bytes));
            let end = postings.partition_point(|bytes| posting(bytes).key() <= key);
            let same = postings[..end].iter().rev().map(posting).take_while(|each| each.key() == key);
            let before = addresses.len();
            addresses.extend(same.take(left).map(Posting::address));
            let taken = addresses.len() - before;
            left -= taken;
            if taken < end || left == 0 {
                break;
            }
        }
        Ok(())
    }
}

/// Reads a file from a place on, without moving the place where others read.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn found(run: &Run, key: u32) -> Vec<Address> {
        let mut addresses = Vec::new();
        run.find(key, &mut addresses).unwrap();
        addresses
    }

    #[test]
    fn a_key_leads_to_its_newest_records_however_many_there_are() {
        let folder = tempfile::tempdir().unwrap();
        let crowd = (0..3 * PAGE_POSTINGS as u32).map(|address| Posting::new(1_000, address));
        let few =
            (0..PAGE_POSTINGS as u32).flat_map(|n| [0, 1].map(|at| Posting::new(1_001 + n, 9_000 + at)));
        let one = (0..800).map(|key| Posting::new(key, key + 20_000));
        let write = |number, postings: Vec<Posting>| {
            let most = postings.len() as u64;
            Run::write(folder.path(), number, most, postings.into_iter().map(Ok)).unwrap()
        };
        let check = |run: &Run| {
            assert_eq!(
                found(run, 1_000),
                (0..3 * PAGE_POSTINGS as u32).rev().take(RECORDS_MAX).collect::<Vec<_>>()
            );
            assert!((1_001..1_001 + PAGE_POSTINGS as u32).all(|key| found(run, key) == [9_001, 9_000]));
            assert!((0..800).all(|key| found(run, key) == [key + 20_000]));
            assert!((800..1_000).chain(5_000..6_000).all(|key| found(run, key).is_empty()));
        };
        let whole = write(1, one.clone().chain(crowd.clone()).chain(few.clone()).collect());
        check(&whole);
        check(&Run::open(folder.path(), &whole.named()).unwrap());
        let parts = [write(2, crowd.collect()), write(3, one.chain(few).collect())].map(Arc::new);
        check(&Run::merge(folder.path(), 4, &parts, 0).unwrap());
        let newer = Run::merge(folder.path(), 5, &parts, 9_001).unwrap();
        assert_eq!((found(&newer, 1_000), found(&newer, 1_001)), (vec![], vec![9_001]));
        let empty = Run::merge(folder.path(), 6, &parts, 30_000).unwrap();
        assert!(found(&Run::open(folder.path(), &empty.named()).unwrap(), 1_001).is_empty());
    }
}
