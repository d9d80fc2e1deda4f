//! Moving in from the Node.js sample: its records become tokens and admins of
//! whichever store is chosen.
//!
//! An adapter reads the sample's databases, or an export of them, into a
//! [`Sample`]. [`Importer::plan`] says what would become of each record and writes
//! nothing; [`Importer::run`] writes, reads every record back and opens it, and only
//! then deletes from the source where that was asked for. Both tell one by one what
//! was left out, in a [`Report`], and nothing wrong with one record stops the rest.
//!
//! # Twice is once
//! The identifiers of what is imported are derived from those of the sample's
//! records, so that a second import finds what the first one wrote, whatever has
//! become of it since. A record that was refreshed here, whose person granted access
//! here, or that was revoked is never overwritten. One that was not touched here takes
//! over what the sample has refreshed meanwhile.
//!
//! # What an imported token lacks
//! The sample kept neither the provider's identifier of the person nor the time when a
//! token was obtained. So the record has no person until its first contact with the
//! provider, and its access token counts as ended: it is refreshed before first use.

mod admin_candidate;
mod admins;
mod cleaner;
mod derived_id;
mod importer;
mod people;
mod progress;
mod record;
mod remark;
mod report;
#[cfg(test)]
mod tests;
mod token_candidate;
mod tokens;
mod verify;

pub use cleaner::SampleCleaner;
pub use importer::{ImportError, Importer};
pub use progress::{Progress, Stage};
pub use record::{Sample, SampleId, SampleRecord, SampleValue, UnreadableRecord};
pub use remark::Remark;
pub use report::{Finding, Kind, Report, Tally, Verdict};
