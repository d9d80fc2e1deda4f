//! Rotating the keys: everything is sealed again under the newest key, while the
//! services run, so that the older keys can go.
//!
//! 1. Every live process must seal with the newest key before anything else:
//!    nobody then seals with an older one afterwards, and nobody meets a value that
//!    it cannot open.
//! 2. Passes go through all tokens and seal again what an older key has sealed, by
//!    compare-and-set, until one finds nothing.
//! 3. A refresh that was under way when the keys changed may still write what it
//!    sealed before: it is waited for.
//! 4. The store forgets the keys that nothing needs any more.
//!
//! It may end at any point and begin again: what is done stays done.

mod outstanding;
mod report;
mod reseal;
mod service;
#[cfg(test)]
mod tests;

pub use report::{Rotated, RotationError, RotationStep, Unopened};
pub use service::KeyRotation;
