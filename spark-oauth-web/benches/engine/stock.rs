//! What a store holds: tokens of which some are due.

use std::time::Duration;

use spark_oauth_core::keyring::KeyRing;
use spark_oauth_core::ports::{Clock as _, SystemClock};
use spark_oauth_core::token::Token;

use crate::Outcome;
use crate::tokens::token;

const DAY: Duration = Duration::from_hours(24);

/// How old a due token is, and how long it still lives: of the fourteen days that the
/// provider gives it, the worker's margin has begun.
const AGE: Duration = DAY.saturating_mul(13);
const LEFT: Duration = DAY;

/// How many tokens there are, and how many of them are due, evenly spread.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stock {
    pub(crate) tokens: usize,
    pub(crate) due: usize,
}

impl Stock {
    /// The token that has this number. Each is due at a time of its own.
    pub(crate) fn token(self, ring: &KeyRing, number: usize) -> Outcome<Token> {
        let mut token = token(ring, number)?;
        let now = SystemClock.now();
        let apart = Duration::from_millis(u64::try_from(number)?);
        if self.is_due(number) {
            token.obtained_at = now - AGE;
            token.granted_at = now - AGE;
            token.access_expires_at = now + LEFT;
            token.refresh_expires_at = token.refresh_expires_at.map(|end| end - AGE);
            token.upkeep.due_at = Some(now - DAY - apart);
        } else {
            token.upkeep.due_at = Some(now + DAY + apart);
        }
        Ok(token)
    }

    const fn is_due(self, number: usize) -> bool {
        self.due > 0 && number.is_multiple_of(self.tokens / self.due)
    }
}
