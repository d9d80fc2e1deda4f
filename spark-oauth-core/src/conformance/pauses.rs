//! What every [`PauseStore`](crate::ports::PauseStore) must do.

use std::time::Duration;

use super::races::{RUNNERS, assert_one_winner, race};
use super::samples::{self, NOW, integration, later, pause};
use crate::integration::ClientId;
use crate::ports::{Pause, PauseReason, Stores, TrackingId};
use crate::timestamp::Timestamp;

async fn standing(stores: &Stores) -> Option<Pause> {
    standing_of(stores, &integration()).await
}

async fn standing_of(stores: &Stores, integration: &ClientId) -> Option<Pause> {
    let pause = stores.pauses.pause(integration).await;
    pause.expect("the pause must be answered")
}

async fn prolong(stores: &Stores, pause: &Pause) -> Pause {
    let standing = stores.pauses.prolong_pause(pause).await;
    standing.expect("prolong must answer")
}

async fn clear(stores: &Stores, until: Timestamp) -> bool {
    let cleared = stores.pauses.clear_pause(&integration(), until).await;
    cleared.expect("clear must answer")
}

/// Every field is kept.
pub async fn a_pause_reads_back(stores: &Stores) {
    let full = Pause {
        reason: PauseReason::IntegrationRefused,
        trips: u32::MAX,
        summary: "é\"\\\n\u{0}x".repeat(1_024),
        tracking_id: TrackingId::new("ROUTER_5F0A-01BB"),
        ..pause(120)
    };
    let rate_limited = Pause {
        reason: PauseReason::RateLimited,
        summary: String::new(),
        ..pause(180)
    };
    for pause in [pause(60), full, rate_limited] {
        assert_eq!(prolong(stores, &pause).await, pause, "the answer");
        assert_eq!(standing(stores).await, Some(pause), "as stored");
    }
}

/// Times are kept to the millisecond, however far they are.
pub async fn times_of_a_pause_read_back(stores: &Stores) {
    for (number, at) in (0..).zip(samples::TIMES) {
        let integration = ClientId::new(format!("integration {number}"));
        let pause = Pause {
            integration: integration.clone(),
            since: at,
            until: at,
            counted_from: at,
            ..pause(0)
        };
        assert_eq!(prolong(stores, &pause).await, pause);
        assert_eq!(standing_of(stores, &integration).await, Some(pause));
    }
}

/// An integration that never paused has no pause, and none to clear.
pub async fn an_unknown_integration_has_no_pause(stores: &Stores) {
    assert_eq!(standing(stores).await, None);
    assert!(!clear(stores, Timestamp::from_millis(i64::MAX)).await);
    prolong(stores, &pause(60)).await;
    let other = ClientId::new("another");
    assert_eq!(standing_of(stores, &other).await, None);
}

/// A pause whose time has passed stands until it is cleared: it tells that no try
/// has succeeded yet.
pub async fn a_pause_that_has_passed_still_stands(stores: &Stores) {
    let long_past = Pause {
        since: Timestamp::EPOCH,
        until: Timestamp::from_millis(1),
        counted_from: Timestamp::EPOCH,
        ..pause(0)
    };
    prolong(stores, &long_past).await;
    assert_eq!(standing(stores).await, Some(long_past));
}

/// A pause is replaced, as a whole, by one that ends later or at the same time.
pub async fn a_pause_is_prolonged(stores: &Stores) {
    prolong(stores, &pause(60)).await;
    let later_one = Pause {
        reason: PauseReason::RateLimited,
        since: later(1),
        counted_from: later(2),
        trips: 2,
        tracking_id: TrackingId::new("T-2"),
        ..pause(61)
    };
    assert_eq!(prolong(stores, &later_one).await, later_one);
    assert_eq!(standing(stores).await, Some(later_one));
    let same_end = Pause {
        trips: 3,
        ..pause(61)
    };
    assert_eq!(prolong(stores, &same_end).await, same_end);
    assert_eq!(standing(stores).await, Some(same_end));
}

