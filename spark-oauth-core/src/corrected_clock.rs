//! The local clock, corrected by the provider's, and what its steps do to records.
//!
//! The answers of the token endpoint tell the provider's time (`Date`, RFC 9110 section
//! 6.6.1), in whole seconds. One answer proves nothing: a cache, a proxy or one server
//! of many may be wrong. Only several that agree move the clock, and only so far.
//! Where the clock moves back, by a correction or by a step of the local clock, the
//! times of the records that this process wrote before move with it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::ids::ClockId;
use crate::ports::{Clock, Random};
use crate::timestamp::Timestamp;
use crate::token::Token;

/// A difference up to this, in milliseconds, is left alone: the provider's clocks
/// differ too, and a step that small harms no token.
const TOLERANCE: i64 = 5_000;

/// `Date` says nothing of the milliseconds.
const WHOLE_SECOND: i64 = 999;

/// How many answers must agree before they move the clock, and over how long a time.
const AGREEING: u32 = 3;
const AGREEING_FOR: Duration = Duration::from_mins(1);

/// The clock is corrected by this much at most, in milliseconds: 12 hours. A clock that
/// was set to local time instead of UTC, the common mistake, is off by less nearly
/// everywhere. What is off by more is not a clock that runs badly but a machine, or a
/// provider, that needs an operator.
const MOST: i64 = 12 * 60 * 60 * 1_000;

/// How many earlier reckonings are remembered.
const REMEMBERED: usize = 64;

/// Whether the local clock agrees with the provider's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockState {
    /// As far as is known.
    Right,
    /// It is wrong, and corrected.
    Corrected {
        /// By how many milliseconds the local clock is ahead; negative where it is
        /// behind.
        ahead_ms: i64,
    },
    /// It is wrong by more than is corrected, or the provider's is.
    Wrong {
        /// By how many milliseconds the local clock is ahead; negative where it is
        /// behind.
        ahead_ms: i64,
    },
}

/// A provider that says it is earlier than this, 2025-01-01, is not believed.
const EARLIEST: Timestamp = Timestamp::from_millis(1_735_689_600_000);

/// A [`Clock`] that corrects another one. Clones share what they have learned.
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
    /// Answers that disagree with the offset, and agree with each other.
    doubt: Option<Doubt>,
    /// What the local time would need, where that is more than is corrected.
    beyond: Option<i64>,
    /// The reckoning that records are written under now.
    id: ClockId,
    /// Those before it, and what to add to their times, in milliseconds: never more
    /// than zero. A record is rather refreshed too early than answered dead.
    earlier: Vec<(ClockId, i64)>,
    /// How often the clock was moved back.
    moved_back: u64,
}

/// Answers in a row that agree on another offset than the one that counts.
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
    /// Corrects nothing until the provider has told its time often enough.
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

    /// When something was, at this [`uptime`](Clock::uptime), by what is known now.
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

    /// How often the clock was moved back: when it changes, the times of records that
    /// were written before are wrong in the store.
    pub(crate) fn moved_back(&self) -> u64 {
        self.look().0.moved_back
    }

    /// The reckoning that times are written under now.
    pub(crate) fn id(&self) -> ClockId {
        self.look().0.id
    }

    /// Whether [`set_right`](Self::set_right) has something to do.
    pub(crate) fn is_outdated(&self, token: &Token) -> bool {
        let earlier = &self.look().0.earlier;
        earlier.iter().any(|(id, _)| Some(*id) == token.clock)
    }

    /// Sets the times of a record right that this process wrote before its clock was
    /// moved back; `false` where nothing is to set right.
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

    /// The record, with its times as this process reckons them now.
    pub(crate) fn reckon(&self, mut token: Token) -> Token {
        self.set_right(&mut token);
        token.clock = Some(self.id());
        token
    }

    /// Learns from an answer that was asked for when the [`uptime`](Clock::uptime) was
    /// `sent`, and has just been received.
    pub(crate) fn learn(&self, provider: Timestamp, sent: Duration) {
        if provider < EARLIEST {
            tracing::debug!(%provider, "provider's time not believed");
            return;
        }
        let (mut state, moment) = self.look();
        let took = i64::try_from(moment.uptime.saturating_sub(sent).as_millis());
        // Between these the offset lies, if the provider's clock is right.
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

    /// Begins another reckoning, which differs from the one before by so many
    /// milliseconds.
    ///
    /// Forward, times stay as they are: a machine that was suspended or paused steps
    /// forward too, and then the time has passed.
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

    /// The state, after a look whether the local clock was set.
    fn look(&self) -> (MutexGuard<'_, State>, Moment) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let moment = Moment::of(&*self.local);
        let step = moment.anchor().saturating_sub(state.anchor);
        if step.saturating_abs() > TOLERANCE {
            // What was learned of the clock is of no use now that it was set.
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
            // A process that was stopped in between would find a step where none is.
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

    /// Both, where they agree.
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
