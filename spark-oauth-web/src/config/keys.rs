//! `keyFile`, `SPARK_OAUTH_KEYS` and `SPARK_OAUTH_KEYS_FILE`: where the keys come
//! from that seal the tokens. Never from the database.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use spark_oauth_core::keyring::KeyRing;
use spark_oauth_core::ports::Random;

use super::environment::Environment;
use super::key_file::{self, KeyError, MissingKeyFile};
use super::reader::Reader;
use super::schema::Setting;

const KEY_FILE: Setting = Setting::plain("keyFile");

pub(super) const SETTINGS: &[Setting] = &[KEY_FILE];

/// The environment variable with the keys themselves.
pub(super) const VARIABLE: &str = "SPARK_OAUTH_KEYS";

/// The environment variable that names a file with the keys.
pub(super) const FILE_VARIABLE: &str = "SPARK_OAUTH_KEYS_FILE";

/// The default key file. It is not beside the database, so that a copy or a backup
/// of `data/` alone opens no token.
const DEFAULT_FILE: &str = "conf/spark-oauth.keys";

/// Where the keys come from.
#[derive(Clone, Debug)]
pub enum KeySource {
    /// From `SPARK_OAUTH_KEYS`.
    Variable(SecretString),
    /// From the file that `SPARK_OAUTH_KEYS_FILE` names. An orchestrator mounts
    /// it: its mode is not ours to judge, and it is never created.
    Mounted(PathBuf),
    /// From `keyFile`, which must be ours alone (mode 0600).
    File(PathBuf),
}

/// What [`KeySource::read`] found.
#[derive(Debug)]
pub enum Keys {
    /// The keys.
    Ring(KeyRing),
    /// The key file does not exist. It may be created where the store records no
    /// key; otherwise its keys are lost to us, and the start must end.
    Missing(MissingKeyFile),
}

pub(super) fn read(reader: &mut Reader, environment: &Environment) -> Option<KeySource> {
    let direct = environment.text(VARIABLE, reader.findings());
    let mounted = environment.text(FILE_VARIABLE, reader.findings());
    let file = reader.text(KEY_FILE);
    let source = match (direct, mounted, file) {
        (Some(_), Some(_), _) => {
            let fault = format!("{VARIABLE} gives the keys too");
            let findings = reader.findings();
            findings.problem(FILE_VARIABLE, fault, "unset one of them");
            return None;
        }
        (Some(text), None, _) => KeySource::Variable(SecretString::from(text)),
        (None, Some(path), _) => KeySource::Mounted(PathBuf::from(path)),
        (None, None, Some(path)) => return Some(KeySource::File(PathBuf::from(path))),
        (None, None, None) => return Some(KeySource::File(PathBuf::from(DEFAULT_FILE))),
    };
    if reader.is_given(KEY_FILE) {
        let text = format!("not used, since {source} gives the keys");
        reader.warn(KEY_FILE, text);
    }
    Some(source)
}

impl KeySource {
    /// Reads the keys.
    ///
    /// # Errors
    /// [`KeyError`] where they cannot be read, where somebody else may read the key
    /// file, and where they are no keys.
    pub fn read(&self, random: Arc<dyn Random>) -> Result<Keys, KeyError> {
        match self {
            Self::Variable(text) => KeyRing::parse(text.expose_secret(), random)
                .map(Keys::Ring)
                .map_err(|source| KeyError::Invalid {
                    place: VARIABLE.to_owned(),
                    source,
                }),
            Self::Mounted(path) => key_file::read_mounted(path, random).map(Keys::Ring),
            Self::File(path) => Ok(match key_file::read_own(path, random)? {
                Some(ring) => Keys::Ring(ring),
                None => Keys::Missing(MissingKeyFile::new(path.clone())),
            }),
        }
    }
}

impl fmt::Display for KeySource {
    /// The place, for a message.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable(_) => f.write_str(VARIABLE),
            Self::Mounted(path) => write!(f, "{FILE_VARIABLE} ({})", path.display()),
            Self::File(path) => super::absolute(path).display().fmt(f),
        }
    }
}
