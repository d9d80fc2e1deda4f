//! The whole of spark-oauth in one process: the Webex emulator, the web adapter and
//! the SQLite store. No account is needed, and nothing is left behind but one folder.
//!
//! `cargo run -p demo` is the way in for a newcomer. As a library it is what a test
//! starts on port 0:
//!
//! ```
//! use demo::{Demo, Options};
//!
//! # async fn example() -> Result<(), demo::DemoError> {
//! let folder = std::env::temp_dir().join("spark-oauth-demo");
//! let demo = Demo::start(&Options { port: 0, emulator_port: 0, ..Options::at(folder) }).await?;
//! println!("{}", demo.address());
//! demo.shut_down().await;
//! # Ok(())
//! # }
//! ```
//!
//! Each file holds one idea: the [`Options`], the folder, the configuration, what the
//! emulator is told of an earlier run, the log, and what the newcomer reads.

mod config;
mod error;
mod folder;
mod greeting;
mod log;
mod memory;
mod options;
mod running;

pub use error::DemoError;
pub use folder::Folder;
pub use greeting::{Greeting, wants_colours};
pub use options::Options;
pub use running::{Demo, Prepared};
pub use spark_oauth_web::logging::LogGuard;
