//! The broker hands out tokens that are valid now, and carries out what admins
//! ask for.

mod breaker;
mod chance;
mod checkout;
mod error;
mod flight;
mod profile;
mod recovery;
mod refresh;
mod revoke;
mod safekeeping;
mod schedule;
mod service;
mod worker;
mod write_back;

pub use breaker::{Breaker, BreakerState, Paused, Permit, Place};
pub use checkout::CheckedOut;
pub use error::TokenError;
pub use refresh::{RefreshLimits, Refreshed};
pub use schedule::{Cause, Expiries, Schedule, ScheduleLimits};
pub use service::{Broker, Revealed};
pub use worker::{Worker, WorkerSettings};
