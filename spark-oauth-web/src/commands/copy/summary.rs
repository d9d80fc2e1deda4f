//! What a copy did, for the operator.

use std::fmt;

use spark_oauth_core::store_copy::{Copied, Kind, Tally};

use super::at_work;

/// The text on standard output.
pub(super) struct Summary<'c> {
    pub(super) copied: &'c Copied,
    /// The stores, without credentials.
    pub(super) source: String,
    pub(super) target: String,
}

impl fmt::Display for Summary<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "from {} into {}", self.source, self.target)?;
        writeln!(f, "  {:<20}{:>10}{:>15}", "", "copied", "there already")?;
        for (kind, tally) in &self.copied.tallies {
            writeln!(
                f,
                "  {:<20}{:>10}{:>15}",
                kind.to_string(),
                tally.copied,
                tally.stood
            )?;
        }
        for (kind, tally) in &self.copied.tallies {
            troubles(f, *kind, tally)?;
        }
        self.what_next(f)
    }
}

fn troubles(f: &mut fmt::Formatter<'_>, kind: Kind, tally: &Tally) -> fmt::Result {
    for difference in &tally.differing {
        writeln!(
            f,
            "  not the same: {kind} {}: {}",
            difference.record, difference.reason
        )?;
    }
    for unreadable in &tally.unreadable {
        writeln!(
            f,
            "  not copied: {kind} {}: it cannot be read",
            unreadable.id
        )?;
    }
    Ok(())
}

impl Summary<'_> {
    fn what_next(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (side, process) in &self.copied.appeared {
            writeln!(f, "  meanwhile came to the {}", at_work(*side, process))?;
        }
        if !self.copied.appeared.is_empty() {
            return writeln!(
                f,
                "The copy may be out of date: stop these servers, and run this again."
            );
        }
        if !self.copied.is_complete() {
            return writeln!(
                f,
                "Not everything is the same in both. Nothing was overwritten; see above."
            );
        }
        writeln!(
            f,
            "Every record was read back and compared, and every token opens. Sessions and \
             consents under way were not copied: admins sign in again.\n\
             Point `store` at {} now, and start no server on {} any more: two stores that \
             refresh the same token end each other's.",
            self.target, self.source
        )
    }
}
