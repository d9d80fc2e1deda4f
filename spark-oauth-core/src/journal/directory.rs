//! The directory with the files of all processes of this machine.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::line::{self, Contents};
use crate::ids::ProcessId;
use crate::ports::Fate;

/// An empty file whose lock is free says that its process has ended. When it is so
/// old, nobody waits for a lease of that process any more.
const KEPT_FOR: Duration = Duration::from_hours(1);

const EXTENSION: &str = "journal";

/// A file that is not in its place yet.
const UNFINISHED: &str = "new";

/// The directory of a journal.
#[derive(Clone, Debug)]
pub(super) struct Directory(PathBuf);

impl Directory {
    /// Opens the directory, and creates it where it is not there: it is for this
    /// user alone.
    pub(super) fn open(path: PathBuf) -> io::Result<Self> {
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&path)?;
        Ok(Self(path))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    pub(super) fn file_of(&self, process: ProcessId) -> PathBuf {
        self.0.join(process.to_string()).with_extension(EXTENSION)
    }

    /// Creates the file of a process, locked from the moment it is in its place.
    pub(super) fn create(&self, process: ProcessId) -> io::Result<File> {
        let unfinished = self.0.join(process.to_string()).with_extension(UNFINISHED);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&unfinished)?;
        let placed = try_lock(&file)
            .and_then(|free| {
                free.then_some(())
                    .ok_or_else(|| io::ErrorKind::ResourceBusy.into())
            })
            .and_then(|()| file.sync_all())
            .and_then(|()| fs::rename(&unfinished, self.file_of(process)))
            .and_then(|()| self.sync());
        if let Err(error) = placed {
            let _ = fs::remove_file(&unfinished);
            return Err(error);
        }
        Ok(file)
    }

    /// Makes the names of the files durable.
    fn sync(&self) -> io::Result<()> {
        // Elsewhere a directory cannot be opened as a file.
        if cfg!(unix) {
            File::open(&self.0)?.sync_all()
        } else {
            Ok(())
        }
    }

    /// Every process that has a file here.
    pub(super) fn processes(&self) -> io::Result<Vec<ProcessId>> {
        let mut processes = Vec::new();
        for entry in fs::read_dir(&self.0)? {
            let path = entry?.path();
            match path.extension().and_then(|extension| extension.to_str()) {
                Some(EXTENSION) => {}
                Some(UNFINISHED) => {
                    remove_if_old(&path);
                    continue;
                }
                _ => continue,
            }
            let name = path.file_stem().and_then(|name| name.to_str());
            processes.extend(name.and_then(|name| name.parse::<ProcessId>().ok()));
        }
        // By the time of their start.
        processes.sort_unstable();
        Ok(processes)
    }

    /// Locks and reads the file of a process that has ended; `None` where the
    /// process lives, somebody else reads the file, or nothing is in it.
    pub(super) fn take_over(&self, process: ProcessId) -> io::Result<Option<(File, Contents)>> {
        let path = self.file_of(process);
        let mut file = match OpenOptions::new().read(true).write(true).open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened?,
        };
        if !try_lock(&file)? {
            return Ok(None);
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        if bytes.is_empty() {
            remove_if_old(&path);
            return Ok(None);
        }
        let contents = line::read(&bytes);
        if contents.damaged > 0 {
            let (damaged, path) = (contents.damaged, path.display());
            tracing::warn!(
                damaged, %path,
                "lines of a journal could not be read; a crash may have torn the last one"
            );
        }
        file.seek(SeekFrom::Start(0))?;
        Ok(Some((file, contents)))
    }

    /// What the file of a process says of it.
    pub(super) fn fate(&self, process: ProcessId) -> io::Result<Fate> {
        let file = match File::open(self.file_of(process)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Fate::Unknown),
            opened => opened?,
        };
        // Several may look at once.
        match file.try_lock_shared() {
            Ok(()) if file.metadata()?.len() == 0 => Ok(Fate::Ended),
            Ok(()) => Ok(Fate::Unsettled),
            Err(TryLockError::WouldBlock) => Ok(Fate::Unknown),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

/// Locks a file unless somebody else has.
fn try_lock(file: &File) -> io::Result<bool> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

fn remove_if_old(path: &Path) {
    let age = fs::metadata(path)
        .and_then(|metadata| metadata.modified())
        .ok()
        .and_then(|modified| modified.elapsed().ok());
    if age.is_some_and(|age| age > KEPT_FOR) {
        // Another process may be faster.
        let _ = fs::remove_file(path);
    }
}
