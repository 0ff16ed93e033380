//! Identifiers that leave this crate: fingerprints, signatures, pattern ids. All print as lower-case hex.

use crate::model::Phase;
use std::fmt;
use std::str::FromStr;
use xxhash_rust::xxh3::xxh3_128;

/// A text that is not the hex form of an identifier.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Wrong number of digits.
    #[error("identifier has {found} characters, {expected} hex digits are expected")]
    Length {
        /// Characters found.
        found: usize,
        /// Digits expected.
        expected: usize,
    },
    /// A character that is not a lower-case hex digit.
    #[error("identifier holds a character that is not a lower-case hex digit")]
    Digit,
}

fn parse_hex(text: &str, digits: usize) -> Result<u128, IdError> {
    if text.len() != digits {
        return Err(IdError::Length { found: text.chars().count(), expected: digits });
    }
    text.bytes().try_fold(0_u128, |value, byte| {
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'f' => byte - b'a' + 10,
            _ => return Err(IdError::Digit),
        };
        Ok(value << 4 | u128::from(digit))
    })
}

/// 128-bit xxh3 of a canonical form, 32 hex digits. The same exception under the same strategy gives
/// the same fingerprint on every machine, for ever.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint(pub u128);

/// 128 one-bit minima over shingles of tokens, 32 hex digits: near texts differ in few bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Signature(pub u128);

/// Name of a pattern, 16 hex digits: the upper half of the fingerprint that made it, so processors
/// that never talk give one id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PatternId(pub u64);

impl Fingerprint {
    /// The hash under which an event of this phase joins a pattern.
    #[must_use]
    pub fn in_phase(self, phase: Phase) -> Self {
        match phase {
            Phase::Runtime => self,
            Phase::Compile | Phase::Deploy => Self(xxh3_128(format!("{self} {}", phase.as_str()).as_bytes())),
        }
    }
}

impl PatternId {
    /// The id of a pattern that an event with this first hash makes.
    #[must_use]
    pub fn of(fingerprint: Fingerprint) -> Self {
        Self((fingerprint.0 >> 64) as u64)
    }
}

impl Signature {
    /// Bits in which two signatures differ, 0 to 128.
    #[must_use]
    pub fn hamming(self, other: Self) -> u32 {
        (self.0 ^ other.0).count_ones()
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Display for PatternId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl FromStr for Fingerprint {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        parse_hex(text, 32).map(Self)
    }
}

impl FromStr for Signature {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        parse_hex(text, 32).map(Self)
    }
}

impl FromStr for PatternId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        // 16 digits always fit 64 bits.
        parse_hex(text, 16).map(|value| Self(value as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_round_trip_as_lower_case_hex() {
        let fingerprint = Fingerprint(0x00ab << 112 | 7);
        assert_eq!(fingerprint.to_string(), "00ab0000000000000000000000000007");
        assert_eq!(fingerprint.to_string().parse(), Ok(fingerprint));
        assert_eq!(PatternId::of(fingerprint).to_string(), "00ab000000000000");
        assert_eq!("00ab000000000000".parse(), Ok(PatternId(0x00ab << 48)));
        assert_eq!("00AB000000000000".parse::<PatternId>(), Err(IdError::Digit));
        assert_eq!("7".parse::<Signature>(), Err(IdError::Length { found: 1, expected: 32 }));
    }
}
