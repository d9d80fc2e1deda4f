//! What moves the clock, and what does not.

use super::*;
use crate::ports::{ManualClock, SeededRandom};
use crate::testing::scene::{HOUR, MINUTE, NOW};

const SECOND: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_hours(24);

fn clocks() -> (Arc<ManualClock>, CorrectedClock) {
    let local = Arc::new(ManualClock::at(NOW));
    let random = Arc::new(SeededRandom::new(1));
    (local.clone(), CorrectedClock::new(local, random))
}

/// An answer that takes no time, from a provider that is so much ahead of the local
/// clock; negative where it is behind.
fn answer(clock: &CorrectedClock, ahead: i64) {
    let local = clock.local.now().as_millis();
    clock.learn(Timestamp::from_millis(local + ahead), clock.uptime());
}

/// So many answers, half a minute apart.
fn answers(local: &ManualClock, clock: &CorrectedClock, ahead: &[i64]) {
    for ahead in ahead {
        answer(clock, *ahead);
        local.advance(MINUTE / 2);
    }
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap()
}

/// By how much the clock is ahead of the local one, in milliseconds.
fn offset(clock: &CorrectedClock) -> i64 {
    clock.now().as_millis() - clock.local.now().as_millis()
}

#[test]
fn one_answer_never_moves_the_clock() {
    let hour = millis(HOUR);
    for ahead in [
        3_155_760_000_000, // Tue, 01 Jan 2126
        millis(DAY),
        -millis(DAY),
        hour,
        -6 * hour,
        -NOW.as_millis(),
    ] {
        for seen in [
            &[ahead][..],
            &[ahead, ahead],
            &[ahead, 0, ahead, 0, ahead, 0, ahead],
            &[ahead, ahead, 0, ahead, ahead, 0],
            // They differ from each other too.
            &[ahead, ahead / 2, ahead, ahead / 2, ahead, ahead / 2],
        ] {
            let (local, clock) = clocks();
            answers(&local, &clock, seen);
            assert_eq!(offset(&clock), 0, "{seen:?}");
            assert_eq!(clock.state(), ClockState::Right, "{seen:?}");
        }
    }
}

#[test]
fn answers_of_one_moment_do_not_move_the_clock() {
    let (local, clock) = clocks();
    for _ in 0..100 {
        answer(&clock, millis(HOUR));
        local.advance(SECOND / 2);
    }
    assert_eq!(offset(&clock), 0);
}

#[test]
fn several_answers_that_agree_over_a_minute_correct_the_clock_and_set_it_back() {
    for ahead in [millis(HOUR), -millis(HOUR), millis(11 * HOUR)] {
        let (local, clock) = clocks();
        answers(&local, &clock, &[ahead, ahead + 2_000, ahead - 2_000]);
        assert!(
            (offset(&clock) - ahead).abs() <= 6_000,
            "{}",
            offset(&clock)
        );
        let ClockState::Corrected { ahead_ms } = clock.state() else {
            panic!("{:?}", clock.state());
        };
        assert_eq!(ahead_ms, -offset(&clock));
        // One odd answer changes nothing; several end the correction.
        answers(&local, &clock, &[0, ahead, 0, 0, 0]);
        assert_eq!(offset(&clock), 0);
        assert_eq!(clock.state(), ClockState::Right);
    }
}

#[test]
fn beyond_the_bound_nothing_is_corrected_and_the_clock_is_called_wrong() {
    for ahead in [millis(13 * HOUR), -millis(2 * DAY), 3_155_760_000_000] {
        let (local, clock) = clocks();
        answers(&local, &clock, &[ahead; 3]);
        assert_eq!(offset(&clock), 0);
        let ClockState::Wrong { ahead_ms } = clock.state() else {
            panic!("{:?}", clock.state());
        };
        assert!((ahead_ms + ahead).abs() <= 6_000);
        answer(&clock, 0);
        assert_eq!(clock.state(), ClockState::Right);
        // So does the operator who sets the clock.
        answers(&local, &clock, &[ahead; 3]);
        local.set(NOW + DAY);
        assert_eq!(clock.state(), ClockState::Right);
    }
}

