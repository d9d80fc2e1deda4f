//! When the background worker visits a token: before its access token ends, before
//! its refresh token dies of age, and again after a failure that will pass.
//!
//! Every write that changes a token's expiries or its status asks [`Schedule`] for
//! the next visit, so that the store always knows what is due.

mod limits;

use std::sync::Arc;
use std::time::Duration;

pub use limits::ScheduleLimits;

use crate::broker::chance::up_to;
use crate::event::EventKind;
use crate::ports::{ErrorClass, Random, SparkError};
use crate::timestamp::Timestamp;
use crate::token::{Status, Token};

/// A refresh that moves the refresh token's end by less than this did not renew it.
const RENEWAL_TOLERANCE: Duration = Duration::from_mins(5);

/// The access token's end is told in whole seconds from an answer that takes some
/// time: two ends this near to each other are the same.
const SAME_END: Duration = Duration::from_secs(2);

/// The longest wait after a failure that may be an outage.
const OUTAGE_RETRY: Duration = Duration::from_secs(20);

/// Less left than this is not worth a visit of its own: the call takes as long.
const SHORTEST_LEFT: Duration = Duration::from_secs(1);

/// A refresh token that only counts down is used a last time this long before its
/// end, so that the access token outlives it by most of its own life.
const LAST_VISIT: Duration = Duration::from_hours(24);

/// Sets the time of the next visit. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Schedule {
    limits: ScheduleLimits,
    random: Arc<dyn Random>,
}

/// When a token's secrets ended before a refresh: what its answer is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expiries {
    access: Timestamp,
    refresh: Option<Timestamp>,
    obtained_at: Timestamp,
}

/// The likely cause of a failed refresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Only this token: the provider works for others.
    Token,
    /// The provider, as far as this process knows.
    Provider,
}

/// What a refresh tells of the refresh token's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Renewal {
    /// The end moved on.
    Renewed,
    /// The end stayed where it was.
    CountsDown(Timestamp),
    /// Nothing: the provider repeated an earlier answer, or says no end.
    Unknown,
}

impl Expiries {
    /// Those of this record, as it stands.
    pub const fn of(token: &Token) -> Self {
        Self {
            access: token.access_expires_at,
            refresh: token.refresh_expires_at,
            obtained_at: token.obtained_at,
        }
    }
}

impl Schedule {
    /// A schedule with these limits.
    pub fn new(limits: ScheduleLimits, random: Arc<dyn Random>) -> Self {
        Self { limits, random }
    }

    /// Sets the next visit after a change of the status or the expiries that is no
    /// refresh: a consent, a revocation, an import. Ends a back-off.
    pub fn plan(&self, token: &mut Token, now: Timestamp) {
        begin_anew(token);
        token.upkeep.expiry_warned_at = None;
        token.upkeep.due_at = self.next_visit(token, now);
    }

    /// Sets the next visit after a refresh that succeeded: `was` is taken from the
    /// record before the answer goes in. Ends a back-off.
    ///
    /// Where the refresh token's life only counts down and its end is near, the
    /// record takes note of the warning, and the event to raise in the same write is
    /// the answer. That happens once: until a consent or a renewal.
    pub fn plan_refreshed(
        &self,
        token: &mut Token,
        was: Expiries,
        now: Timestamp,
    ) -> Option<EventKind> {
        begin_anew(token);
        let end = match renewal(token, was) {
            Renewal::CountsDown(end) if token.status == Status::Active => end,
            Renewal::Renewed => {
                self.plan(token, now);
                return None;
            }
            Renewal::CountsDown(_) | Renewal::Unknown => {
                token.upkeep.due_at = self.next_visit(token, now);
                return None;
            }
        };
        let life = end.since(token.granted_at);
        let window = self.limits.longest_warning.min(life / 10);
        let warn_at = end - window;
        let is_time = warn_at.has_passed(now);
        let warns = is_time && token.upkeep.expiry_warned_at.is_none();
        if warns {
            token.upkeep.expiry_warned_at = Some(now);
        }
        let last = LAST_VISIT.min(life / 20);
        let visits = [
            // Jitter moves these visits on, not forth: one that comes early would
            // have to be made again.
            (!is_time).then(|| warn_at + self.up_to(window / 8)),
            (!(end - last).has_passed(now)).then(|| end - last + self.up_to(last / 2)),
            Some(self.before_access_ends(token, now)),
        ];
        token.upkeep.due_at = visits.into_iter().flatten().min();
        warns.then_some(EventKind::RefreshTokenExpiring {
            refresh_expires_at: end,
        })
    }

    /// Sets the next try after a refresh that failed and may succeed later.
    ///
    /// The time grows with the failures in a row, with full jitter, and is never so
    /// long that a token which still lives ends without another try. Where it may not
    /// be the token's fault alone, as in an outage, it stays short, so that the end of
    /// the outage is noticed soon. A fault of the integration is not the token's: it
    /// only lets others go first.
    pub fn back_off(&self, token: &mut Token, error: &SparkError, cause: Cause, now: Timestamp) {
        let longest = match cause {
            Cause::Token => self.limits.longest_retry,
            Cause::Provider => self.limits.longest_retry.min(OUTAGE_RETRY),
        };
        if error.class() == ErrorClass::Application {
            let due_at = now + self.delay(token, 1, longest, now);
            token.upkeep.due_at = is_active(token).then_some(due_at);
            return;
        }
        token.upkeep.failures = token.upkeep.failures.saturating_add(1);
        let retry_at = now + self.delay(token, token.upkeep.failures, longest, now);
        token.upkeep.retry_at = Some(retry_at);
        token.upkeep.due_at = is_active(token).then_some(retry_at);
    }

