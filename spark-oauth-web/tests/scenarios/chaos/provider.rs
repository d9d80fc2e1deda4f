//! What the provider does to those who refresh. Nothing of it loses an answer.

use webex_emulator::{Cut, Fault};

use super::world::World;

const TOKENS: &str = "POST /v1/access_token";

/// Longer than the application waits for an answer.
const TOO_LONG: u64 = 25_000;

impl World {
    /// Answers that come too late, errors, connections that are cut before anything
    /// was done, and slow answers.
    pub(super) fn disturb_provider(&self, round: u64) {
        let mut fault = Fault {
            times: 5,
            ..Fault::on(TOKENS)
        };
        match round % 20 {
            // Whoever is told to end meanwhile waits for it: not too often.
            0 => (fault.delay_ms, fault.times) = (TOO_LONG, 2),
            n if n % 3 == 0 => fault.delay_ms = 2_000,
            n if n % 3 == 1 => fault.status = Some(503),
            _ => fault.drop = Some(Cut::Before),
        }
        self.upstream.spoil(fault);
    }
}