#[test]
fn small_differences_and_whole_seconds_are_left_alone() {
    let (local, clock) = clocks();
    answers(
        &local,
        &clock,
        &[0, 5_000, -5_000, -5_999, 5_000, 5_000, 5_000],
    );
    assert_eq!(offset(&clock), 0);
}

#[test]
fn a_slow_answer_proves_only_what_it_can() {
    let (local, clock) = clocks();
    for _ in 0..5 {
        let (sent, said) = (clock.uptime(), local.now());
        local.advance(MINUTE);
        // Said at some time during the minute: the clock may be right.
        clock.learn(said, sent);
        clock.learn(said + MINUTE / 2, sent);
    }
    assert_eq!(offset(&clock), 0);
}

#[test]
fn a_step_of_the_local_clock_ends_the_correction() {
    let (local, clock) = clocks();
    answers(&local, &clock, &[millis(HOUR); 3]);
    let before = clock.now();
    // An operator sets the clock right.
    local.set(local.now() + HOUR);
    assert_eq!(offset(&clock), 0);
    assert!(clock.now().since(before).max(before.since(clock.now())) <= 6 * SECOND);
    assert_eq!(clock.moved_back(), 0);
}

#[test]
fn a_time_is_measured_by_the_uptime_whatever_the_clock_does_meanwhile() {
    let (local, clock) = clocks();
    let sent = clock.uptime();
    local.advance(MINUTE);
    local.set(NOW - DAY);
    assert_eq!(clock.time_of(sent), NOW - DAY - MINUTE);
}

mod records {
    use super::*;
    use crate::conformance::samples::full_token;

    /// A record that this process has just written.
    fn written(clock: &CorrectedClock) -> Token {
        Token {
            clock: Some(clock.id()),
            obtained_at: clock.now(),
            access_expires_at: clock.now() + HOUR,
            ..full_token(1)
        }
    }

    #[test]
    fn a_step_back_takes_the_expiries_with_it() {
        let (local, clock) = clocks();
        let token = written(&clock);
        local.advance(HOUR / 2);
        for (step, left) in [
            // Also a second step.
            (NOW - 2 * DAY, HOUR / 2),
            (NOW - 4 * DAY, HOUR / 2),
        ] {
            local.set(step);
            let mut read = token.clone();
            assert!(clock.set_right(&mut read));
            assert_eq!(read.remaining_life(clock.now()), left);
            assert_eq!(read.obtained_at, clock.now() - HOUR / 2);
            assert_eq!(read.clock, Some(clock.id()));
            assert!(!clock.set_right(&mut read), "once");
            assert_eq!(read.granted_at, token.granted_at, "it names the consent");
        }
        assert_eq!(clock.moved_back(), 2);
    }

    #[test]
    fn a_step_forward_counts_as_time_that_passed() {
        let (local, clock) = clocks();
        let token = written(&clock);
        local.set(NOW + HOUR / 2);
        let mut read = token.clone();
        assert!(!clock.set_right(&mut read));
        assert_eq!(read.remaining_life(clock.now()), HOUR / 2);
        assert_eq!(clock.moved_back(), 0);
    }

    #[test]
    fn time_that_passes_and_small_steps_change_nothing() {
        let (local, clock) = clocks();
        let token = written(&clock);
        local.advance(30 * DAY);
        local.set(local.now() - 4 * SECOND);
        let mut read = token.clone();
        assert!(!clock.set_right(&mut read));
        assert_eq!(read, token);
    }

    #[test]
    fn a_correction_takes_the_expiries_with_it() {
        let (local, clock) = clocks();
        let token = written(&clock);
        answers(&local, &clock, &[-millis(2 * HOUR); 3]);
        let mut read = token;
        assert!(clock.set_right(&mut read));
        let left = read.remaining_life(clock.now());
        assert!(
            left + MINUTE <= HOUR && left + 2 * MINUTE >= HOUR,
            "{left:?}"
        );
    }

    #[test]
    fn records_of_other_processes_are_left_alone() {
        let (local, clock) = clocks();
        local.set(NOW - DAY);
        for stranger in [None, Some(ClockId::from_bytes([9; 16]))] {
            let token = Token {
                clock: stranger,
                ..full_token(1)
            };
            let mut read = token.clone();
            assert!(!clock.set_right(&mut read));
            assert_eq!(read, token);
        }
    }
}
