//! Reading a small text file from disk.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use zeroize::Zeroizing;

/// No configuration or secret is longer; a device or a wrong file would be.
const LIMIT: u64 = 1 << 20;

/// Reads a whole file of UTF-8 text of at most 1 MiB.
///
/// # Errors
/// The operating system's error, or [`io::ErrorKind::InvalidData`] where the file
/// is too large or no UTF-8.
pub(super) fn read_text(path: &Path) -> io::Result<Zeroizing<String>> {
    read_open(&File::open(path)?)
}

/// The same for a file that is open already.
pub(super) fn read_open(file: &File) -> io::Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::new());
    file.take(LIMIT + 1).read_to_string(&mut text)?;
    if text.len() as u64 > LIMIT {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "it is larger than 1 MiB",
        ));
    }
    Ok(text)
}
