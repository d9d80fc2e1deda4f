//! Copying everything from one store into another, such as from SQLite to MongoDB
//! and back.
//!
//! No server may work on either store meanwhile: two stores that refresh the same
//! token end each other's. Records are written in the order in which they came into
//! the source, so that every list stays as it is, and each is read back and
//! compared, and its sealed values opened. A copy may end at any point and begin
//! again: what stands in the target already is compared, and never overwritten.
//!
//! API keys are copied by their hashes, so that services go on with the keys that they
//! have. Sessions and consents under way are not copied: they last minutes or hours, and
//! admins sign in again.

mod read_back;
mod record;
mod report;
mod service;
#[cfg(test)]
mod tests;

pub use report::{Copied, CopyError, CopyStep, Difference, Kind, Side, Tally};
pub use service::StoreCopy;