/// One that ends earlier changes nothing, and its caller is told what stands.
pub async fn a_pause_is_never_shortened(stores: &Stores) {
    let long = pause(60);
    prolong(stores, &long).await;
    let shorter = Pause {
        until: long.until - Duration::from_millis(1),
        trips: 9,
        reason: PauseReason::RateLimited,
        ..pause(0)
    };
    assert_eq!(prolong(stores, &shorter).await, long, "the one that stands");
    assert_eq!(standing(stores).await, Some(long));
}

/// The pause of one integration is not that of another.
pub async fn pauses_of_integrations_are_apart(stores: &Stores) {
    let ours = pause(60);
    let theirs = Pause {
        integration: ClientId::new("another"),
        ..pause(30)
    };
    prolong(stores, &ours).await;
    assert_eq!(prolong(stores, &theirs).await, theirs);
    assert!(clear(stores, ours.until).await);
    assert_eq!(standing(stores).await, None);
    let other = standing_of(stores, &theirs.integration).await;
    assert_eq!(other, Some(theirs));
}

/// Of many pauses that come at once the one that ends last stays, and nobody is
/// told of one that ends before the own.
pub async fn the_pause_that_ends_last_stays(stores: &Stores) {
    let answers = race(RUNNERS, |number| {
        let store = stores.pauses.clone();
        // Not in the order of the callers.
        let asked = pause(u64::from(number * 7 % RUNNERS));
        async move {
            let answer = store.prolong_pause(&asked).await;
            (asked, answer.expect("prolong must answer"))
        }
    })
    .await;
    for (asked, answer) in &answers {
        assert!(answer.until >= asked.until, "{asked:?}: {answer:?}");
    }
    let last = pause(u64::from(RUNNERS - 1));
    assert_eq!(standing(stores).await, Some(last));
}

/// A pause is cleared by who knows its end, or a later time, and once.
pub async fn a_pause_is_cleared(stores: &Stores) {
    for until in [later(60), later(61)] {
        prolong(stores, &pause(60)).await;
        assert!(clear(stores, until).await);
        assert_eq!(standing(stores).await, None);
        assert!(!clear(stores, until).await, "it goes once");
    }
    // The next one begins anew, also where it ends earlier.
    prolong(stores, &pause(5)).await;
    assert_eq!(standing(stores).await, Some(pause(5)));
}

/// A pause that ends later than the caller knows stays.
pub async fn a_prolonged_pause_is_not_cleared(stores: &Stores) {
    let prolonged = pause(60);
    prolong(stores, &prolonged).await;
    let before = prolonged.until - Duration::from_millis(1);
    assert!(!clear(stores, before).await);
    assert!(!clear(stores, NOW).await);
    assert_eq!(standing(stores).await, Some(prolonged));
}

/// A pause that many clear at once is cleared by exactly one.
pub async fn a_pause_cleared_at_once_is_cleared_by_one(stores: &Stores) {
    prolong(stores, &pause(60)).await;
    let answers = race(RUNNERS, |_| {
        let store = stores.pauses.clone();
        async move {
            let cleared = store.clear_pause(&integration(), later(60)).await;
            cleared.expect("clear must answer")
        }
    })
    .await;
    assert_one_winner(&answers, |cleared| *cleared, "clear the pause");
    assert_eq!(standing(stores).await, None);
}

/// A pause that is prolonged while others clear the one before stays.
pub async fn a_pause_prolonged_while_it_is_cleared_stays(stores: &Stores) {
    prolong(stores, &pause(60)).await;
    race(RUNNERS, |number| {
        let store = stores.pauses.clone();
        async move {
            if number == RUNNERS / 2 {
                let prolonged = store.prolong_pause(&pause(120)).await;
                assert_eq!(prolonged.expect("prolong must answer"), pause(120));
            } else {
                let cleared = store.clear_pause(&integration(), later(60)).await;
                cleared.expect("clear must answer");
            }
        }
    })
    .await;
    assert_eq!(standing(stores).await, Some(pause(120)));
}
