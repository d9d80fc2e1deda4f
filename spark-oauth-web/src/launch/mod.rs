//! From a configuration to a running application.

mod application;
mod date;
mod error;
mod events;
mod housekeeping;
mod key_watch;
mod listen;
mod presence;
mod refreshing;
mod server;
mod stores;

pub(crate) use application::key_ring;
pub use application::{Application, Overrides};
pub use error::StartError;
pub use listen::{Listening, Running};
pub use stores::{OpenStores, open_existing, open_stores, require_store, store_exists};
