use proptest::prelude::*;

use super::*;
use crate::ports::{SeededRandom, SparkErrorKind};
use crate::testing::scene::{HOUR, NOW, scene};
use crate::token::{ConsentLoss, LastRefresh, RefreshTrigger, RevokedBy};

const SECOND: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_hours(24);
const YEARS: u64 = 365 * 24 * 3_600 * 1_000;

fn schedule() -> Schedule {
    schedule_of(ScheduleLimits::default(), 7)
}

fn schedule_of(limits: ScheduleLimits, seed: u64) -> Schedule {
    Schedule::new(limits, Arc::new(SeededRandom::new(seed)))
}

/// A token that was obtained now and lives so long; its refresh token never ages.
fn token(life: Duration) -> Token {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let scene = runtime.unwrap().block_on(scene());
    let mut token = scene.token_of("ann", "spark:rooms_read");
    token.obtained_at = NOW;
    token.granted_at = NOW;
    token.access_expires_at = NOW + life;
    token.refresh_expires_at = None;
    token
}

fn passing() -> SparkError {
    SparkError::of(SparkErrorKind::Unreachable)
}

/// The token after a refresh at `now` that gave a life of `life`, and moved the
/// refresh token's end to `end`.
fn refreshed(
    schedule: &Schedule,
    token: &mut Token,
    now: Timestamp,
    life: Duration,
    end: Timestamp,
) -> Option<EventKind> {
    let was = Expiries::of(token);
    token.obtained_at = now;
    token.access_expires_at = now + life;
    token.refresh_expires_at = Some(end);
    token.last_refresh = Some(LastRefresh {
        at: now,
        by: RefreshTrigger::Worker,
    });
    schedule.plan_refreshed(token, was, now)
}

proptest! {
    #[test]
    fn every_token_is_visited_before_it_ends(
        life in 1_000..10 * YEARS,
        margin in 0.01..=0.9,
        seed in any::<u64>(),
    ) {
        let mut token = fixed(life);
        let limits = ScheduleLimits { margin, ..ScheduleLimits::default() };
        schedule_of(limits, seed).plan(&mut token, NOW);
        let due = token.upkeep.due_at.unwrap();
        prop_assert!(due > NOW, "it has only just been obtained");
        let least = Duration::from_millis(life).mul_f64(margin);
        let left = token.access_expires_at.since(due);
        prop_assert!(left + Duration::from_millis(1) >= least, "{left:?} of {least:?}");
    }

    #[test]
    fn a_refresh_token_is_used_in_the_first_half_of_its_life(
        life in 1_000..10 * YEARS,
        aged in 1_000..10 * YEARS,
        seed in any::<u64>(),
    ) {
        let mut token = fixed(life);
        token.refresh_expires_at = Some(NOW + Duration::from_millis(aged));
        schedule_of(ScheduleLimits::default(), seed).plan(&mut token, NOW);
        let due = token.upkeep.due_at.unwrap();
        prop_assert!(due > NOW);
        prop_assert!(due.since(NOW) <= Duration::from_millis(aged / 2 + 1));
    }

    #[test]
    fn a_back_off_keeps_to_its_bounds_and_saves_what_lives(
        left in 0..10 * YEARS,
        failures in any::<u32>(),
        seed in any::<u64>(),
    ) {
        let mut token = fixed(left);
        token.upkeep.failures = failures;
        let limits = ScheduleLimits::default();
        schedule_of(limits, seed).back_off(&mut token, &passing(), Cause::Token, NOW);
        let retry_at = token.upkeep.retry_at.unwrap();
        prop_assert_eq!(token.upkeep.due_at, Some(retry_at));
        let wait = retry_at.since(NOW);
        prop_assert!(wait <= limits.longest_retry);
        if left >= 1_000 {
            prop_assert!(wait <= Duration::from_millis(left / 2 + 1), "another try before it ends");
        }
        prop_assert!(wait >= limits.first_retry.min(Duration::from_millis(left / 2))
            || left < 1_000 && wait >= limits.first_retry);
        prop_assert_eq!(token.upkeep.failures, failures.saturating_add(1));
    }

    #[test]
    fn nothing_overflows(
        obtained in any::<i64>(),
        access in any::<i64>(),
        refresh in any::<i64>(),
        granted in any::<i64>(),
        now in any::<i64>(),
        margin in proptest::num::f64::ANY,
        failures in any::<u32>(),
    ) {
        let mut token = fixed(1_000);
        token.obtained_at = Timestamp::from_millis(obtained);
        token.access_expires_at = Timestamp::from_millis(access);
        token.refresh_expires_at = Some(Timestamp::from_millis(refresh));
        token.granted_at = Timestamp::from_millis(granted);
        token.upkeep.failures = failures;
        let now = Timestamp::from_millis(now);
        let limits = ScheduleLimits {
            margin,
            first_retry: Duration::MAX,
            longest_retry: Duration::MAX,
            arrears: Duration::MAX,
            longest_warning: Duration::MAX,
        };
        for limits in [limits, ScheduleLimits { margin, ..ScheduleLimits::default() }] {
            let schedule = schedule_of(limits, 1);
            schedule.back_off(&mut token, &passing(), Cause::Token, now);
            schedule.put_off(&mut token, now);
            schedule.plan(&mut token, now);
            let was = Expiries { access: now, refresh: Some(now), obtained_at: now };
            schedule.plan_refreshed(&mut token, was, now);
            prop_assert!(token.upkeep.due_at.is_some());
        }
    }
}

