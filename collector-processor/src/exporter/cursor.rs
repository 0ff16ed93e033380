//! How far the next hop has everything, in a small file that survives a restart.
//!
//! The file is replaced in one step. It is written now and then, so a crash makes some records be sent
//! twice: delivery to the next hop is at least once.

use crate::files::replace;
use std::fs;
use std::io;
use std::path::PathBuf;

const PREFIX: &str = "errata exporter cursor 1\n";

#[derive(Clone, Debug)]
pub(super) struct Cursor {
    path: PathBuf,
}

impl Cursor {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// The position up to which everything was sent; 0 for a first start, or when the file is unreadable:
    /// sending twice is better than losing.
    pub(super) fn load(&self) -> io::Result<u64> {
        let text = match fs::read_to_string(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => String::new(),
            Err(error) => return Err(error),
        };
        let position = text.strip_prefix(PREFIX).and_then(|rest| rest.trim_end().parse().ok());
        Ok(position.unwrap_or_else(|| {
            tracing::error!(file = %self.path.display(),
                "exporter cursor is unreadable; everything still in the log is forwarded again");
            0
        }))
    }

    /// Blocking.
    pub(super) fn save(&self, position: u64) -> io::Result<()> {
        replace(&self.path, &format!("{PREFIX}{position}\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_saved_position_is_loaded_and_nonsense_begins_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("exporter.cursor");
        let cursor = Cursor::new(path.clone());
        assert_eq!(cursor.load().unwrap(), 0);
        cursor.save(7).unwrap();
        cursor.save(42).unwrap();
        assert_eq!(cursor.load().unwrap(), 42);
        for nonsense in [&b"43"[..], b"errata exporter cursor 1\n", b"\xff\xfe", b""] {
            fs::write(&path, nonsense).unwrap();
            assert_eq!(cursor.load().unwrap(), 0);
        }
    }
}
