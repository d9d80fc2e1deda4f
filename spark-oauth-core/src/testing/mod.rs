//! For tests of what is built on this crate: stores in memory whose faults a test
//! chooses, journals in memory, and a provider that answers by script.
//!
//! With the feature `testing`. Nothing here is meant for production: the stores
//! forget everything when the process ends, and read every record to find one.

mod faults;
mod memory_journals;
mod memory_stores;
#[cfg(test)]
pub(crate) mod scene;
mod scripted_client;

pub use faults::{StoreCall, StoreFault};
pub use memory_journals::MemoryJournals;
pub use memory_stores::MemoryStores;
pub use scripted_client::{ProviderCall, Reply, ScriptedClient};