/// Like [`token`], without a scene for each of thousands.
fn fixed(life: u64) -> Token {
    static TOKEN: std::sync::LazyLock<Token> = std::sync::LazyLock::new(|| token(HOUR));
    let mut token = TOKEN.clone();
    token.access_expires_at = NOW + Duration::from_millis(life);
    token
}

#[test]
fn a_thousand_tokens_of_one_minute_do_not_come_due_in_one_minute() {
    let schedule = schedule();
    let mut per_minute = std::collections::HashMap::new();
    for _ in 0..1_000 {
        let mut token = fixed(14 * 24 * 3_600 * 1_000);
        schedule.plan(&mut token, NOW);
        let minute = token.upkeep.due_at.unwrap().as_millis() / 60_000;
        *per_minute.entry(minute).or_insert(0_u32) += 1;
    }
    let busiest = per_minute.values().max().unwrap();
    assert!(*busiest <= 10, "{busiest} in one minute");
}

#[test]
fn only_an_active_token_with_a_refresh_token_is_visited() {
    let schedule = schedule();
    let mut token = token(HOUR);
    schedule.plan(&mut token, NOW);
    assert!(token.upkeep.due_at.is_some());

    let mut lost = token.clone();
    let reason = ConsentLoss::RefreshRefused;
    lost.status = Status::NeedsConsent { reason, since: NOW };
    let mut revoked = token.clone();
    let by = RevokedBy::Admin;
    revoked.status = Status::Revoked { by, at: NOW };
    let mut bare = token;
    bare.refresh = None;
    schedule.plan(&mut bare, NOW);
    let end = Some(bare.access_expires_at);
    assert_eq!(bare.upkeep.due_at, end, "then the consent is lost");
    for mut token in [lost, revoked] {
        schedule.plan(&mut token, NOW);
        assert_eq!(token.upkeep.due_at, None);
        schedule.back_off(&mut token, &passing(), Cause::Token, NOW);
        assert_eq!(token.upkeep.due_at, None);
    }
}

