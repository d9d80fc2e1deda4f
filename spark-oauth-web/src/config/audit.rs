//! Section `audit`: how long the audit log is kept.

use std::time::Duration;

use super::reader::Reader;
use super::schema::Setting;

const KEEP_DAYS: Setting = Setting::plain("audit.keepDays");

pub(super) const SETTINGS: &[Setting] = &[KEEP_DAYS];

/// Section `audit`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AuditConfig {
    /// For how many days an entry is kept; `None` for ever.
    pub keep_days: Option<u32>,
}

impl AuditConfig {
    /// How long an entry is kept; `None` for ever.
    pub fn kept_for(self) -> Option<Duration> {
        self.keep_days.map(|days| Duration::from_hours(24) * days)
    }
}

pub(super) fn read(reader: &mut Reader) -> AuditConfig {
    AuditConfig {
        keep_days: reader.integer(KEEP_DAYS, &(1..=36_500)),
    }
}
