//! Small files that are replaced whole.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

/// Puts a whole file in place, so that a power cut leaves the old one or the new one. Blocking.
pub(crate) fn replace(path: &Path, text: &str) -> io::Result<()> {
    let temporary = path.with_extension("tmp");
    let mut file = File::create(&temporary)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&temporary, path)?;
    File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()
}