#[test]
fn imported_tokens_are_due_at_once_but_not_all_in_one_moment() {
    let schedule = schedule();
    let mut visits = std::collections::BTreeSet::new();
    for _ in 0..100 {
        let mut token = fixed(0);
        token.access_expires_at = Timestamp::EPOCH;
        token.obtained_at = Timestamp::EPOCH;
        schedule.plan(&mut token, NOW);
        let due = token.upkeep.due_at.unwrap();
        assert!(due >= NOW && due.since(NOW) <= ScheduleLimits::default().arrears);
        visits.insert(due);
    }
    assert!(visits.len() > 90, "{}", visits.len());
}

#[test]
fn a_provider_that_never_says_how_long_tokens_live_is_not_hammered() {
    let (schedule, mut token) = (schedule(), token(HOUR));
    refreshed(&schedule, &mut token, NOW, Duration::ZERO, NOW + 90 * DAY);
    let wait = token.upkeep.due_at.unwrap().since(NOW);
    assert!(wait >= ScheduleLimits::default().longest_retry, "{wait:?}");
}

#[test]
fn failures_in_a_row_wait_longer_and_a_success_begins_anew() {
    let (schedule, mut token) = (schedule(), token(DAY));
    let mut longest = Duration::ZERO;
    for failures in 1..=20 {
        schedule.back_off(&mut token, &passing(), Cause::Token, NOW);
        assert_eq!(token.upkeep.failures, failures);
        longest = longest.max(token.upkeep.retry_at.unwrap().since(NOW));
    }
    assert!(longest > Duration::from_mins(5), "{longest:?}");
    schedule.plan(&mut token, NOW);
    assert_eq!((token.upkeep.failures, token.upkeep.retry_at), (0, None));
}

/// Whatever the outage lasted, its end is noticed within half a minute.
#[test]
fn failures_that_may_be_an_outage_never_wait_long() {
    for life in [Duration::from_mins(1), HOUR, 14 * DAY] {
        let (schedule, mut token) = (schedule(), token(life));
        for failures in 1..=40 {
            schedule.back_off(&mut token, &passing(), Cause::Provider, NOW);
            assert_eq!(token.upkeep.failures, failures);
            let wait = token.upkeep.retry_at.unwrap().since(NOW);
            assert!(wait <= 20 * SECOND, "{wait:?}");
            assert_eq!(token.upkeep.due_at, token.upkeep.retry_at);
        }
    }
}

/// Times that were written by a clock which was ahead.
#[test]
fn a_record_whose_times_cannot_be_right_is_due_at_once() {
    let schedule = schedule();
    let mut token = token(HOUR);
    schedule.plan(&mut token, NOW);
    assert!(!schedule.set_right(&mut token, NOW));
    let mut ahead = token.clone();
    ahead.obtained_at = NOW + DAY;
    let mut waits = token;
    waits.upkeep.retry_at = Some(NOW + DAY);
    for mut token in [ahead, waits] {
        assert!(schedule.set_right(&mut token, NOW));
        let due_at = token.upkeep.due_at.unwrap();
        assert!(due_at.since(NOW) <= ScheduleLimits::default().arrears);
        assert_eq!(token.upkeep.retry_at, None);
    }
}

#[test]
fn a_fault_of_the_integration_is_not_held_against_the_token() {
    let (schedule, mut token) = (schedule(), token(HOUR));
    let refused = SparkError::of(SparkErrorKind::IntegrationRefused);
    for _ in 0..10 {
        schedule.back_off(&mut token, &refused, Cause::Token, NOW);
    }
    assert_eq!((token.upkeep.failures, token.upkeep.retry_at), (0, None));
    let wait = token.upkeep.due_at.unwrap().since(NOW);
    assert!((5 * SECOND..=10 * SECOND).contains(&wait), "{wait:?}");
}

#[test]
fn what_was_put_off_for_our_own_reasons_may_still_be_asked_for() {
    let (schedule, mut token) = (schedule(), token(HOUR));
    token.upkeep.due_at = Some(NOW);
    schedule.put_off(&mut token, NOW);
    assert_eq!(token.upkeep.retry_at, None);
    assert!(token.upkeep.due_at.unwrap() > NOW);
}

