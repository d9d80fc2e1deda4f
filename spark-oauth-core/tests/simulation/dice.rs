//! Chance: one seed decides everything that happens in a schedule.

use std::time::Duration;

/// A reproducible generator (`SplitMix64`).
#[derive(Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    /// The dice of one of those who act in the schedule of this seed.
    pub(crate) fn of(seed: u64, number: u64) -> Self {
        let mut dice = Self(seed ^ 0x5bd1_e995_97f4_a7c5);
        dice.0 = dice.next() ^ number;
        dice.0 = dice.next();
        dice
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from zero to `end`, which is not reached.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    /// Whether something happens that happens `of_thousand` times in a thousand.
    pub(crate) fn chance(&mut self, of_thousand: u64) -> bool {
        self.below(1_000) < of_thousand
    }

    /// One of these.
    pub(crate) fn pick<T: Copy>(&mut self, choice: &[T]) -> T {
        let length = u64::try_from(choice.len()).unwrap();
        choice[usize::try_from(self.below(length)).unwrap()]
    }

    /// A time between these, in whole milliseconds.
    pub(crate) fn between(&mut self, least: Duration, most: Duration) -> Duration {
        let range = u64::try_from(most.saturating_sub(least).as_millis()).unwrap();
        least + Duration::from_millis(self.below(range + 1))
    }
}
