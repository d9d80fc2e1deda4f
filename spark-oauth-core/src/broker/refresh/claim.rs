//! Step one: the lease. It is taken, waited for, extended and given back; that of a
//! process that has ended is taken back.

use std::convert::Infallible;
use std::pin::pin;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::broker::error::TokenError;
use crate::broker::refresh::goal::{Goal, check_active};
use crate::broker::refresh::{RefreshLimits, Refresher};
use crate::broker::write_back::Change;
use crate::ids::{ProcessId, TokenId};
use crate::ports::{Claim, Clock as _, StoreError};
use crate::timestamp::Timestamp;
use crate::token::{Attempt, Lease, RefreshTrigger, Token};

const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// At this time, every lease counts as held.
const LONG_AGO: Timestamp = Timestamp::from_millis(i64::MIN);

/// The largest difference between two working clocks: each is corrected by at most twelve
/// hours.
const MOST_APART: Duration = Duration::from_hours(24);

/// The maximum ratio of another process's lease duration to ours.
const LONGER_LEASES: u32 = 4;

/// The outcome of a claim that was waited for.
pub(super) enum Claimed {
    /// The lease is ours; this is the record under it.
    Leased(Box<Token>),
    /// Another process reached the goal. The lease is not ours.
    Met(Box<Token>),
}

impl Refresher {
    /// Takes the lease, or waits until whoever holds it is done.
    pub(super) async fn claim(
        &self,
        id: TokenId,
        goal: Goal,
        trigger: RefreshTrigger,
    ) -> Result<Claimed, TokenError> {
        let held = match self.try_claim(id).await? {
            Claim::Taken(token) => return Ok(Claimed::Leased(token)),
            Claim::Missing => return Err(TokenError::NotFound),
            Claim::Held(lease) => lease,
        };
        let begun = Instant::now();
        let outcome = self.wait_for_lease(id, goal, trigger, held).await;
        let got = outcome.is_ok();
        self.observer.lease_waited(begun.elapsed(), got);
        outcome
    }

    /// Acquires the lease if it is free, or if the lease of another process has expired.
    async fn try_claim(&self, id: TokenId) -> Result<Claim, StoreError> {
        let claim = self.tokens.claim(id, self.lease(), LONG_AGO).await?;
        match claim {
            Claim::Held(held) if self.has_lapsed(id, held) => {
                // This fails if the other process has renewed its lease meanwhile.
                self.tokens.claim(id, self.lease(), held.expires_at).await
            }
            claim => Ok(claim),
        }
    }

    /// Whether the lease of another process has expired: this process has seen it
    /// unchanged for the duration of a lease. The clock of the other process may be hours
    /// ahead or behind.
    ///
    /// The expiry in the lease can only lengthen that time, by a bounded factor: the other
    /// process may be configured for longer leases.
    fn has_lapsed(&self, id: TokenId, held: Lease) -> bool {
        let RefreshLimits { lease, skew, .. } = self.limits;
        let now = self.clock.now();
        if (held.expires_at + MOST_APART).has_passed(now) {
            return true;
        }
        let seen = self.leases.age(id, held, self.clock.uptime());
        let is_over = (held.expires_at + skew).has_passed(now);
        let lasts = lease.saturating_add(skew);
        seen >= lasts.saturating_mul(if is_over { 1 } else { LONGER_LEASES })
    }

    fn lease(&self) -> Lease {
        Lease {
            owner: self.process,
            expires_at: self.clock.now() + self.limits.lease,
        }
    }

