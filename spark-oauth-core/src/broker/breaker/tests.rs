use std::sync::Mutex;

use super::*;
use crate::detached::Detached;
use crate::event::{Event, EventKind};
use crate::events::Outlets;
use crate::ports::{EventSink, ManualClock, SeededRandom, SparkErrorKind, Unobserved};
use crate::testing::scene::{HOUR, NOW, integration};
use crate::testing::{MemoryStores, StoreCall, StoreFault};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);

#[derive(Debug, Default)]
struct Heard(Mutex<Vec<EventKind>>);

impl EventSink for Heard {
    fn publish(&self, event: &Event) {
        self.0.lock().unwrap().push(event.kind.clone());
    }
}

/// One process.
struct Rig {
    breaker: Breaker,
    stores: MemoryStores,
    clock: Arc<ManualClock>,
    heard: Arc<Heard>,
}

fn rig() -> Rig {
    process(MemoryStores::new(), Arc::new(ManualClock::at(NOW)))
}

fn process(stores: MemoryStores, clock: Arc<ManualClock>) -> Rig {
    let heard = Arc::new(Heard::default());
    let outlets = Outlets {
        sinks: vec![heard.clone()],
        ..Outlets::default()
    };
    let events = Events::new(
        integration().client_id,
        &stores.stores(),
        clock.clone(),
        Arc::new(Unobserved),
        Detached::default(),
        outlets,
    );
    let breaker = Breaker::new(
        integration().client_id,
        stores.stores().pauses,
        clock.clone(),
        Arc::new(SeededRandom::new(5)),
        events,
        Arc::new(Unobserved),
    );
    Rig {
        breaker,
        stores,
        clock,
        heard,
    }
}

impl Rig {
    async fn permit(&self) -> Result<Permit, Paused> {
        self.permit_for(RefreshTrigger::Worker).await
    }

    async fn permit_for(&self, trigger: RefreshTrigger) -> Result<Permit, Paused> {
        self.breaker.permit(trigger, self.clock.now()).await
    }

    /// A call that fails.
    async fn fail(&self, kind: SparkErrorKind) {
        let permit = self.permit().await.unwrap();
        self.breaker.failed(permit, &SparkError::of(kind)).await;
    }

    async fn state(&self) -> BreakerState {
        self.breaker.state(self.clock.now()).await
    }

    async fn pause(&self) -> Pause {
        match self.state().await {
            BreakerState::Open(pause) | BreakerState::HalfOpen(pause) => pause,
            BreakerState::Closed => panic!("nothing pauses"),
        }
    }

    /// Moves the clock to the end of the pause that stands.
    async fn sit_it_out(&self) {
        self.clock.set(self.pause().await.until);
    }

    fn heard(&self) -> Vec<&'static str> {
        let heard = self.heard.0.lock().unwrap();
        heard.iter().map(EventKind::name).collect()
    }
}

const fn limited(retry_after: Option<Duration>) -> SparkErrorKind {
    SparkErrorKind::RateLimited { retry_after }
}

#[tokio::test]
async fn what_the_provider_asks_for_is_kept_to_the_second_by_every_process() {
    let rig = rig();
    let other = process(rig.stores.clone(), rig.clock.clone());
    assert_eq!(other.state().await, BreakerState::Closed);
    rig.fail(limited(Some(5 * SECOND))).await;
    let paused = rig.permit().await.unwrap_err();
    assert_eq!(paused.until, NOW + 5 * SECOND);
    assert_eq!(paused.reason, PauseReason::RateLimited);

    rig.clock.advance(SECOND);
    for trigger in [RefreshTrigger::Checkout, RefreshTrigger::Admin] {
        let paused = other.permit_for(trigger).await.unwrap_err();
        assert_eq!(paused.until, NOW + 5 * SECOND, "{trigger}");
    }
    rig.clock.set(NOW + 5 * SECOND);
    let permit = other.permit().await.unwrap();
    assert!(permit.is_probe());
    other.breaker.succeeded(permit).await;
    assert_eq!(other.state().await, BreakerState::Closed);
    rig.clock.advance(SECOND);
    assert!(!rig.permit().await.unwrap().is_probe());
    assert_eq!(rig.heard(), ["integration.paused"]);
    assert_eq!(other.heard(), ["integration.resumed"]);
}