#[test]
fn a_refresh_token_that_only_counts_down_is_warned_of_once() {
    let (schedule, mut token) = (schedule(), token(14 * DAY));
    let end = NOW + 90 * DAY;
    token.refresh_expires_at = Some(end);
    schedule.plan(&mut token, NOW);

    let mut warnings = Vec::new();
    let mut visits = 0;
    while let Some(now) = token.upkeep.due_at.filter(|due| *due < end) {
        visits += 1;
        assert!(visits < 20, "it is visited again and again");
        if let Some(event) = refreshed(&schedule, &mut token, now, 14 * DAY, end) {
            warnings.push((event, now));
        }
    }
    let [(event, at)] = &warnings[..] else {
        panic!("{} warnings", warnings.len());
    };
    let refresh_expires_at = end;
    assert_eq!(
        *event,
        EventKind::RefreshTokenExpiring { refresh_expires_at }
    );
    assert_eq!(token.upkeep.expiry_warned_at, Some(*at));
    let before = end.since(*at);
    assert!((6 * DAY..=7 * DAY).contains(&before), "{before:?}");
    let outlives = token.access_expires_at.since(end);
    assert!(
        outlives >= 13 * DAY,
        "the last use comes late: {outlives:?}"
    );
}

#[test]
fn a_short_life_is_warned_of_in_its_last_tenth() {
    let (schedule, mut token) = (schedule(), token(60 * SECOND));
    let end = NOW + HOUR;
    token.refresh_expires_at = Some(end);
    let at = NOW + HOUR.mul_f64(0.89);
    assert_eq!(refreshed(&schedule, &mut token, at, 60 * SECOND, end), None);
    let at = NOW + HOUR.mul_f64(0.91);
    assert!(refreshed(&schedule, &mut token, at, 60 * SECOND, end).is_some());
}

#[test]
fn a_refresh_token_that_is_renewed_is_never_warned_of() {
    for (access, refresh) in [
        (14 * DAY, 90 * DAY),
        (10 * SECOND, 60 * SECOND),
        (2 * SECOND, 3 * SECOND),
    ] {
        let (schedule, mut token) = (schedule(), token(access));
        token.refresh_expires_at = Some(NOW + refresh);
        schedule.plan(&mut token, NOW);
        for _ in 0..1_000 {
            let now = token.upkeep.due_at.unwrap();
            assert!(now < token.refresh_expires_at.unwrap(), "it died of age");
            let warning = refreshed(&schedule, &mut token, now, access, now + refresh);
            assert_eq!(warning, None);
        }
        assert_eq!(token.upkeep.expiry_warned_at, None);
    }
}

#[test]
fn a_repeated_answer_does_not_tell_that_the_life_counts_down() {
    let (schedule, mut token) = (schedule(), token(14 * DAY));
    let end = NOW + 5 * DAY;
    (token.refresh_expires_at, token.granted_at) = (Some(end), NOW - 365 * DAY);
    let later = NOW + HOUR;
    let warning = refreshed(&schedule, &mut token, later, 13 * DAY + 23 * HOUR, end);
    assert_eq!(warning, None);
}

#[test]
fn a_renewal_and_a_consent_end_the_warning() {
    let (schedule, mut token) = (schedule(), token(DAY));
    token.refresh_expires_at = Some(NOW + DAY);
    token.granted_at = NOW - 89 * DAY;
    let later = NOW + HOUR;
    assert!(refreshed(&schedule, &mut token, later, DAY, NOW + DAY).is_some());
    let mut renewed = token.clone();
    refreshed(&schedule, &mut renewed, later + HOUR, DAY, NOW + 90 * DAY);
    assert_eq!(renewed.upkeep.expiry_warned_at, None);
    schedule.plan(&mut token, later);
    assert_eq!(token.upkeep.expiry_warned_at, None);
}
