//! The broker hands out tokens that are valid now, and carries out what admins
//! ask for.

mod checkout;
mod error;
mod flight;
mod refresh;
mod revoke;
mod service;
mod write_back;

pub use checkout::CheckedOut;
pub use error::TokenError;
pub use refresh::{RefreshLimits, Refreshed};
pub use service::{Broker, Revealed};
