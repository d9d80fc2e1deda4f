//! When an event is offered again that a destination did not take.

use std::time::Duration;

use crate::ports::Random;

/// The pause after the first failure.
const FIRST: Duration = Duration::from_secs(5);

/// Each pause is so many times the one before.
const FACTOR: u32 = 4;

/// The longest pause.
pub(super) const LONGEST: Duration = Duration::from_hours(12);

/// How often an event is offered before it is given up. The pauses between add up
/// to about three days, so that an outage over a weekend costs none.
pub(super) const MOST_ATTEMPTS: u32 = 13;

/// The pause after the `attempts`th failure, without jitter; `None` where the event
/// is given up.
pub(super) fn pause(attempts: u32) -> Option<Duration> {
    if attempts >= MOST_ATTEMPTS {
        return None;
    }
    let factor = FACTOR.saturating_pow(attempts.saturating_sub(1));
    Some(FIRST.saturating_mul(factor).min(LONGEST))
}

/// The pause, a fifth shorter or longer at most: what failed together does not come
/// back together.
pub(super) fn jittered(pause: Duration, random: &dyn Random) -> Duration {
    let mut bytes = [0; 2];
    random.fill(&mut bytes);
    let share = f64::from(u16::from_be_bytes(bytes)) / f64::from(u16::MAX);
    pause.mul_f64(0.8 + 0.4 * share)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ports::SeededRandom;

    #[test]
    fn the_pauses_grow_from_seconds_to_hours_over_about_three_days() {
        let pauses: Vec<_> = (1..).map_while(pause).collect();
        assert_eq!(pauses.len() + 1, MOST_ATTEMPTS as usize);
        assert_eq!(pauses[0], Duration::from_secs(5));
        assert!(pauses.is_sorted());
        assert_eq!(pauses.last(), Some(&LONGEST));
        let hours = pauses.iter().sum::<Duration>().as_secs() / 3600;
        assert!((60..=80).contains(&hours), "{hours}");
    }

    proptest! {
        #[test]
        fn jitter_stays_within_a_fifth(seed: u64, attempts in 1..MOST_ATTEMPTS) {
            let pause = pause(attempts).unwrap();
            let jittered = jittered(pause, &SeededRandom::new(seed));
            prop_assert!(jittered >= pause.mul_f64(0.799) && jittered <= pause.mul_f64(1.201));
        }
    }
}
