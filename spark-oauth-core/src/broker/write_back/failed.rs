//! A refresh that failed, and what is said of it in the record.

use crate::broker::refresh::Begun;
use crate::ports::SparkError;
use crate::secret::RefreshToken;
use crate::timestamp::Timestamp;
use crate::token::{ConsentLoss, LastFailure, Token};

/// Stands at the end of a summary from when an answer may have been lost until a
/// refresh succeeds: a refusal that follows has an explanation.
const MAYBE_LOST: &str = "; an answer may have been lost, and a new refresh token with it";

/// A refresh that the provider did not carry out.
pub(in crate::broker) struct Failed {
    pub(in crate::broker) token: Token,
    pub(in crate::broker) error: SparkError,
    pub(super) at: Timestamp,
    /// What the provider was asked with.
    pub(super) refresh_token: RefreshToken,
    /// An answer of this refresh or of one before it may have been lost.
    maybe_lost: bool,
}

impl Failed {
    pub(in crate::broker) fn new(begun: Begun, error: SparkError, at: Timestamp) -> Self {
        let before = begun.token.last_failure.as_ref();
        let lost_before = before.is_some_and(|failure| failure.summary.ends_with(MAYBE_LOST));
        Self {
            at,
            refresh_token: begun.refresh_token,
            maybe_lost: begun.after_interruption || lost_before || error.answer_lost,
            error,
            token: begun.token,
        }
    }

    /// What was lost, where the provider refused for good.
    pub(in crate::broker) fn why_refused(&self) -> ConsentLoss {
        let end = self.token.refresh_expires_at;
        if end.is_some_and(|end| end.has_passed(self.at)) {
            ConsentLoss::RefreshTokenExpired
        } else {
            ConsentLoss::RefreshRefused
        }
    }

    /// The failure for the record.
    pub(super) fn note(&self) -> LastFailure {
        let mut summary = self.error.to_string();
        if self.maybe_lost {
            summary.push_str(MAYBE_LOST);
        }
        LastFailure {
            at: self.at,
            class: self.error.class(),
            summary,
            tracking_id: self.error.tracking_id.clone(),
        }
    }
}