#[tokio::test]
async fn an_illegible_or_absurd_wait_is_bounded() {
    for (asked, from, to) in [
        (None, 8 * SECOND, 10 * SECOND),
        (Some(Duration::ZERO), SECOND, SECOND),
        (Some(Duration::MAX), 60 * MINUTE, 60 * MINUTE),
    ] {
        let rig = rig();
        rig.fail(limited(asked)).await;
        let wait = rig.pause().await.until.since(NOW);
        assert!((from..=to).contains(&wait), "{asked:?}: {wait:?}");
    }
}

#[tokio::test]
async fn a_fault_that_says_when_to_come_again_is_no_outage() {
    let rig = rig();
    let retry_after = Some(7 * SECOND);
    rig.fail(SparkErrorKind::Unavailable { retry_after }).await;
    let pause = rig.pause().await;
    assert_eq!(pause.reason, PauseReason::RateLimited);
    assert_eq!(pause.until, NOW + 7 * SECOND);
}

#[tokio::test]
async fn many_failures_without_one_success_are_an_outage() {
    let rig = rig();
    let away = SparkErrorKind::Unreachable;
    for _ in 1..OUTAGE {
        rig.fail(away).await;
    }
    let permit = rig.permit().await.unwrap();
    rig.breaker.succeeded(permit).await;
    for _ in 1..OUTAGE {
        rig.fail(SparkErrorKind::Unavailable { retry_after: None })
            .await;
    }
    assert_eq!(rig.state().await, BreakerState::Closed);
    rig.fail(SparkErrorKind::TimedOut).await;
    assert_eq!(rig.pause().await.reason, PauseReason::Outage);
}

#[tokio::test]
async fn each_try_that_fails_prolongs_the_pause_and_one_that_succeeds_ends_it() {
    let rig = rig();
    for _ in 0..OUTAGE {
        rig.fail(SparkErrorKind::Unreachable).await;
    }
    let mut expected = 5 * SECOND;
    for trips in 1..=8 {
        let pause = rig.pause().await;
        assert_eq!(pause.trips, trips);
        let length = pause.until.since(rig.clock.now());
        assert!(
            (expected * 4 / 5..=expected).contains(&length),
            "{trips}: {length:?}"
        );
        // Whatever the outage lasted, its end is noticed within half a minute.
        expected = (expected * 2).min(20 * SECOND);
        rig.sit_it_out().await;
        rig.fail(SparkErrorKind::Unreachable).await;
    }
    assert_eq!(rig.heard(), ["integration.paused"], "one alert");
    rig.sit_it_out().await;
    let permit = rig.permit().await.unwrap();
    rig.breaker.succeeded(permit).await;
    assert_eq!(rig.state().await, BreakerState::Closed);
    // And the count begins anew.
    rig.fail(SparkErrorKind::Unreachable).await;
    assert_eq!(rig.state().await, BreakerState::Closed);
}

#[tokio::test]
async fn one_call_at_a_time_tries_after_a_pause() {
    let rig = rig();
    rig.fail(limited(Some(5 * SECOND))).await;
    rig.clock.advance(5 * SECOND);
    let first = rig.permit().await.unwrap();
    let paused = rig.permit().await.unwrap_err();
    assert!(paused.until > rig.clock.now(), "worth waiting for");
    // A call whose task panics or is aborted drops its permit.
    drop(first);
    assert!(rig.permit().await.unwrap().is_probe());
}

#[tokio::test]
async fn calls_under_way_when_the_pause_begins_are_one_alert_and_one_trip() {
    let rig = rig();
    let mut permits = Vec::new();
    for _ in 0..64 {
        permits.push(rig.permit().await.unwrap());
    }
    let lucky = permits.pop().unwrap();
    for permit in permits {
        let error = SparkError::of(SparkErrorKind::IntegrationRefused);
        rig.breaker.failed(permit, &error).await;
    }
    // One that was let in before does not prove that the next one will be.
    rig.breaker.succeeded(lucky).await;
    assert_eq!(rig.pause().await.trips, 1);
    assert_eq!(rig.heard(), ["integration.paused"]);
}

