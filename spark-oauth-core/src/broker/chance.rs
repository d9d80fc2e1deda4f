//! What is left to chance, so that many do not do the same in the same moment.

use std::time::Duration;

use crate::ports::Random;

/// A random time from zero to `longest`, in whole milliseconds.
pub(super) fn up_to(random: &dyn Random, longest: Duration) -> Duration {
    let millis = u64::try_from(longest.as_millis()).unwrap_or(u64::MAX);
    let mut bytes = [0; 8];
    random.fill(&mut bytes);
    let drawn = u128::from(u64::from_be_bytes(bytes)) * (u128::from(millis) + 1);
    Duration::from_millis(u64::try_from(drawn >> 64).unwrap_or(millis))
}

/// Puts `items` in a random order.
pub(super) fn shuffle<T>(random: &dyn Random, items: &mut [T]) {
    let mut bytes = vec![0; items.len() * 4];
    random.fill(&mut bytes);
    for (last, draw) in (1..items.len()).rev().zip(bytes.chunks_exact(4)) {
        let draw = draw
            .iter()
            .fold(0, |draw, byte| draw << 8 | usize::from(*byte));
        items.swap(last, draw % (last + 1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::SeededRandom;

    #[test]
    fn times_reach_both_bounds_and_stay_within() {
        let random = SeededRandom::new(1);
        let drawn: Vec<_> = (0..1_000)
            .map(|_| up_to(&random, Duration::from_millis(3)).as_millis())
            .collect();
        for millis in 0..=3 {
            assert!(drawn.contains(&millis), "{millis}");
        }
        assert!(drawn.iter().all(|millis| *millis <= 3));
        assert_eq!(up_to(&random, Duration::ZERO), Duration::ZERO);
        assert!(up_to(&random, Duration::MAX) > Duration::ZERO);
    }

    #[test]
    fn shuffling_keeps_all_and_puts_each_first_as_often() {
        let random = SeededRandom::new(2);
        let mut firsts = [0; 4];
        for _ in 0..4_000 {
            let mut items = [0, 1, 2, 3];
            shuffle(&random, &mut items);
            firsts[items[0]] += 1;
            items.sort_unstable();
            assert_eq!(items, [0, 1, 2, 3]);
        }
        assert!(
            firsts.iter().all(|times| (850..1_150).contains(times)),
            "{firsts:?}"
        );
        shuffle::<u8>(&random, &mut []);
    }
}
