//! Reading a small text file from disk.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use zeroize::Zeroizing;

/// No configuration or secret is longer; a device or a wrong file would be.
const LIMIT: u64 = 1 << 20;

/// Reads a whole file of UTF-8 text of at most 1 MiB. It may have a byte order mark.
///
/// # Errors
/// The operating system's error, or [`io::ErrorKind::InvalidData`] where the file
/// is too large or no UTF-8.
pub(super) fn read_text(path: &Path) -> io::Result<Zeroizing<String>> {
    read_open(&File::open(path)?)
}

/// The same for a file that is open already.
pub(super) fn read_open(file: &File) -> io::Result<Zeroizing<String>> {
    let invalid = |text: String| Err(io::Error::new(io::ErrorKind::InvalidData, text));
    let mut bytes = Zeroizing::new(Vec::new());
    file.take(LIMIT + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LIMIT {
        return invalid("it is larger than 1 MiB".to_owned());
    }
    match str::from_utf8(&bytes) {
        Ok(text) => Ok(Zeroizing::new(text.to_owned())),
        Err(_) if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) => {
            invalid("it is UTF-16; save it as UTF-8".to_owned())
        }
        Err(error) => invalid(format!(
            "it is not UTF-8: the byte {} is not part of a character",
            error.valid_up_to() + 1
        )),
    }
}