#[tokio::test]
async fn of_several_waits_that_are_asked_for_the_longest_counts() {
    let rig = rig();
    let (short, long) = (rig.permit().await.unwrap(), rig.permit().await.unwrap());
    for (permit, wait) in [(short, 5 * SECOND), (long, 30 * SECOND)] {
        let error = SparkError::of(limited(Some(wait)));
        rig.breaker.failed(permit, &error).await;
    }
    let pause = rig.pause().await;
    assert_eq!((pause.until, pause.trips), (NOW + 30 * SECOND, 1));
}

#[tokio::test]
async fn a_faulty_integration_waits_longer_each_time_and_an_admin_may_try() {
    let rig = rig();
    rig.fail(SparkErrorKind::IntegrationRefused).await;
    let first = rig.pause().await.until.since(NOW);
    assert!((48 * SECOND..=MINUTE).contains(&first), "{first:?}");
    rig.permit().await.unwrap_err();
    for _ in 0..10 {
        let permit = rig.permit_for(RefreshTrigger::Admin).await.unwrap();
        let error = SparkError::of(SparkErrorKind::IntegrationRefused);
        rig.breaker.failed(permit, &error).await;
    }
    let last = rig.pause().await.until.since(NOW);
    assert!((12 * MINUTE..=15 * MINUTE).contains(&last), "{last:?}");
    let permit = rig.permit_for(RefreshTrigger::Admin).await.unwrap();
    rig.breaker.succeeded(permit).await;
    assert_eq!(rig.state().await, BreakerState::Closed);
}

#[tokio::test]
async fn a_process_that_starts_tries_a_faulty_integration_once() {
    let rig = rig();
    rig.fail(SparkErrorKind::IntegrationRefused).await;
    rig.clock.advance(10 * SECOND);
    let restarted = process(rig.stores.clone(), rig.clock.clone());
    restarted.fail(SparkErrorKind::IntegrationRefused).await;
    restarted.permit().await.unwrap_err();

    let rig = self::rig();
    rig.fail(limited(Some(MINUTE))).await;
    let restarted = process(rig.stores.clone(), rig.clock.clone());
    restarted.permit().await.unwrap_err();
}

#[tokio::test]
async fn a_dead_refresh_token_proves_that_the_provider_works() {
    let rig = rig();
    rig.fail(limited(Some(SECOND))).await;
    rig.clock.advance(SECOND);
    rig.fail(SparkErrorKind::GrantRefused).await;
    assert_eq!(rig.state().await, BreakerState::Closed);
}

/// A success of any kind ends the outage for all, also that of another process.
#[tokio::test]
async fn the_first_success_after_an_outage_ends_it_everywhere() {
    for by_consent in [true, false] {
        let rig = rig();
        let other = process(rig.stores.clone(), rig.clock.clone());
        let under_way = rig.permit().await.unwrap();
        for _ in 0..OUTAGE {
            rig.fail(SparkErrorKind::Unreachable).await;
        }
        let failed_at = rig.clock.now();
        rig.clock.advance(2 * SECOND);
        other.permit().await.unwrap_err();
        assert!(!other.breaker.has_recovered_since(failed_at));
        if by_consent {
            other.breaker.provider_works().await;
        } else {
            // Also one that was begun before.
            rig.breaker.succeeded(under_way).await;
        }
        rig.clock.advance(2 * SECOND);
        for process in [&rig, &other] {
            assert!(!process.permit().await.unwrap().is_probe());
            assert!(process.breaker.has_recovered_since(failed_at));
            assert!(
                !process
                    .breaker
                    .has_recovered_since(rig.clock.now() + SECOND)
            );
        }
    }
}

#[tokio::test]
async fn a_failure_after_the_clock_was_set_back_is_later_than_the_recovery() {
    let rig = rig();
    for _ in 0..OUTAGE {
        rig.fail(SparkErrorKind::Unreachable).await;
    }
    rig.breaker.provider_works().await;
    rig.clock.advance(2 * SECOND);
    rig.clock.set(rig.clock.now() - 48 * HOUR);
    assert!(!rig.breaker.has_recovered_since(rig.clock.now()));
}

