//! The port to a source that imported records are deleted from.

use std::fmt::Debug;

use async_trait::async_trait;

use crate::import::{Kind, SampleRecord};
use crate::ports::StoreError;

/// A source that records can be deleted from.
#[async_trait]
pub trait SampleCleaner: Debug + Send + Sync {
    /// Deletes a record of the source.
    ///
    /// MUST delete it only where its text fields are still as they were read, in one
    /// atomic operation: the sample may have refreshed the token since, and only the
    /// source holds the new one then. `false` where it changed or is gone.
    ///
    /// # Errors
    /// The source's own.
    async fn delete(&self, kind: Kind, record: &SampleRecord) -> Result<bool, StoreError>;
}
