//! The journal on local disk: what the provider has handed out and the store has
//! not taken survives the end of the process.
//!
//! One directory, one file per process, locked for as long as the process lives.
//! The system lets go of the lock whatever ends the process, so that a file whose
//! lock is free tells of a process that has ended: its entries are taken over, its
//! leases need not be waited for. Several processes on one machine share a
//! directory to their advantage; processes on different machines need not.
//!
//! A file is a list of lines, each with a checksum: see `line`. It is empty unless
//! the store fails while the provider answers, and gone when the process has ended
//! in good order.
//!
//! ```no_run
//! use spark_oauth_core::ProcessId;
//! use spark_oauth_core::journal::FileJournal;
//! use spark_oauth_core::ports::{Clock as _, SystemClock, SystemRandom};
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let process = ProcessId::generate(SystemClock.now(), &SystemRandom);
//! let journal = FileJournal::open("/var/lib/my-service/journal", process).await?;
//! // SparkOauth::builder(…).journal(Arc::new(journal))
//! # Ok(())
//! # }
//! ```

mod directory;
mod file;
mod line;
mod own_file;
#[cfg(test)]
mod tests;

pub use file::{FileJournal, OpenJournalError};