#[tokio::test]
async fn a_consent_ends_no_pause_that_the_provider_asked_for() {
    for (kind, ends) in [
        (limited(Some(MINUTE)), false),
        (SparkErrorKind::IntegrationRefused, true),
    ] {
        let rig = rig();
        rig.fail(kind).await;
        rig.breaker.provider_works().await;
        assert_eq!(rig.permit().await.is_ok(), ends, "{kind:?}");
    }
}

#[tokio::test]
async fn who_asks_for_a_refresh_may_try_during_an_outage_and_not_when_asked_to_wait() {
    for (kind, may_try) in [
        (SparkErrorKind::Unreachable, true),
        (SparkErrorKind::IntegrationRefused, true),
        (limited(Some(MINUTE)), false),
    ] {
        for trigger in [RefreshTrigger::Admin, RefreshTrigger::Api] {
            let rig = rig();
            for _ in 0..OUTAGE {
                if let Ok(permit) = rig.permit().await {
                    rig.breaker.failed(permit, &SparkError::of(kind)).await;
                }
            }
            rig.permit_for(RefreshTrigger::Checkout).await.unwrap_err();
            let permit = rig.permit_for(trigger).await;
            assert_eq!(permit.is_ok(), may_try, "{kind:?} {trigger}");
        }
    }
}

#[tokio::test]
async fn a_failure_is_the_tokens_own_only_where_the_provider_works_for_others() {
    let rig = rig();
    rig.clock.advance(SECOND);
    let error = SparkError::of(SparkErrorKind::Unavailable { retry_after: None });
    let fail = || async {
        let permit = rig.permit().await.unwrap();
        rig.breaker.failed(permit, &error).await;
        rig.breaker.cause_of(&error)
    };
    // After a start nothing is known.
    assert_eq!(fail().await, Cause::Provider);
    rig.breaker.succeeded(rig.permit().await.unwrap()).await;
    assert_eq!(fail().await, Cause::Token);
    assert_eq!(fail().await, Cause::Provider, "two in a row");
    rig.breaker.succeeded(rig.permit().await.unwrap()).await;
    rig.clock.advance(LATELY);
    assert_eq!(fail().await, Cause::Provider, "that was long ago");
    let limited = SparkError::of(limited(None));
    assert_eq!(rig.breaker.cause_of(&limited), Cause::Provider);
}

#[tokio::test]
async fn pause_written_by_a_clock_that_is_ahead_lasts_its_own_length() {
    for ahead in [30 * MINUTE, 48 * 60 * MINUTE] {
        let rig = rig();
        let wrong = Arc::new(ManualClock::at(NOW + ahead));
        let wrong = process(rig.stores.clone(), wrong);
        wrong.fail(limited(Some(20 * SECOND))).await;
        rig.clock.advance(5 * SECOND);
        let paused = rig.permit().await.unwrap_err();
        assert_eq!(
            paused.until,
            NOW + 25 * SECOND,
            "counted from the first read"
        );
        rig.clock.advance(20 * SECOND);
        let permit = rig.permit().await.unwrap();
        assert!(permit.is_probe());
        rig.breaker.succeeded(permit).await;
        assert_eq!(rig.state().await, BreakerState::Closed);
    }
}

#[tokio::test]
async fn failed_probe_prolongs_a_pause_written_by_a_clock_that_is_ahead() {
    let rig = rig();
    let wrong = Arc::new(ManualClock::at(NOW + 30 * MINUTE));
    let wrong = process(rig.stores.clone(), wrong);
    wrong.fail(limited(Some(20 * SECOND))).await;
    assert!(rig.permit().await.is_err());
    rig.clock.advance(20 * SECOND);
    rig.fail(limited(Some(40 * SECOND))).await;
    let later = process(rig.stores.clone(), rig.clock.clone());
    for process in [&rig, &later] {
        let paused = process.permit().await.unwrap_err();
        assert_eq!(paused.until, NOW + 60 * SECOND);
    }
    rig.clock.advance(40 * SECOND);
    for process in [&rig, &later] {
        assert!(process.permit().await.unwrap().is_probe());
    }
}

#[tokio::test]
async fn clock_that_is_set_back_does_not_prolong_a_pause() {
    let rig = rig();
    rig.fail(limited(Some(20 * SECOND))).await;
    rig.clock.set(NOW - 30 * MINUTE);
    rig.clock.advance(19 * SECOND);
    assert!(rig.permit().await.is_err());
    rig.clock.advance(SECOND);
    assert!(rig.permit().await.unwrap().is_probe());
}

