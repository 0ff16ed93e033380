//! What goes into the log and what comes out of it.

use bytes::Bytes;

use super::format::RECORD_HEADER_BYTES;

/// A record to append; the log gives it its position.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewRecord {
    /// Signal of the payload; the log does not interpret it.
    pub kind: u8,
    /// When the request was received, nanoseconds since the Unix epoch.
    pub received_unix_nano: u64,
    /// The request, masked and tagged.
    pub payload: Bytes,
    /// What was found in the request, opaque to the log.
    pub facts: Bytes,
}

/// A record of the log. A clone shares the bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// Strictly increasing from 1. A position whose write failed stays unused.
    pub position: u64,
    /// Signal of the payload.
    pub kind: u8,
    /// When the request was received, nanoseconds since the Unix epoch.
    pub received_unix_nano: u64,
    /// The request, masked and tagged.
    pub payload: Bytes,
    /// What was found in the request, opaque to the log.
    pub facts: Bytes,
}

impl NewRecord {
    /// Bytes that the record takes on disk.
    #[must_use]
    pub fn disk_bytes(&self) -> u64 {
        (RECORD_HEADER_BYTES + self.payload.len() + self.facts.len()) as u64
    }
}

impl Record {
    /// Bytes that the record takes on disk.
    #[must_use]
    pub fn disk_bytes(&self) -> u64 {
        (RECORD_HEADER_BYTES + self.payload.len() + self.facts.len()) as u64
    }
}