    async fn wait_for_lease(
        &self,
        id: TokenId,
        goal: Goal,
        trigger: RefreshTrigger,
        mut held: Lease,
    ) -> Result<Claimed, TokenError> {
        let deadline = Instant::now() + self.limits.wait;
        let mut pause = FIRST_PAUSE;
        loop {
            if self.recovery.has_ended(self, held.owner).await {
                self.take_back(id, held.owner).await?;
            } else {
                if Instant::now() + pause > deadline {
                    let retry_after = self.limits.wait;
                    return Err(TokenError::Busy { retry_after });
                }
                sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
                // The other process may have reached our goal and still hold the lease.
                let current = self.tokens.get(id).await?.ok_or(TokenError::NotFound)?;
                check_active(&current)?;
                if let Some(attempt) = current.attempt {
                    // `recovery_grace` counts from this first sighting of the marker.
                    self.markers.age(id, attempt, self.clock.uptime());
                }
                if self.is_met(&current, goal, trigger) {
                    return Ok(Claimed::Met(Box::new(current)));
                }
            }
            held = match self.try_claim(id).await? {
                Claim::Taken(token) => return Ok(Claimed::Leased(token)),
                Claim::Missing => return Err(TokenError::NotFound),
                Claim::Held(lease) => lease,
            };
        }
    }

    /// Ends the lease of a process that is no more. Its marker stays: it tells of
    /// the refresh that was interrupted.
    ///
    /// While an answer that it left behind waits for the store, its lease keeps those
    /// off who do not know of the answer.
    async fn take_back(&self, id: TokenId, owner: ProcessId) -> Result<(), TokenError> {
        let mut token = self.tokens.get(id).await?.ok_or(TokenError::NotFound)?;
        if token.lease.is_none_or(|lease| lease.owner != owner) {
            return Ok(());
        }
        self.recovery.check(self, &token).await?;
        token.lease = None;
        match self.tokens.update(&token).await {
            // Where somebody else was faster, the next claim tells.
            Ok(_) | Err(StoreError::Conflict) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Does work under the lease, which is extended until the work is done.
    pub(super) async fn under_lease<T>(&self, id: TokenId, work: impl Future<Output = T>) -> T {
        let (mut work, mut extending) = (pin!(work), pin!(self.keep_extending(id)));
        tokio::select! {
            biased;
            done = &mut work => done,
            never = &mut extending => match never {},
        }
    }

    async fn keep_extending(&self, id: TokenId) -> Infallible {
        loop {
            sleep(self.limits.lease / 3).await;
            self.extend(id).await;
        }
    }

    async fn extend(&self, id: TokenId) {
        match self.tokens.extend_lease(id, self.lease()).await {
            Ok(Some(_)) => tracing::debug!(token = %id, "a lease was extended"),
            // What is written later goes by the generation, whoever has the lease.
            Ok(None) => tracing::warn!(token = %id, "a lease was lost"),
            Err(error) => tracing::warn!(token = %id, %error, "a lease was not extended"),
        }
    }

    /// Gives our lease back, and removes our marker, with compare-and-set: a store may
    /// carry out a write that was given up on long ago, and one that goes by the owner
    /// alone would end the lease of our next refresh then.
    ///
    /// The marker stays where an answer was lost and the record does not say so yet, and
    /// where it is still the one that was `found` under the lease. The next refresh counts
    /// it, as after a crash.
    pub(super) async fn release(&self, id: TokenId, found: Option<Attempt>, answer_lost: bool) {
        let change = |token: &mut Token| {
            if token.lease.is_none_or(|lease| lease.owner != self.process) {
                return Change::Written(Vec::new());
            }
            let is_open = |attempt: &Attempt| answer_lost || Some(*attempt) == found;
            let attempt = token.attempt.filter(is_open);
            self.lay_down(token);
            token.attempt = token.attempt.or(attempt);
            Change::Write(Vec::new())
        };
        let released = match self.tokens.get(id).await {
            Ok(Some(token)) => self.rewrite(token, Duration::ZERO, change).await.map(drop),
            Ok(None) => Ok(()),
            Err(error) => Err(error.into()),
        };
        if let Err(error) = released {
            tracing::warn!(token = %id, %error, "a lease was not given back; it ends by itself");
        }
    }
}
