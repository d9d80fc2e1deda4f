//! What is measured, one figure in one file.

pub(crate) mod access_token;
pub(crate) mod consent;
pub(crate) mod home;
pub(crate) mod look_up;
pub(crate) mod memory;
pub(crate) mod pages;
pub(crate) mod sign_in;
pub(crate) mod start;
mod turns;
pub(crate) mod writes;

use std::time::Duration;

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    /// How often two sides take turns.
    pub(crate) rounds: usize,
    /// How long each turn lasts.
    pub(crate) slice: Duration,
    /// How long new visitors come.
    pub(crate) visitors: Duration,
    /// How many tokens a small and a large database hold.
    pub(crate) tokens: (usize, usize),
}

/// How many clients ask at once where the requests of a second are counted.
pub(crate) const CONNECTIONS: usize = 32;
