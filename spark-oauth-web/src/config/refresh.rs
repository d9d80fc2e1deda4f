//! Section `refresh`: how tokens are kept fresh.

use std::path::PathBuf;
use std::time::Duration;

use super::reader::Reader;
use super::schema::Setting;

const MARGIN: Setting = Setting::plain("refresh.margin");
const CONCURRENCY: Setting = Setting::plain("refresh.concurrency");
const RECOVERY_GRACE: Setting = Setting::plain("refresh.recoveryGrace");
const JOURNAL_DIRECTORY: Setting = Setting::plain("refresh.journalDirectory");

pub(super) const SETTINGS: &[Setting] = &[MARGIN, CONCURRENCY, RECOVERY_GRACE, JOURNAL_DIRECTORY];

/// Section `refresh`.
#[derive(Clone, Debug, PartialEq)]
pub struct RefreshConfig {
    /// How long before its expiry a token is refreshed, as a share of its own
    /// lifetime.
    pub margin: f64,
    /// How many refreshes run at once.
    pub concurrency: usize,
    /// How long another process waits before it takes over a refresh that was
    /// begun and never ended.
    pub recovery_grace: Duration,
    /// Where new tokens go while the store fails.
    pub journal: Journal,
}

/// Where new tokens go while the store fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Journal {
    /// Into files of this directory; a relative path counts from the working
    /// directory.
    Directory(PathBuf),
    /// Nowhere: a token may be lost.
    Off,
}

pub(super) fn read(reader: &mut Reader) -> RefreshConfig {
    let grace = reader.integer(RECOVERY_GRACE, &(1..=86_400));
    RefreshConfig {
        margin: reader.fraction(MARGIN, &(0.01..=0.9)).unwrap_or(0.2),
        concurrency: reader.integer(CONCURRENCY, &(1..=1024)).unwrap_or(16),
        recovery_grace: Duration::from_secs(grace.unwrap_or(60)),
        journal: journal(reader),
    }
}

fn journal(reader: &mut Reader) -> Journal {
    match reader.text(JOURNAL_DIRECTORY) {
        Some(text) if text.trim() == "off" => {
            let text = "off: a token that is refreshed while the store fails may be lost";
            reader.warn(JOURNAL_DIRECTORY, text);
            Journal::Off
        }
        Some(text) => Journal::Directory(PathBuf::from(text)),
        None => Journal::Directory(PathBuf::from("data/journal")),
    }
}
