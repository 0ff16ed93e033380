//! Bytes of a segment: its header and its records. Pure: no I/O.
//!
//! A segment is a header of 24 bytes and records without gaps; all numbers little endian.
//!
//! | segment header | bytes | | record header | bytes |
//! |---|---|---|---|---|
//! | magic `ERRATWAL` | 8 | | marker | 4 |
//! | format version | 4 | | position | 8 |
//! | salt | 8 | | received, Unix ns | 8 |
//! | CRC32C of the above | 4 | | payload length | 4 |
//! | | | | facts length | 4 |
//! | | | | kind, three zero bytes | 4 |
//! | | | | CRC32C of payload and facts | 4 |
//! | | | | CRC32C of salt and the above | 4 |
//!
//! The salt is random per segment. It makes it impossible for a client to send a payload that a search
//! for records in a damaged segment would take for one.

use bytes::Bytes;

/// Newest format written and read.
pub(super) const VERSION: u32 = 1;
/// Bytes before the first record.
pub(super) const SEGMENT_HEADER_BYTES: usize = 24;
/// Bytes before a record's payload.
pub(super) const RECORD_HEADER_BYTES: usize = 40;
/// First bytes of a record; what a search after damage looks for.
pub(super) const MARKER: [u8; 4] = [0xE7, 0x57, 0xA1, 0x0D];

const MAGIC: [u8; 8] = *b"ERRATWAL";

/// What the first bytes of a segment say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SegmentHeader {
    /// A segment of this format with its salt.
    Valid { salt: u64 },
    /// A segment of a newer release.
    Newer { version: u32 },
    /// Not a segment, or a torn one.
    Invalid,
}

/// Encodes the header of a segment.
pub(super) fn encode_segment_header(salt: u64) -> [u8; SEGMENT_HEADER_BYTES] {
    let mut out = [0; SEGMENT_HEADER_BYTES];
    out[..8].copy_from_slice(&MAGIC);
    out[8..12].copy_from_slice(&VERSION.to_le_bytes());
    out[12..20].copy_from_slice(&salt.to_le_bytes());
    let crc = crc32c::crc32c(&out[..20]);
    out[20..].copy_from_slice(&crc.to_le_bytes());
    out
}

/// Decodes the header of a segment.
pub(super) fn decode_segment_header(bytes: &[u8]) -> SegmentHeader {
    let Some(header) = bytes.first_chunk::<SEGMENT_HEADER_BYTES>() else { return SegmentHeader::Invalid };
    if header[..8] != MAGIC || crc32c::crc32c(&header[..20]) != u32_at(header, 20) {
        return SegmentHeader::Invalid;
    }
    match u32_at(header, 8) {
        VERSION => SegmentHeader::Valid { salt: u64_at(header, 12) },
        version => SegmentHeader::Newer { version },
    }
}

/// Header of one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RecordHeader {
    pub(super) position: u64,
    pub(super) received_unix_nano: u64,
    pub(super) payload_bytes: u32,
    pub(super) facts_bytes: u32,
    pub(super) kind: u8,
    pub(super) body_crc: u32,
}

impl RecordHeader {
    /// Bytes of the whole record.
    pub(super) fn record_bytes(&self) -> u64 {
        RECORD_HEADER_BYTES as u64 + u64::from(self.payload_bytes) + u64::from(self.facts_bytes)
    }

    /// Encodes the header, bound to its segment by the salt.
    pub(super) fn encode(&self, salt: u64) -> [u8; RECORD_HEADER_BYTES] {
        let mut out = [0; RECORD_HEADER_BYTES];
        out[..4].copy_from_slice(&MARKER);
        out[4..12].copy_from_slice(&self.position.to_le_bytes());
        out[12..20].copy_from_slice(&self.received_unix_nano.to_le_bytes());
        out[20..24].copy_from_slice(&self.payload_bytes.to_le_bytes());
        out[24..28].copy_from_slice(&self.facts_bytes.to_le_bytes());
        out[28] = self.kind;
        out[32..36].copy_from_slice(&self.body_crc.to_le_bytes());
        let crc = header_crc(salt, &out[..36]);
        out[36..].copy_from_slice(&crc.to_le_bytes());
        out
    }

    /// Decodes a header; `None` where the bytes are too few or not one of this segment.
    pub(super) fn decode(bytes: &[u8], salt: u64) -> Option<Self> {
        let header = bytes.first_chunk::<RECORD_HEADER_BYTES>()?;
        if header[..4] != MARKER || header_crc(salt, &header[..36]) != u32_at(header, 36) {
            return None;
        }
        Some(Self {
            position: u64_at(header, 4),
            received_unix_nano: u64_at(header, 12),
            payload_bytes: u32_at(header, 20),
            facts_bytes: u32_at(header, 24),
            kind: header[28],
            body_crc: u32_at(header, 32),
        })
    }
}

/// Checksum of a record's body.
pub(super) fn body_crc(payload: &[u8], facts: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(payload), facts)
}

/// Splits a whole record's bytes into payload and facts, without a copy; `None` where the checksum fails.
pub(super) fn body(header: &RecordHeader, record: &Bytes) -> Option<(Bytes, Bytes)> {
    let split = RECORD_HEADER_BYTES + header.payload_bytes as usize;
    let end = split + header.facts_bytes as usize;
    if record.len() < end {
        return None;
    }
    let (payload, facts) = (record.slice(RECORD_HEADER_BYTES..split), record.slice(split..end));
    (body_crc(&payload, &facts) == header.body_crc).then_some((payload, facts))
}

fn header_crc(salt: u64, fields: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&salt.to_le_bytes()), fields)
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("the slice has four bytes"))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().expect("the slice has eight bytes"))
}
