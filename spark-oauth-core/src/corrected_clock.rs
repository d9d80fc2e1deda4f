//! The local clock, corrected by the provider's time, and the records that a step affects.
//!
//! Answers of the token endpoint contain the provider's time (`Date`, RFC 9110 section
//! 6.6.1), in whole seconds. One answer proves nothing: a cache, a proxy or one server
//! of many may be wrong. Only several answers that agree move the clock, within a bound.
//! When the clock moves back, by a correction or by a step of the local clock, the times
//! of the records that this process wrote before are moved by the same difference.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::ids::ClockId;
use crate::ports::{Clock, Random};
use crate::timestamp::Timestamp;
use crate::token::Token;

/// A difference up to this, in milliseconds, is not corrected: the provider's clocks
/// differ too, and a step that small harms no token.
const TOLERANCE: i64 = 5_000;

/// `Date` has no milliseconds.
const WHOLE_SECOND: i64 = 999;

/// How many answers must agree before they move the clock, and over how long a time.
const AGREEING: u32 = 3;
const AGREEING_FOR: Duration = Duration::from_mins(1);

/// The largest correction, in milliseconds: 12 hours. A clock that was set to local time
/// instead of UTC, the common mistake, is off by less nearly everywhere. For a larger
/// difference, an operator must look at the machine or the provider.
const MOST: i64 = 12 * 60 * 60 * 1_000;

/// The maximum number of earlier clock IDs that are kept.
const REMEMBERED: usize = 64;

/// Whether the local clock agrees with the provider's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockState {
    /// It agrees, as far as this process knows.
    Right,
    /// It is wrong, and corrected.
    Corrected {
        /// By how many milliseconds the local clock is ahead; negative where it is
        /// behind.
        ahead_ms: i64,
    },
    /// The difference is too large to correct: the local clock or the provider's is wrong.
    Wrong {
        /// By how many milliseconds the local clock is ahead; negative where it is
        /// behind.
        ahead_ms: i64,
    },
}

/// A provider that says it is earlier than this, 2025-01-01, is not believed.
const EARLIEST: Timestamp = Timestamp::from_millis(1_735_689_600_000);

/// A [`Clock`] that corrects another one. Clones share the correction.
#[derive(Clone, Debug)]
pub(crate) struct CorrectedClock {
    local: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    /// The local time minus the uptime, in milliseconds, since the last step.
    anchor: i64,
    /// What to add to the local time, in milliseconds.
    offset: i64,
    /// Answers that contradict the offset and agree with each other.
    doubt: Option<Doubt>,
    /// The offset that the provider's answers imply, where it exceeds [`MOST`].
    beyond: Option<i64>,
    /// The clock ID of the records that this process writes now.
    id: ClockId,
    /// Earlier clock IDs, and what to add to the times of their records, in milliseconds.
    /// Never positive: a refresh that is too early is better than an expired token.
    earlier: Vec<(ClockId, i64)>,
    /// How often the clock was moved back.
    moved_back: u64,
}

/// Consecutive answers that agree on an offset other than the current one.
#[derive(Clone, Copy, Debug)]
struct Doubt {
    lowest: i64,
    highest: i64,
    answers: u32,
    first: Duration,
}

/// The time and the uptime of one moment.
#[derive(Clone, Copy, Debug)]
struct Moment {
    local: i64,
    uptime: Duration,
}

impl CorrectedClock {
    /// A clock without a correction.
    pub(crate) fn new(local: Arc<dyn Clock>, random: Arc<dyn Random>) -> Self {
        let moment = Moment::of(&*local);
        let state = State {
            anchor: moment.anchor(),
            offset: 0,
            doubt: None,
            beyond: None,
            id: ClockId::generate(local.now(), &*random),
            earlier: Vec::new(),
            moved_back: 0,
        };
        Self {
            local,
            random,
            state: Arc::new(Mutex::new(state)),
        }
    }

    /// The time at this [`uptime`](Clock::uptime), by the current correction.
    pub(crate) fn time_of(&self, uptime: Duration) -> Timestamp {
        let (state, moment) = self.look();
        let ago = moment.uptime.saturating_sub(uptime);
        Timestamp::from_millis(moment.local.saturating_add(state.offset)) - ago
    }

    /// Whether the local clock agrees with the provider's.
    pub(crate) fn state(&self) -> ClockState {
        let (state, _) = self.look();
        match (state.beyond, state.offset) {
            (Some(beyond), _) => ClockState::Wrong { ahead_ms: -beyond },
            (None, 0) => ClockState::Right,
            (None, offset) => ClockState::Corrected { ahead_ms: -offset },
        }
    }

    /// How often the clock was moved back. After a change, the store holds wrong times of
    /// records that this process wrote before.
    pub(crate) fn moved_back(&self) -> u64 {
        self.look().0.moved_back
    }

    /// The clock ID of the records that this process writes now.
    pub(crate) fn id(&self) -> ClockId {
        self.look().0.id
    }

    /// Whether this process wrote the record under an earlier clock ID.
    pub(crate) fn is_outdated(&self, token: &Token) -> bool {
        let earlier = &self.look().0.earlier;
        earlier.iter().any(|(id, _)| Some(*id) == token.clock)
    }

    /// Corrects the times of a record that this process wrote before its clock was moved
    /// back. Returns whether a time changed.
    pub(crate) fn set_right(&self, token: &mut Token) -> bool {
        let (state, _) = self.look();
        let known = |(id, _): &&(ClockId, i64)| Some(*id) == token.clock;
        let Some((_, shift)) = state.earlier.iter().find(known).copied() else {
            return false;
        };
        token.clock = Some(state.id);
        token.move_times(shift);
        shift != 0
    }

