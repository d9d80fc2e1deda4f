//! The database file: where it lies, who may read it, and whether it is still
//! the one that was opened.
//!
//! A file that exists is looked at and never opened here: closing it again would
//! end the locks that SQLite holds on it in this process (POSIX locks belong to a
//! process and a file, not to who opened it).

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::errors::NotCommitted;
use crate::open_error::OpenError;

/// Which file is open: its place and what the system knows it by.
#[derive(Clone, Debug)]
pub(crate) struct FileIdentity {
    path: PathBuf,
    key: FileKey,
}

#[cfg(unix)]
type FileKey = (u64, u64);
/// Elsewhere a file that is open can be neither moved nor removed.
#[cfg(not(unix))]
type FileKey = ();

#[cfg(unix)]
fn key(path: &Path) -> io::Result<FileKey> {
    use std::os::unix::fs::MetadataExt as _;

    fs::metadata(path).map(|metadata| (metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
fn key(path: &Path) -> io::Result<FileKey> {
    fs::metadata(path).map(|_| ())
}

impl FileIdentity {
    /// Remembers the file that lies at `path` now.
    pub(crate) fn of(path: &Path) -> io::Result<Self> {
        Ok(Self {
            path: path.to_owned(),
            key: key(path)?,
        })
    }

    /// Whether the same file still lies there. SQLite itself does not notice, and
    /// would go on to write into a file that nobody can open any more.
    ///
    /// Looks itself, on whichever thread this is: on a local disk that takes a
    /// microsecond, and handing it to another thread takes thirty.
    pub(crate) fn check(&self) -> Result<(), NotCommitted> {
        match key(&self.path) {
            Ok(key) if key == self.key => Ok(()),
            _ => Err(NotCommitted::FileGone),
        }
    }
}

/// Sees to it that a file lies at `path` in a folder that exists; what is made is
/// for its owner alone.
pub(crate) fn prepare(path: &Path, create_folder: bool) -> Result<(), OpenError> {
    let folder = folder_of(path);
    if !folder.is_dir() {
        if !create_folder {
            return Err(OpenError::NoFolder(folder.to_owned()));
        }
        create_private_folder(folder).map_err(|source| OpenError::Folder {
            path: folder.to_owned(),
            source,
        })?;
    }
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => Err(OpenError::IsFolder(path.to_owned())),
        Ok(metadata) => {
            warn_of_readers(path, &metadata);
            Ok(())
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            create_private_file(path).map_err(|source| OpenError::file(path, source))
        }
        Err(source) => Err(OpenError::file(path, source)),
    }
}

/// The folder that a file lies in.
pub(crate) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Opens the lock file beside the database, which is never removed: removing it
/// would let two processes hold locks of two files with one name.
pub(crate) fn open_lock_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    private(&mut options).open(path)
}

fn create_private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;

        builder.mode(0o700);
    }
    builder.create(folder)
}

/// Makes an empty file, which SQLite takes for a new database, and makes its name
/// durable. The log files beside it get its mode from SQLite.
fn create_private_file(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    match private(&mut options).open(path) {
        Ok(file) => file.sync_all()?,
        // Another process was quicker.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(()),
        Err(error) => return Err(error),
    }
    sync_folder(folder_of(path))
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    use std::os::unix::fs::OpenOptionsExt as _;

    options.mode(0o600)
}

#[cfg(not(unix))]
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

#[cfg(unix)]
fn warn_of_readers(path: &Path, metadata: &fs::Metadata) {
    use std::os::unix::fs::PermissionsExt as _;

    if metadata.permissions().mode() & 0o077 != 0 {
        tracing::warn!(
            path = %path.display(),
            "the database file is open to other users of this machine: chmod 600 it"
        );
    }
}

#[cfg(not(unix))]
fn warn_of_readers(_: &Path, _: &fs::Metadata) {}
