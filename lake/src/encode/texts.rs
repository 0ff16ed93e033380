//! Texts of a column chunk that was read: those of its dictionary page, then those that the page at hand has in full.

use bytes::Bytes;

/// Texts by number. They stay where the file's pages have them.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    dictionary: Page,
    plain: Page,
}

/// Texts as PLAIN encodes them, each behind its length.
#[derive(Debug, Default)]
struct Page {
    bytes: Bytes,
    /// Where each begins.
    starts: Vec<u32>,
}

impl Texts {
    pub(crate) fn len(&self) -> usize {
        self.dictionary.starts.len() + self.plain.starts.len()
    }

    #[inline]
    pub(crate) fn get(&self, number: u32) -> Option<&[u8]> {
        let number = number as usize;
        match number.checked_sub(self.dictionary.starts.len()) {
            None => self.dictionary.get(number),
            Some(number) => self.plain.get(number),
        }
    }

    /// Takes the `count` texts of a dictionary page. `None`: they are not there.
    pub(crate) fn set_dictionary(&mut self, page: Bytes, count: usize) -> Option<()> {
        self.forget_plain();
        self.dictionary.set(page, 0, count)
    }

    /// Takes the `count` texts that are in full in `page` from `start` on, in place of those of another page. Answers
    /// the number of the first.
    pub(crate) fn set_plain(&mut self, page: Bytes, start: usize, count: usize) -> Option<u32> {
        self.plain.set(page, start, count)?;
        u32::try_from(self.dictionary.starts.len()).ok()
    }

    /// Keeps the dictionary's texts only; answers how many there are.
    pub(crate) fn forget_plain(&mut self) -> usize {
        self.plain.bytes = Bytes::new();
        self.plain.starts.clear();
        self.dictionary.starts.len()
    }
}

impl Page {
    fn set(&mut self, bytes: Bytes, start: usize, count: usize) -> Option<()> {
        self.starts.clear();
        // Each takes four bytes at least.
        self.starts.reserve(count.min(bytes.len() / 4));
        let mut at = start;
        for _ in 0..count {
            let length = length_at(&bytes, at)?;
            self.starts.push(u32::try_from(at).ok()?);
            at = at.checked_add(4 + length).filter(|end| *end <= bytes.len())?;
        }
        self.bytes = bytes;
        Some(())
    }

    #[inline]
    fn get(&self, number: usize) -> Option<&[u8]> {
        let start = *self.starts.get(number)? as usize;
        let length = length_at(&self.bytes, start)?;
        self.bytes.get(start + 4..start + 4 + length)
    }
}

#[inline]
fn length_at(bytes: &[u8], at: usize) -> Option<usize> {
    let length = bytes.get(at..)?.first_chunk::<4>()?;
    Some(u32::from_le_bytes(*length) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(texts: &[&str]) -> Bytes {
        let of = |text: &&str| [&u32::try_from(text.len()).unwrap().to_le_bytes(), text.as_bytes()].concat();
        texts.iter().flat_map(of).collect::<Vec<u8>>().into()
    }

    #[test]
    fn texts_of_a_page_in_full_follow_the_dictionary() {
        let mut texts = Texts::default();
        texts.set_dictionary(page(&["a", "", "ccc"]), 3).unwrap();
        assert_eq!(texts.set_plain(page(&["skipped", "d", "e"]), 11, 2), Some(3));
        let all: Vec<_> = (0..texts.len() as u32).map(|n| texts.get(n).unwrap()).collect();
        assert_eq!(all, [&b"a"[..], b"", b"ccc", b"d", b"e"]);
        assert_eq!((texts.get(5), texts.get(3)), (None, Some(&b"d"[..])));
        assert_eq!((texts.forget_plain(), texts.get(3)), (3, None));
        assert_eq!(texts.get(2), Some(&b"ccc"[..]));
    }

    #[test]
    fn what_is_cut_off_is_told() {
        let whole = page(&["one", "two"]);
        for end in 0..whole.len() {
            assert_eq!(Texts::default().set_dictionary(whole.slice(..end), 2), None);
        }
        assert_eq!(Texts::default().set_dictionary(whole.clone(), 3), None);
        assert_eq!(Texts::default().set_plain(whole, usize::MAX, 1), None);
        assert_eq!(Texts::default().set_dictionary(Bytes::from_static(&[0xff; 8]), 1), None);
    }
}