    /// The record with corrected times, under the current clock ID.
    pub(crate) fn reckon(&self, mut token: Token) -> Token {
        self.set_right(&mut token);
        token.clock = Some(self.id());
        token
    }

    /// Learns from an answer that has just been received. `sent` is the
    /// [`uptime`](Clock::uptime) at which the request was sent.
    pub(crate) fn learn(&self, provider: Timestamp, sent: Duration) {
        if provider < EARLIEST {
            tracing::debug!(%provider, "provider's time not believed");
            return;
        }
        let (mut state, moment) = self.look();
        let took = i64::try_from(moment.uptime.saturating_sub(sent).as_millis());
        // If the provider's clock is right, the offset is between these two.
        let lowest = provider.as_millis().saturating_sub(moment.local);
        let highest = lowest
            .saturating_add(took.unwrap_or(i64::MAX))
            .saturating_add(WHOLE_SECOND);
        let answer = Doubt {
            lowest: lowest.saturating_sub(TOLERANCE),
            highest: highest.saturating_add(TOLERANCE),
            answers: 1,
            first: moment.uptime,
        };
        if answer.allows(state.offset) {
            state.doubt = None;
            if state.beyond.take().is_some() {
                tracing::info!("local clock agrees with the provider again");
            }
            return;
        }
        let doubt = match state.doubt {
            Some(doubt) => doubt.and(answer).unwrap_or(answer),
            None => answer,
        };
        state.doubt = Some(doubt);
        if doubt.answers >= AGREEING && moment.uptime.saturating_sub(doubt.first) >= AGREEING_FOR {
            state.doubt = None;
            self.correct(&mut state, doubt);
        }
    }

    fn correct(&self, state: &mut State, doubt: Doubt) {
        let offset = if doubt.allows(0) { 0 } else { doubt.middle() };
        if offset.saturating_abs() > MOST {
            if state.beyond.is_none() {
                tracing::error!(
                    ahead_s = -(offset / 1_000),
                    "local clock wrong by more than 12 hours and not corrected: set the clock of this machine"
                );
            }
            state.beyond = Some(offset);
            self.renew(state, -state.offset);
            state.offset = 0;
            return;
        }
        state.beyond = None;
        self.renew(state, offset.saturating_sub(state.offset));
        state.offset = offset;
        if offset == 0 {
            tracing::info!("local clock agrees with the provider again");
        } else {
            tracing::warn!(
                ahead_s = -(offset / 1_000),
                "local clock wrong: the provider's time is used for tokens; set the clock of this machine"
            );
        }
    }

    /// Starts a new clock ID, whose times differ from the earlier ones by `by` milliseconds.
    ///
    /// A step forward changes no stored time: after a machine was suspended or paused, the
    /// clock steps forward too, and that time has really passed.
    fn renew(&self, state: &mut State, by: i64) {
        let shift = if by < -TOLERANCE { by } else { 0 };
        state.earlier.push((state.id, 0));
        for (_, earlier) in &mut state.earlier {
            *earlier = earlier.saturating_add(shift);
        }
        if state.earlier.len() > REMEMBERED {
            state.earlier.remove(0);
        }
        state.id = ClockId::generate(self.local.now(), &*self.random);
        if shift < 0 {
            state.moved_back += 1;
        }
    }

    /// The state, after a check whether the local clock was set.
    fn look(&self) -> (MutexGuard<'_, State>, Moment) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let moment = Moment::of(&*self.local);
        let step = moment.anchor().saturating_sub(state.anchor);
        if step.saturating_abs() > TOLERANCE {
            // The correction does not apply to a clock that was set.
            let by = step.saturating_sub(state.offset);
            state.anchor = moment.anchor();
            state.offset = 0;
            state.doubt = None;
            state.beyond = None;
            self.renew(&mut state, by);
            tracing::warn!(by_s = step / 1_000, "local clock was set or stepped");
        }
        (state, moment)
    }
}

impl Moment {
    fn of(clock: &dyn Clock) -> Self {
        let mut uptime = clock.uptime();
        loop {
            let local = clock.now().as_millis();
            let after = clock.uptime();
            // If the process was stopped in between, the two readings look like a step.
            if after.saturating_sub(uptime) < Duration::from_secs(1) {
                return Self { local, uptime };
            }
            uptime = after;
        }
    }

    fn anchor(self) -> i64 {
        let uptime = i64::try_from(self.uptime.as_millis()).unwrap_or(i64::MAX);
        self.local.saturating_sub(uptime)
    }
}

impl Doubt {
    const fn allows(self, offset: i64) -> bool {
        self.lowest <= offset && offset <= self.highest
    }

    const fn middle(self) -> i64 {
        self.lowest / 2 + self.highest / 2
    }

    /// The intersection, if the two agree.
    fn and(self, other: Self) -> Option<Self> {
        let both = Self {
            lowest: self.lowest.max(other.lowest),
            highest: self.highest.min(other.highest),
            answers: self.answers.saturating_add(other.answers),
            first: self.first.min(other.first),
        };
        (both.lowest <= both.highest).then_some(both)
    }
}

impl Clock for CorrectedClock {
    fn now(&self) -> Timestamp {
        let (state, moment) = self.look();
        Timestamp::from_millis(moment.local.saturating_add(state.offset))
    }

    fn uptime(&self) -> Duration {
        self.local.uptime()
    }
}

#[cfg(test)]
mod tests;
