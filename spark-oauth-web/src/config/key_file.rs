//! The key file: read only where nobody else can, and created whole or not at all.

use std::fs::{DirBuilder, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use spark_oauth_core::keyring::{InvalidKeyRing, KeyRing, SealingKey};
use spark_oauth_core::ports::Random;
use zeroize::Zeroizing;

use super::file::read_open;

/// Why there are no keys.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file cannot be read.
    #[error("cannot read the keys from {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Others than its owner can read or change the key file.
    #[error(
        "others can read or change the key file {} (mode {mode:04o}); run: chmod 600 {}",
        path.display(), path.display()
    )]
    Exposed {
        /// The file.
        path: PathBuf,
        /// The mode's permission bits.
        mode: u32,
    },
    /// What was read is no key ring.
    #[error("wrong keys in {place}")]
    Invalid {
        /// The file or the environment variable.
        place: String,
        /// What is wrong with them.
        source: InvalidKeyRing,
    },
    /// The key file cannot be created.
    #[error(
        "cannot create the key file {}; make its folder writable, set keyFile to another \
         place, or give the keys in SPARK_OAUTH_KEYS",
        path.display()
    )]
    Create {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

/// A key file that does not exist.
#[derive(Debug)]
pub struct MissingKeyFile {
    path: PathBuf,
}

impl MissingKeyFile {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Where it should be.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Creates the file with one new key. Where another process was faster, its
    /// keys are read instead. The file appears whole, on disk, with mode 0600.
    ///
    /// # Errors
    /// [`KeyError`] where it cannot be created or read.
    pub fn create(self, random: Arc<dyn Random>) -> Result<KeyRing, KeyError> {
        let Self { path } = self;
        let key = SealingKey::generate(&*random);
        match write_new(&path, &content(&key)) {
            Ok(()) => Ok(KeyRing::new(key, random)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                let ring = read_own(&path, random)?;
                ring.ok_or(KeyError::Create {
                    path,
                    source: error,
                })
            }
            Err(source) => Err(KeyError::Create { path, source }),
        }
    }
}

fn content(key: &SealingKey) -> Zeroizing<String> {
    let text = key.to_base64();
    Zeroizing::new(format!(
        "# The keys that seal the tokens: the first seals, all of them open. Keep this file\n\
         # secret, and a copy of it apart from the database: nothing opens without it.\n\
         {}\n",
        *text
    ))
}

/// Reads our own key file; `None` where there is none.
pub(super) fn read_own(path: &Path, random: Arc<dyn Random>) -> Result<Option<KeyRing>, KeyError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(path, error)),
    };
    refuse_exposed(path, &file)?;
    parse(path, &file, random).map(Some)
}

/// Reads a file that an orchestrator mounted.
pub(super) fn read_mounted(path: &Path, random: Arc<dyn Random>) -> Result<KeyRing, KeyError> {
    let file = File::open(path).map_err(|error| unreadable(path, error))?;
    parse(path, &file, random)
}

fn parse(path: &Path, file: &File, random: Arc<dyn Random>) -> Result<KeyRing, KeyError> {
    let text = read_open(file).map_err(|error| unreadable(path, error))?;
    KeyRing::parse(&text, random).map_err(|source| KeyError::Invalid {
        place: path.display().to_string(),
        source,
    })
}

fn unreadable(path: &Path, source: io::Error) -> KeyError {
    KeyError::Read {
        path: path.to_owned(),
        source,
    }
}

#[cfg(unix)]
fn refuse_exposed(path: &Path, file: &File) -> Result<(), KeyError> {
    use std::os::unix::fs::PermissionsExt;

    let metadata = file.metadata().map_err(|error| unreadable(path, error))?;
    let mode = metadata.permissions().mode() & 0o7777;
    let others = mode & 0o077;
    if others == 0 {
        Ok(())
    } else {
        Err(KeyError::Exposed {
            path: path.to_owned(),
            mode,
        })
    }
}

#[cfg(not(unix))]
fn refuse_exposed(_path: &Path, _file: &File) -> Result<(), KeyError> {
    Ok(())
}

/// Writes a file beside `path` and gives it the name only when all of it is on
/// disk, and only where the name is free.
fn write_new(path: &Path, content: &str) -> io::Result<()> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    create_folder(folder)?;
    let mut file = tempfile::Builder::new()
        .prefix(".spark-oauth-keys-")
        .tempfile_in(folder)?;
    file.write_all(content.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist_noclobber(path).map_err(|error| error.error)?;
    sync_folder(folder)
}

/// Creates the folder and those above it, for nobody else to look into.
fn create_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Makes the file's name durable.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}
