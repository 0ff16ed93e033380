//! Finds which of many texts stand in a message, in one pass.
//!
//! Each text is known by its rarest four bytes. The pass looks each four bytes of the message up in a small set of bits, and
//! compares a whole text only where they are known. Bounded by the message's length times the texts that
//! share four bytes.

use rapidhash::RapidHashMap;

/// Shorter texts cannot be looked for here.
pub(crate) const GRAM: usize = 4;
const BITS: u32 = 15;
const WORDS: usize = 1 << (BITS - 6);

/// Texts to look for, by number. Lists, so that a look goes through few places of memory.
#[derive(Debug)]
pub(crate) struct Grams {
    /// A bit for each slot that has texts.
    known: Box<[u64; WORDS]>,
    /// Slots that have texts before each word of bits.
    before: Box<[u16; WORDS]>,
    /// Of each slot that has texts, where they begin in `texts`; and where the last ones end.
    starts: Vec<u32>,
    texts: Vec<Text>,
    bytes: Vec<u8>,
}

#[derive(Debug)]
struct Text {
    gram: u32,
    /// Where its four bytes stand in it.
    offset: u32,
    /// The text, as a range of `Grams::bytes`.
    start: u32,
    end: u32,
    number: u32,
}

impl Default for Grams {
    fn default() -> Self {
        Self::new(std::iter::empty())
    }
}

impl Grams {
    /// Texts of fewer than [`GRAM`] bytes are never found.
    pub(crate) fn new<'t>(texts: impl Iterator<Item = &'t str> + Clone) -> Self {
        let mut frequency: RapidHashMap<u32, usize> = RapidHashMap::default();
        for gram in texts.clone().flat_map(|text| text.as_bytes().windows(GRAM)) {
            *frequency.entry(value(gram)).or_default() += 1;
        }
        let mut grams = Self {
            known: Box::new([0; WORDS]),
            before: Box::new([0; WORDS]),
            starts: Vec::new(),
            texts: Vec::new(),
            bytes: Vec::new(),
        };
        let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        for (number, text) in texts.enumerate() {
            let windows = text.as_bytes().windows(GRAM).enumerate();
            let Some((offset, gram)) = windows.min_by_key(|(_, gram)| frequency[&value(gram)]) else {
                continue;
            };
            let (gram, start) = (value(gram), place(grams.bytes.len()));
            grams.bytes.extend_from_slice(text.as_bytes());
            let end = place(grams.bytes.len());
            grams.texts.push(Text { gram, offset: place(offset), start, end, number: place(number) });
        }
        grams.texts.sort_by_key(|text| slot(text.gram));
        let mut at = 0;
        for of_slot in grams.texts.chunk_by(|a, b| slot(a.gram) == slot(b.gram)) {
            let slot = slot(of_slot[0].gram);
            grams.known[slot / 64] |= 1 << (slot % 64);
            grams.starts.push(place(at));
            at += of_slot.len();
        }
        grams.starts.push(place(at));
        for word in 1..WORDS {
            grams.before[word] = grams.before[word - 1] + grams.known[word - 1].count_ones() as u16;
        }
        grams
    }

    /// Tells the number and place of each text in the message.
    pub(crate) fn each_in(&self, message: &str, mut found: impl FnMut(usize, usize)) {
        let message = message.as_bytes();
        let mut at = 0;
        // Four at a time, and one question for all of them.
        while let Some(next) = message[at..].first_chunk() {
            let word = u64::from_le_bytes(*next);
            let mut known =
                (0..4).fold(0, |known, place| known | self.knows((word >> (8 * place)) as u32) << place);
            while known != 0 {
                let place = at + known.trailing_zeros() as usize;
                known &= known - 1;
                self.texts_at(message, place, &mut found);
            }
            at += 4;
        }
        for (place, gram) in message[at..].windows(GRAM).enumerate() {
            if self.knows(value(gram)) != 0 {
                self.texts_at(message, at + place, &mut found);
            }
        }
    }

    /// 1 where texts may have this gram, else 0.
    #[inline(always)]
    fn knows(&self, gram: u32) -> u64 {
        let slot = slot(gram);
        self.known[slot / 64 % self.known.len()] >> (slot % 64) & 1
    }

    /// Tells the texts whose gram, which is known, stands at a place.
    #[inline(never)]
    fn texts_at(&self, message: &[u8], place: usize, found: &mut impl FnMut(usize, usize)) {
        let gram = value(&message[place..place + GRAM]);
        let (word, bit) = (slot(gram) / 64, slot(gram) % 64);
        let lower = self.known[word] & ((1 << bit) - 1);
        let number = usize::from(self.before[word]) + lower.count_ones() as usize;
        let range = self.starts[number] as usize..self.starts[number + 1] as usize;
        for text in self.texts[range].iter().filter(|text| text.gram == gram) {
            let bytes = &self.bytes[text.start as usize..text.end as usize];
            let start = place.checked_sub(text.offset as usize);
            if let Some(start) = start.filter(|start| message[*start..].starts_with(bytes)) {
                found(text.number as usize, start);
            }
        }
    }
}

fn value(gram: &[u8]) -> u32 {
    u32::from_le_bytes([gram[0], gram[1], gram[2], gram[3]])
}

fn slot(value: u32) -> usize {
    (value.wrapping_mul(0x9E37_79B1) >> (32 - BITS)) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_stands_there() {
        let texts = ["no such file", "such", "timed out", "ab", "file or"];
        let grams = Grams::new(texts.iter().copied());
        let mut found = Vec::new();
        grams.each_in("no such file or directory", |number, at| found.push((at, texts[number])));
        found.sort_unstable();
        assert_eq!(found, [(0, "no such file"), (3, "such"), (8, "file or")]);
        grams.each_in("abc", |_, _| panic!("too short for any"));
    }
}
