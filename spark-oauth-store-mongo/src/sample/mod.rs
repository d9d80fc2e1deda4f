//! The data of the Node.js sample: its two databases, or an export of them.
//!
//! What becomes of the records is for [`spark_oauth_core::import`] to say.

mod bson_values;
mod collections;
mod databases;
mod error;
mod export;
mod extended_json;
mod folder;
mod kinds;

pub use collections::SampleCollections;
pub use databases::SampleDatabases;
pub use error::SampleError;
pub use folder::{SampleExport, Skipped};
