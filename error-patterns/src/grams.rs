//! Finds which of many texts stand in a message, in one pass.
//!
//! Each text is known by its rarest four bytes. The pass looks each four bytes of the message up in a small set of bits, and
//! compares a whole text only where they are known. Bounded by the message's length times the texts that
//! share four bytes.

use rapidhash::RapidHashMap;

/// Shorter texts cannot be looked for here.
pub(crate) const GRAM: usize = 4;
const BITS: u32 = 15;

/// Texts to look for, by number.
#[derive(Debug)]
pub(crate) struct Grams {
    known: Box<[u64; 1 << (BITS - 6)]>,
    by_gram: RapidHashMap<u32, Vec<Text>>,
}

#[derive(Debug)]
struct Text {
    number: usize,
    text: Box<[u8]>,
    /// Where its four bytes stand in it.
    offset: usize,
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
        let mut grams = Self { known: Box::new([0; 1 << (BITS - 6)]), by_gram: RapidHashMap::default() };
        for (number, text) in texts.enumerate() {
            let windows = text.as_bytes().windows(GRAM).enumerate();
            let Some((offset, gram)) = windows.min_by_key(|(_, gram)| frequency[&value(gram)]) else {
                continue;
            };
            let slot = slot(value(gram));
            grams.known[slot / 64] |= 1 << (slot % 64);
            let text = Text { number, text: text.as_bytes().into(), offset };
            grams.by_gram.entry(value(gram)).or_default().push(text);
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

    /// Tells the texts whose gram stands at a place.
    fn texts_at(&self, message: &[u8], place: usize, found: &mut impl FnMut(usize, usize)) {
        for text in self.by_gram.get(&value(&message[place..place + GRAM])).into_iter().flatten() {
            let start = place.checked_sub(text.offset);
            if let Some(start) = start.filter(|start| message[*start..].starts_with(&text.text)) {
                found(text.number, start);
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
