//! A file for every hour, kept for some days.

use std::fmt;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use spark_oauth_core::Timestamp;
use spark_oauth_core::ports::Clock;

use super::hour::Hour;

/// Tells the operator of trouble, by another way than these files.
pub(super) type Notice = Box<dyn Fn(String) + Send>;

/// How long to wait after a failure, so that a full disk is not tried for every line.
const PAUSE: Duration = Duration::from_mins(1);

/// Writes each line to the file of the hour (mode 0600) and removes files of the
/// same kind that are too old. Lines are lost while the directory cannot be
/// written; that is said once, and once more when it works again.
pub(super) struct HourlyFiles {
    directory: PathBuf,
    keep_days: u32,
    clock: Arc<dyn Clock>,
    notice: Notice,
    current: Option<(Hour, File)>,
    /// When it last failed.
    failed_at: Option<Timestamp>,
}

impl HourlyFiles {
    /// Opens the file of this hour, so that trouble shows at once.
    pub(super) fn open(
        directory: &Path,
        keep_days: u32,
        clock: Arc<dyn Clock>,
        notice: Notice,
    ) -> Self {
        let mut files = Self {
            directory: directory.to_owned(),
            keep_days,
            clock,
            notice,
            current: None,
            failed_at: None,
        };
        let now = files.clock.now();
        let opened = files.turn_to(Hour::of(now));
        files.note(opened, now);
        files
    }

    fn append(&mut self, line: &[u8], now: Timestamp) -> io::Result<()> {
        self.turn_to(Hour::of(now))?;
        match &mut self.current {
            Some((_, file)) => file.write_all(line),
            None => Ok(()),
        }
    }

    /// Makes the file of `hour` the current one.
    fn turn_to(&mut self, hour: Hour) -> io::Result<()> {
        if self.current.as_ref().is_some_and(|(open, _)| *open == hour) {
            return Ok(());
        }
        self.current = None;
        create_directory(&self.directory)?;
        let name = hour.file_name().ok_or(io::ErrorKind::InvalidInput)?;
        let file = open_private(&self.directory.join(name))?;
        self.current = Some((hour, file));
        if let Err(error) = self.remove_old(hour) {
            let directory = self.directory.display();
            (self.notice)(format!(
                "cannot remove old files of the log from {directory} ({error})"
            ));
        }
        Ok(())
    }

    fn remove_old(&self, now: Hour) -> io::Result<()> {
        let oldest_kept = now.days_before(self.keep_days);
        for entry in fs::read_dir(&self.directory)? {
            let entry = entry?;
            let hour = entry.file_name().to_str().and_then(Hour::of_file_name);
            if hour.is_some_and(|hour| hour < oldest_kept) {
                match fs::remove_file(entry.path()) {
                    // Another process on the same directory may have been faster.
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                    _ => {}
                }
            }
        }
        Ok(())
    }

    /// Says when it begins to fail, and when it works again.
    fn note(&mut self, outcome: io::Result<()>, now: Timestamp) {
        let directory = self.directory.display();
        match (outcome, self.failed_at) {
            (Err(error), None) => {
                (self.notice)(format!(
                    "cannot write the log to {directory} ({error}); standard error has it; make \
                     the directory writable, or set log.directory to another one or to \"off\""
                ));
                self.failed_at = Some(now);
            }
            (Err(_), Some(_)) => self.failed_at = Some(now),
            (Ok(()), Some(_)) => {
                (self.notice)(format!("the log is written to {directory} again"));
                self.failed_at = None;
            }
            (Ok(()), None) => {}
        }
    }

    /// Whether it failed so lately that the next line is not worth a try. A clock
    /// that was set back does not prolong it.
    fn is_pausing(&self, now: Timestamp) -> bool {
        self.failed_at
            .is_some_and(|failed| now >= failed && now.since(failed) < PAUSE)
    }
}

impl Write for HourlyFiles {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let now = self.clock.now();
        if !self.is_pausing(now) {
            let outcome = self.append(line, now);
            if outcome.is_err() {
                self.current = None;
            }
            self.note(outcome, now);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn create_directory(directory: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)
}

/// Opens a file to append to, for its owner alone.
fn open_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    Ok(file)
}

impl fmt::Debug for HourlyFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HourlyFiles")
            .field("directory", &self.directory)
            .finish_non_exhaustive()
    }
}
