//! A refresh in five steps, safe with any number of processes on one store:
//! 1. `claim` the record by its lease;
//! 2. read it under the lease;
//! 3. `mark` the attempt;
//! 4. `call` the provider, and write the answer with compare-and-set
//!    (`write_back`);
//! 5. what a process did not come to write is taken up again (`mark`, and
//!    `recovery` for what it left in its journal).

mod call;
mod claim;
mod goal;
mod limits;
mod mark;
mod sightings;

use std::sync::Arc;

use tokio::time::Instant;
use tracing::{Instrument as _, Span};

use goal::is_of_record;
pub(super) use goal::{Goal, SHORTEST_LIFE, check_active};
pub use limits::RefreshLimits;
pub(super) use mark::Begun;
pub(super) use sightings::Sightings;

use crate::broker::breaker::{Breaker, Paused, Permit};
use crate::broker::error::TokenError;
use crate::broker::flight::{EarlyAnswer, Flights};
use crate::broker::profile::Profiles;
use crate::broker::recovery::Recovery;
use crate::broker::refresh::claim::Claimed;
use crate::broker::safekeeping::Safekeeping;
use crate::broker::schedule::Schedule;
use crate::corrected_clock::CorrectedClock;
use crate::detached::Detached;
use crate::events::Events;
use crate::ids::{ProcessId, TokenId};
use crate::integration::Integration;
use crate::keyring::KeyRing;
use crate::measured;
use crate::ports::{Clock as _, Observer, RefreshOutcome, SparkClient, TokenStore};
use crate::store_health::StoreHealth;
use crate::token::{Attempt, Lease, RefreshTrigger, Token};

/// How often a refresh is begun anew when the record changes under it, or when
/// the refresh that was joined was begun for less.
const ATTEMPTS: usize = 3;

/// The outcome of a refresh that was not refused.
#[derive(Clone, Debug)]
pub struct Refreshed {
    /// The record as it stands now. Where the store does not take it for the moment
    /// and the journal keeps the new tokens, the record as it will stand.
    pub token: Token,
    /// Whether the provider was called; `false` where the token was fresh already.
    pub called: bool,
}

/// Refreshes tokens.
#[derive(Clone, Debug)]
pub(super) struct Refresher {
    pub(super) integration: Arc<Integration>,
    pub(super) client: Arc<dyn SparkClient>,
    pub(super) tokens: Arc<dyn TokenStore>,
    pub(super) ring: KeyRing,
    pub(super) clock: CorrectedClock,
    pub(super) process: ProcessId,
    pub(super) limits: RefreshLimits,
    pub(super) flights: Flights,
    pub(super) detached: Detached,
    pub(super) schedule: Schedule,
    pub(super) breaker: Breaker,
    pub(super) events: Events,
    pub(super) observer: Arc<dyn Observer>,
    pub(super) health: StoreHealth,
    pub(super) leases: Sightings<Lease>,
    pub(super) markers: Sightings<Attempt>,
    pub(super) recovery: Recovery,
    pub(super) safekeeping: Safekeeping,
    pub(super) profiles: Profiles,
}

impl Refresher {
    /// Refreshes the token, or waits for the refresh that is under way.
    pub(super) async fn refresh(
        &self,
        id: TokenId,
        goal: Goal,
        trigger: RefreshTrigger,
    ) -> Result<Refreshed, TokenError> {
        let mut attempt = 1;
        loop {
            let (refresher, mut joined) = (self.clone(), true);
            let begin = |early| {
                joined = false;
                async move {
                    let span = measured::refresh(trigger);
                    let run = Box::pin(refresher.run(id, goal, trigger, &early, &span));
                    run.instrument(span.clone()).await
                }
            };
            let outcome = self.flights.join(id, begin).await;
            let is_last = attempt == ATTEMPTS;
            match outcome {
                // The refresh that we joined was begun for less, and did nothing.
                Ok(done) if !done.called && !self.is_met(&done.token, goal, trigger) => {
                    if is_last {
                        return Ok(done);
                    }
                }
                // It may have ended before a consent that stood when we joined.
                Err(refusal) if joined && is_of_record(&refusal) => {
                    if self.stands(id, &refusal).await? {
                        return Err(refusal);
                    }
                    if is_last {
                        return Err(TokenError::Superseded);
                    }
                }
                outcome => return outcome,
            }
            attempt += 1;
        }
    }