#[tokio::test]
async fn an_undocumented_answer_pauses_nothing_by_itself() {
    let rig = rig();
    for _ in 0..3 * OUTAGE {
        rig.fail(SparkErrorKind::Unexpected).await;
    }
    assert_eq!(rig.state().await, BreakerState::Closed);
}

#[tokio::test]
async fn the_store_is_asked_once_a_second_at_most() {
    let rig = rig();
    for _ in 0..100 {
        let permit = rig.permit().await.unwrap();
        rig.breaker.succeeded(permit).await;
    }
    assert_eq!(rig.stores.count(StoreCall::PauseGet), 1);
    rig.clock.advance(SECOND);
    drop(rig.permit().await.unwrap());
    assert_eq!(rig.stores.count(StoreCall::PauseGet), 2);
}

#[tokio::test]
async fn a_store_that_fails_stops_no_refresh_and_forgets_no_pause() {
    let rig = rig();
    rig.stores.fail(StoreCall::PauseGet, StoreFault::Away, 2);
    drop(rig.permit().await.unwrap());

    rig.stores
        .fail(StoreCall::PauseProlong, StoreFault::Away, 2);
    rig.fail(limited(Some(MINUTE))).await;
    rig.permit().await.unwrap_err();
    rig.clock.advance(SECOND);
    rig.permit().await.unwrap_err();
    let other = process(rig.stores.clone(), rig.clock.clone());
    assert_eq!(other.state().await, BreakerState::Closed);
    // As soon as the store takes it, the others keep it too.
    rig.clock.advance(SECOND);
    rig.permit().await.unwrap_err();
    rig.clock.advance(SECOND);
    other.permit().await.unwrap_err();
}

#[tokio::test]
async fn a_pause_whose_end_the_store_does_not_take_is_tried_again() {
    let rig = rig();
    rig.fail(limited(Some(SECOND))).await;
    rig.clock.advance(SECOND);
    rig.stores.fail(StoreCall::PauseClear, StoreFault::Away, 1);
    let permit = rig.permit().await.unwrap();
    rig.breaker.succeeded(permit).await;
    assert!(!rig.permit().await.unwrap().is_probe());
    rig.clock.advance(SECOND);
    let permit = rig.permit().await.unwrap();
    assert!(permit.is_probe());
    rig.breaker.succeeded(permit).await;
    rig.clock.advance(SECOND);
    assert_eq!(rig.state().await, BreakerState::Closed);
}

#[tokio::test]
async fn only_the_workers_calls_wait_for_a_place() {
    let rig = rig();
    let places = Arc::new(Semaphore::new(1));
    rig.breaker.bound(&places);
    let (first, second) = (rig.permit().await.unwrap(), rig.permit().await.unwrap());
    let held = first.take_place().await.unwrap();
    drop(
        rig.permit_for(RefreshTrigger::Checkout)
            .await
            .unwrap()
            .take_place()
            .await
            .unwrap(),
    );
    let waiting = tokio::spawn(async move { second.take_place().await });
    crate::testing::scene::settle_down().await;
    assert!(!waiting.is_finished());
    drop(held);
    drop(waiting.await.unwrap().unwrap());
}

#[tokio::test]
async fn a_call_that_waited_for_a_place_is_not_made_when_a_pause_has_begun() {
    let rig = rig();
    let places = Arc::new(Semaphore::new(1));
    rig.breaker.bound(&places);
    let (first, second) = (rig.permit().await.unwrap(), rig.permit().await.unwrap());
    let held = first.take_place().await.unwrap();
    let waiting = tokio::spawn(async move { second.take_place().await });
    crate::testing::scene::settle_down().await;
    let error = SparkError::of(limited(Some(5 * SECOND)));
    rig.breaker.failed(first, &error).await;
    drop(held);
    let paused = waiting.await.unwrap().unwrap_err();
    assert_eq!(paused.until, NOW + 5 * SECOND);

    rig.clock.advance(5 * SECOND);
    let probe = rig.permit().await.unwrap();
    drop(probe.take_place().await.unwrap());
}
