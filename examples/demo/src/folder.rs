//! The one folder that the demo leaves behind.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::DemoError;

/// What marks a folder as one that a demo may empty. Its lock keeps a second demo off.
const MARK: &str = "README.txt";

const MARK_TEXT: &str = "\
This folder was made by the spark-oauth demo (cargo run -p demo).

spark-oauth.db     the database: tokens are sealed in it
spark-oauth.keys   the key that seals them
journal/           new tokens, sealed, while the database fails
logs/              what happened, hour by hour
config.json        by which commands of spark-oauth-web find all this

Nothing in it is real. Delete the folder as you like, or start the demo with
--fresh to begin anew.
";

/// A folder that this demo alone uses, for as long as the value lives.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    /// Closing it ends the lock.
    _lock: File,
}

impl Folder {
    /// Makes the folder, or takes up one that an earlier demo made; `fresh` empties it.
    ///
    /// # Errors
    /// [`DemoError`] where the folder is somebody else's, or cannot be used.
    pub fn take(path: &Path, fresh: bool) -> Result<Self, DemoError> {
        if path.to_str().is_none() {
            return Err(DemoError::FolderName(path.to_owned()));
        }
        let failed = |source| DemoError::Folder {
            path: path.to_owned(),
            source,
        };
        make_private(path).map_err(failed)?;
        let mark = path.join(MARK);
        let ours = mark.is_file();
        if !ours && !is_empty(path).map_err(failed)? {
            return Err(DemoError::NotOurFolder(path.to_owned()));
        }
        let lock = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&mark)
            .map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(DemoError::FolderInUse(path.to_owned())),
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        if !ours {
            (&lock).write_all(MARK_TEXT.as_bytes()).map_err(failed)?;
        }
        if fresh {
            empty(path).map_err(failed)?;
        }
        Ok(Self {
            path: path.to_owned(),
            _lock: lock,
        })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The path of something in it, as text for the configuration.
    pub(crate) fn file(&self, name: &str) -> String {
        self.path.join(name).to_string_lossy().into_owned()
    }
}

/// Makes the folder where there is none, for its owner alone: it will hold the keys.
fn make_private(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

fn is_empty(path: &Path) -> io::Result<bool> {
    Ok(fs::read_dir(path)?.next().is_none())
}

/// Removes all but the mark.
fn empty(path: &Path) -> io::Result<()> {
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        if entry.file_name() == MARK {
            continue;
        }
        if entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        } else {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_with_foreign_files_is_left_alone() {
        let place = tempfile::tempdir().unwrap();
        fs::write(place.path().join("thesis.txt"), "mine").unwrap();
        for fresh in [false, true] {
            let refused = Folder::take(place.path(), fresh).unwrap_err();
            assert!(matches!(refused, DemoError::NotOurFolder(_)), "{refused}");
        }
        let left: Vec<_> = fs::read_dir(place.path()).unwrap().collect();
        assert_eq!(left.len(), 1);
    }

    #[test]
    fn a_second_demo_on_the_same_folder_is_refused() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("a/b");
        let first = Folder::take(&path, false).unwrap();
        fs::write(path.join("spark-oauth.db"), "data").unwrap();
        let refused = Folder::take(&path, true).unwrap_err();
        assert!(matches!(refused, DemoError::FolderInUse(_)), "{refused}");
        assert!(path.join("spark-oauth.db").exists());
        drop(first);
        Folder::take(&path, false).unwrap();
    }

    #[test]
    fn only_fresh_forgets_what_an_earlier_demo_left() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("demo-data");
        drop(Folder::take(&path, false).unwrap());
        fs::create_dir(path.join("logs")).unwrap();
        fs::write(path.join("logs/1.log"), "line").unwrap();
        drop(Folder::take(&path, false).unwrap());
        assert!(path.join("logs/1.log").exists());
        drop(Folder::take(&path, true).unwrap());
        let left: Vec<_> = fs::read_dir(&path)
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(left, [MARK]);
        assert_eq!(fs::read_to_string(path.join(MARK)).unwrap(), MARK_TEXT);
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_looks_into_it() {
        use std::os::unix::fs::PermissionsExt as _;

        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("demo-data");
        let _folder = Folder::take(&path, false).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o077, 0);
    }
}