    /// Moves on a visit that failed for a reason of our own, so that the token does
    /// not stand before all others for ever. Whoever asks for the token may try at
    /// once.
    pub fn put_off(&self, token: &mut Token, now: Timestamp) {
        token.upkeep.failures = token.upkeep.failures.saturating_add(1);
        let longest = self.limits.longest_retry;
        let due_at = now + self.delay(token, token.upkeep.failures, longest, now);
        token.upkeep.due_at = is_active(token).then_some(due_at);
    }

    /// Moves on a visit that came too early to do anything: the token was refreshed
    /// a moment ago, or its back-off is not over.
    pub fn rest(&self, token: &mut Token, now: Timestamp) {
        let soon = now + self.delay(token, 1, self.limits.longest_retry, now);
        let due_at = token.upkeep.retry_at.map_or(soon, |at| at.max(soon));
        token.upkeep.due_at = is_active(token).then_some(due_at);
    }

    /// The longest wait after a failure. A longer one was stored by a clock that was ahead.
    pub(super) fn longest_wait(&self) -> Duration {
        self.limits.longest_retry + Duration::from_mins(1)
    }

    /// Makes a record due at once if its times cannot be right at `now`: the refresh corrects
    /// them. Returns whether the record changed.
    pub(super) fn set_right(&self, token: &mut Token, now: Timestamp) -> bool {
        let wait = token.upkeep.retry_at.map(|at| at.since(now));
        let is_wrong = token.is_ahead_of(now) || wait > Some(self.longest_wait());
        if is_wrong {
            token.upkeep.retry_at = None;
            let due_at = now + self.up_to(self.limits.arrears);
            token.upkeep.due_at = is_active(token).then_some(due_at);
        }
        is_wrong
    }

    fn next_visit(&self, token: &Token, now: Timestamp) -> Option<Timestamp> {
        if is_active(token) && token.refresh.is_none() {
            // It cannot be renewed: when it expires, the person must consent again.
            return Some(token.access_expires_at.max(now));
        }
        is_kept_fresh(token).then(|| {
            let access = self.before_access_ends(token, now);
            let refresh = self.before_refresh_token_ages(token, now);
            refresh.map_or(access, |refresh| refresh.min(access))
        })
    }

    /// A margin before the access token ends, and some jitter before that.
    fn before_access_ends(&self, token: &Token, now: Timestamp) -> Timestamp {
        let end = token.access_expires_at;
        let life = end.since(token.obtained_at);
        if end.has_passed(now) {
            // A provider that never says how long its tokens live is not asked for
            // a new one again and again.
            let wait = if life.is_zero() && token.last_refresh.is_some() {
                self.limits.longest_retry
            } else {
                Duration::ZERO
            };
            return now + wait + self.up_to(self.limits.arrears);
        }
        let margin = self.limits.margin_of(life);
        end - margin - self.up_to(margin.min(life.saturating_sub(margin)) / 2)
    }

    /// Half-way to the refresh token's end, where it has one ahead: a use renews it.
    /// One that is dead already is left to the access token's end.
    fn before_refresh_token_ages(&self, token: &Token, now: Timestamp) -> Option<Timestamp> {
        let end = token.refresh_expires_at?;
        let left = end.since(now);
        (!left.is_zero()).then(|| now + left / 2 - self.up_to(left / 8))
    }

    /// How long to wait after the last of so many failures in a row.
    fn delay(
        &self,
        token: &Token,
        failures: u32,
        longest_retry: Duration,
        now: Timestamp,
    ) -> Duration {
        let first_retry = self.limits.first_retry;
        let factor = 1_u32.checked_shl(failures).unwrap_or(u32::MAX);
        let grown = first_retry.saturating_mul(factor.max(2));
        let ends = [Some(token.access_expires_at), token.refresh_expires_at];
        let longest = ends
            .into_iter()
            .flatten()
            .map(|end| end.since(now))
            .filter(|left| *left >= SHORTEST_LEFT)
            .map(|left| left / 2)
            .fold(grown.min(longest_retry), Duration::min);
        let shortest = first_retry.min(longest);
        shortest + self.up_to(longest.saturating_sub(shortest))
    }

    /// A random time from zero to `longest`, in whole milliseconds.
    fn up_to(&self, longest: Duration) -> Duration {
        up_to(&*self.random, longest)
    }
}

/// Ends a back-off.
const fn begin_anew(token: &mut Token) {
    token.upkeep.failures = 0;
    token.upkeep.retry_at = None;
}

fn is_active(token: &Token) -> bool {
    token.status == Status::Active
}

/// Only an active token with a refresh token can be kept fresh.
fn is_kept_fresh(token: &Token) -> bool {
    is_active(token) && token.refresh.is_some()
}

/// Whether a refresh renewed the refresh token's life.
fn renewal(token: &Token, was: Expiries) -> Renewal {
    let (Some(before), Some(end)) = (was.refresh, token.refresh_expires_at) else {
        return Renewal::Unknown;
    };
    // Who renews moves the end by the time that went by between two refreshes.
    let went_by = token.obtained_at.since(was.obtained_at);
    if end.since(before) > RENEWAL_TOLERANCE.min(went_by / 2) {
        return Renewal::Renewed;
    }
    // A second refresh within a day often repeats the first one's answer.
    let access_moved = token.access_expires_at.since(was.access);
    if access_moved <= SAME_END.min(went_by / 2) {
        return Renewal::Unknown;
    }
    Renewal::CountsDown(end)
}

#[cfg(test)]
mod tests;
