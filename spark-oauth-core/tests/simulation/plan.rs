//! What one schedule is made of. Faults of every kind come alone, together, or not
//! at all, so that each law meets schedules in which nothing excuses breaking it.

use std::time::Duration;

use super::dice::Dice;

const SECOND: Duration = Duration::from_secs(1);

/// Clocks that are wrong by up to an hour, in milliseconds.
const WILD: i64 = 3_600_000;

/// How the provider treats refresh tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rotation {
    /// A new one with each refresh; a second use of an old one ends the family.
    EachTime,
    /// The same one again in each answer.
    Repeated,
    /// The answer has none: the old one stays.
    Unsaid,
}

/// Where the journals are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Journals {
    /// There are none.
    Off,
    /// All processes share one disk, and know of each other's end.
    Shared,
    /// Each replica has a disk of its own.
    Apart,
}

/// A part of the surroundings that breaks its promise, to prove that the laws notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sabotage {
    /// Everybody gets the lease, and sees no marker of another.
    OpenClaims,
    /// The journal says that it keeps what it drops.
    ForgetfulJournal,
    /// The store writes whatever version it is given.
    BlindWrites,
    /// The provider never works again.
    DeadProvider,
}

/// The plan of a schedule.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a kind of trouble that a schedule has or has not"
)]
pub(crate) struct Plan {
    pub(crate) sabotage: Option<Sabotage>,
    pub(crate) replicas: usize,
    pub(crate) people: usize,
    pub(crate) clients: usize,
    pub(crate) has_worker: bool,
    pub(crate) journals: Journals,
    pub(crate) rotation: Rotation,
    pub(crate) access_life: Duration,
    /// The refresh token's life, and whether a refresh renews it.
    pub(crate) refresh_life: Option<(Duration, bool)>,
    pub(crate) lease: Duration,
    /// How long the troubles last.
    pub(crate) horizon: Duration,
    /// By how much a replica's clock may be wrong, in milliseconds.
    pub(crate) skew: i64,
    pub(crate) clock_steps: bool,
    /// Crashes at a port, of a thousand calls.
    pub(crate) crashes: u64,
    /// Store operations that fail without effect, of a thousand.
    pub(crate) store_failures: u64,
    /// Store operations whose answer is lost, of a thousand.
    pub(crate) store_answers_lost: u64,
    /// Writes that the store carries out long after it was given up on, of a thousand.
    pub(crate) late_writes: u64,
    pub(crate) conflicts: u64,
    pub(crate) store_outages: bool,
    pub(crate) full_disks: bool,
    /// Calls that the provider refuses for now or that never reach it, of a thousand.
    pub(crate) provider_failures: u64,
    /// Calls that the provider carries out and whose answer is lost, of a thousand.
    pub(crate) provider_answers_lost: u64,
    /// Times in which the provider, or the integration there, does not work.
    pub(crate) provider_troubles: bool,
    /// Answers that tell a wrong time, of a thousand.
    pub(crate) wrong_dates: u64,
    /// What people and admins do beside refreshing, of a thousand moves.
    pub(crate) consents: u64,
    pub(crate) withdrawals: u64,
    pub(crate) revocations: u64,
    pub(crate) removals: u64,
}

impl Plan {
    pub(crate) fn draw(dice: &mut Dice, sabotage: Option<Sabotage>) -> Self {
        let sometimes = |dice: &mut Dice, choice: &[u64]| {
            if dice.chance(500) {
                dice.pick(choice)
            } else {
                0
            }
        };
        let access_life = dice.pick(&[40, 90, 300, 1_800]) * SECOND;
        let refresh_life = match dice.below(4) {
            0 => Some((dice.pick(&[120, 400]) * SECOND, false)),
            1 => Some((access_life * 4, true)),
            _ => None,
        };
        Self {
            sabotage,
            replicas: dice.pick(&[1, 2, 2, 3, 3, 4]),
            people: dice.pick(&[1, 1, 2]),
            clients: dice.pick(&[1, 2, 3]),
            has_worker: dice.chance(700),
            journals: dice.pick(&[Journals::Off, Journals::Shared, Journals::Apart]),
            rotation: dice.pick(&[
                Rotation::EachTime,
                Rotation::EachTime,
                Rotation::EachTime,
                Rotation::Repeated,
                Rotation::Unsaid,
            ]),
            access_life,
            refresh_life,
            lease: dice.pick(&[45, 90]) * SECOND,
            horizon: dice.between(120 * SECOND, 420 * SECOND),
            skew: dice.pick(&[0, 500, 2_000, WILD]),
            clock_steps: dice.chance(300),
            crashes: sometimes(dice, &[2, 8, 30]),
            store_failures: sometimes(dice, &[5, 50]),
            store_answers_lost: sometimes(dice, &[5, 50]),
            late_writes: sometimes(dice, &[20, 150]),
            conflicts: sometimes(dice, &[5, 50]),
            store_outages: dice.chance(400),
            full_disks: dice.chance(200),
            provider_failures: sometimes(dice, &[20, 200]),
            provider_answers_lost: sometimes(dice, &[20, 150]),
            provider_troubles: dice.chance(300),
            wrong_dates: sometimes(dice, &[50, 400]),
            consents: sometimes(dice, &[30, 120]),
            withdrawals: sometimes(dice, &[25]),
            revocations: sometimes(dice, &[25, 60]),
            removals: sometimes(dice, &[20, 60]),
        }
    }

    /// Whether the clocks are so wrong that no time which a replica tells means anything.
    pub(crate) fn has_wild_clocks(&self) -> bool {
        self.skew >= WILD
    }

    /// By how much a time that a replica tells may be wrong: its clock, which may
    /// have been set meanwhile.
    pub(crate) fn allowance(&self) -> Duration {
        Duration::from_millis(2 * self.skew.unsigned_abs()) + SECOND
    }
}
