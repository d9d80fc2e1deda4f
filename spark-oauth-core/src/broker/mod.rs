//! The broker hands out tokens that are valid now, and carries out what admins
//! ask for.

mod breaker;
mod checkout;
mod error;
mod flight;
mod refresh;
mod revoke;
mod schedule;
mod service;
mod write_back;

pub use breaker::{Breaker, BreakerState, Paused, Permit, Place};
pub use checkout::CheckedOut;
pub use error::TokenError;
pub use refresh::{RefreshLimits, Refreshed};
pub use schedule::{Expiries, Schedule, ScheduleLimits};
pub use service::{Broker, Revealed};