    async fn run(
        &self,
        id: TokenId,
        goal: Goal,
        trigger: RefreshTrigger,
        early: &EarlyAnswer,
        span: &Span,
    ) -> Result<Refreshed, TokenError> {
        let begun = Instant::now();
        let mut lost = false;
        let mut outcome = Err(TokenError::Superseded);
        for _ in 0..ATTEMPTS {
            outcome = Box::pin(self.try_once(id, goal, trigger, early)).await;
            if !matches!(outcome, Err(TokenError::Superseded)) {
                break;
            }
            // A consent, a revocation or another process was faster. The newer
            // record may be all that was asked for.
            tracing::info!(token = %id, "the token changed during its refresh");
            lost = true;
        }
        let ended = match &outcome {
            Ok(done) if done.called => RefreshOutcome::Refreshed,
            Ok(_) if lost => RefreshOutcome::LostRace,
            Ok(_) => RefreshOutcome::AlreadyFresh,
            Err(TokenError::Superseded) => RefreshOutcome::LostRace,
            Err(error) => RefreshOutcome::Failed(error.class()),
        };
        measured::refresh_ended(span, ended);
        self.observer.refresh_ended(trigger, ended, begun.elapsed());
        if let Ok(done) = &outcome {
            self.read_profile_later(done);
        }
        outcome
    }

    async fn try_once(
        &self,
        id: TokenId,
        goal: Goal,
        trigger: RefreshTrigger,
        early: &EarlyAnswer,
    ) -> Result<Refreshed, TokenError> {
        // Asked before the claim: while refreshing pauses, nothing is written.
        let mut permit = self.permit(trigger).await?;
        let fresh = |token: Box<Token>| Refreshed {
            token: *token,
            called: false,
        };
        let asked = Instant::now();
        let token = match self.claim(id, goal, trigger).await? {
            Claimed::Leased(token) => token,
            Claimed::Met(token) => return Ok(fresh(token)),
        };
        let found = token.attempt;
        if self.is_met(&token, goal, trigger) {
            self.release(id, found, false).await;
            return Ok(fresh(token));
        }
        let outcome = async {
            // Also where the caller did not look: a record can change its integration.
            self.check_integration(&token)?;
            if asked.elapsed() >= STALE_PERMIT && !permit.is_probe() {
                permit = self.permit(trigger).await?;
            }
            // Much is kept across the calls below: it lies on the heap once.
            Box::pin(self.refresh_under_lease(*token, trigger, permit, early)).await
        };
        match outcome.await {
            // The lease went with the write of the answer.
            Ok(token) => Ok(Refreshed {
                token,
                called: true,
            }),
            Err(error) => {
                self.release(id, found, error.lost_an_answer()).await;
                Err(error)
            }
        }
    }

    async fn permit(&self, trigger: RefreshTrigger) -> Result<Permit, TokenError> {
        let permit = self.breaker.permit(trigger, self.clock.now()).await;
        permit.map_err(|paused| self.paused(paused))
    }

    fn paused(&self, paused: Paused) -> TokenError {
        TokenError::Paused {
            retry_after: paused.until.since(self.clock.now()),
            reason: paused.reason,
        }
    }

    async fn refresh_under_lease(
        &self,
        token: Token,
        trigger: RefreshTrigger,
        permit: Permit,
        early: &EarlyAnswer,
    ) -> Result<Token, TokenError> {
        self.check_ready(&token, trigger)?;
        let Some(sealed) = &token.refresh else {
            return Err(self.not_refreshable(token).await);
        };
        let refresh_token = self.ring.open_refresh(token.id, sealed)?;
        let interrupted = self.interrupted(&token).await?;
        self.recovery.check(self, &token).await?;
        let id = token.id;
        let begun = self.mark(token, refresh_token, interrupted).await?;
        let asking = Box::pin(self.ask(begun, trigger, permit, early));
        self.under_lease(id, asking).await
    }
}

/// A permit that is older than this may be from before a pause.
const STALE_PERMIT: std::time::Duration = std::time::Duration::from_millis(500);

#[cfg(test)]
mod tests;
