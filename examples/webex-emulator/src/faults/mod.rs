//! Faults: answers that the emulator was told to give instead of, or beside, its own.

mod fault;
pub(crate) mod layer;
mod queue;

pub use self::fault::{Cut, Fault, InvalidFault};
pub use self::queue::PendingFault;
pub(crate) use self::queue::{Answer, Effect, Faults};
