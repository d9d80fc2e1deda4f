//! Clocks that are wrong: the provider's, for one answer, and our own, until it is set.

use super::*;
use crate::broker::CheckedOut;
use crate::corrected_clock::ClockState;
use crate::ports::{Clock as _, TokenAnswer};

const SECOND: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_hours(24);

async fn check_out(scene: &Scene, id: TokenId) -> Result<CheckedOut, TokenError> {
    scene
        .oauth
        .broker
        .check_out(id, Duration::ZERO, &caller())
        .await
}

/// The answer `new-access` that lives two hours, from a provider that tells this time.
fn told(provider_time: Timestamp) -> TokenAnswer {
    TokenAnswer {
        provider_time: Some(provider_time),
        ..answer("new-access", Some("new-refresh"))
    }
}

#[tokio::test]
async fn one_odd_date_moves_no_expiry() {
    for date in [
        Timestamp::from_millis(4_922_899_200_000), // 2126
        NOW + DAY,
        NOW - DAY,
        NOW + 2 * HOUR,
        NOW - 6 * HOUR,
        Timestamp::EPOCH,
    ] {
        let scene = scene().await;
        let id = scene.stored_token().id;
        scene.client.on_refresh(Reply::of(told(date)));
        let token = refresh(&scene, id).await.unwrap().token;
        assert_eq!(token.access_expires_at, NOW + 2 * HOUR, "{date}");
        assert_eq!(token.refresh_expires_at, Some(NOW + 48 * HOUR), "{date}");
        assert_eq!(token.last_refresh.unwrap().at, NOW, "{date}");
        assert!(token.upkeep.due_at.unwrap() < NOW + 2 * HOUR, "{date}");
        assert_eq!(scene.oauth.clock_state(), ClockState::Right);
    }
}

#[tokio::test]
async fn several_answers_over_a_minute_correct_a_wrong_clock_and_what_was_written_before() {
    let scene = scene().await;
    let id = scene.stored_token().id;
    // The local clock is two hours fast.
    for number in 0..3 {
        scene
            .client
            .on_refresh(Reply::of(told(scene.clock.now() - 2 * HOUR)));
        refresh(&scene, id).await.unwrap();
        if number < 2 {
            scene.clock.advance(31 * SECOND);
        }
    }
    let right = scene.clock.now() - 2 * HOUR;
    let near = |at: Timestamp, expected: Timestamp| {
        let off = at.since(expected).max(expected.since(at));
        assert!(off <= 7 * SECOND, "{at} for {expected}");
    };
    assert!(matches!(
        scene.oauth.clock_state(),
        ClockState::Corrected { ahead_ms } if (ahead_ms - 7_200_000).abs() < 7_000
    ));
    let found = scene.oauth.broker.get(id).await.unwrap();
    near(found.access_expires_at, right + 2 * HOUR);
    let valid = check_out(&scene, id).await.unwrap();
    assert!(valid.expires_in <= 2 * HOUR, "{:?}", valid.expires_in);
    assert_eq!(scene.client.count(ProviderCall::Refresh), 3);
}

/// The clock was days ahead when the token was refreshed, and is set right then.
#[tokio::test]
async fn a_clock_that_is_set_back_leaves_no_dead_token() {
    for days in [2, 400] {
        let scene = scene().await;
        let id = scene.stored_token().id;
        scene.clock.set(NOW + days * DAY);
        scene
            .client
            .on_refresh(Reply::of(answer("new-access", None)));
        refresh(&scene, id).await.unwrap();
        scene.clock.advance(HOUR);
        scene.clock.set(NOW + HOUR);
        let valid = check_out(&scene, id).await.unwrap();
        assert_eq!(valid.expires_in, HOUR);
        assert_eq!(valid.expires_at, NOW + 2 * HOUR);
        // The real end comes as always.
        scene.clock.advance(HOUR);
        scene
            .client
            .on_refresh(Reply::of(answer("newer-access", None)));
        let valid = check_out(&scene, id).await.unwrap();
        assert_eq!(valid.access_token.expose_secret(), "newer-access");
        assert_eq!(valid.expires_at, NOW + 4 * HOUR);
    }
}

/// The clock was days behind, and is set right; or the machine was suspended.
#[tokio::test]
async fn a_clock_that_is_set_forward_leaves_no_dead_token() {
    let scene = scene().await;
    let id = scene.stored_token().id;
    scene.clock.set(NOW - 2 * DAY);
    scene
        .client
        .on_refresh(Reply::of(answer("new-access", None)));
    refresh(&scene, id).await.unwrap();
    scene.clock.set(NOW);
    scene
        .client
        .on_refresh(Reply::of(answer("newer-access", None)));
    let valid = check_out(&scene, id).await.unwrap();
    assert_eq!(valid.access_token.expose_secret(), "newer-access");
    assert_eq!(valid.expires_at, NOW + 2 * HOUR);
}

/// Written by another process, whose clock is ahead: how long it lives is not known.
#[tokio::test]
async fn a_record_from_the_future_is_refreshed_before_it_is_answered() {
    let scene = scene().await;
    let ahead = |token: &mut crate::token::Token| {
        token.obtained_at = NOW + DAY;
        token.access_expires_at = NOW + DAY + HOUR;
    };
    let id = scene.stored_token().id;
    scene.stores.change_token(id, ahead);
    scene
        .client
        .on_refresh(Reply::of(answer("new-access", None)));
    let valid = check_out(&scene, id).await.unwrap();
    assert_eq!(valid.access_token.expose_secret(), "new-access");

    let scene = self::scene().await;
    let id = scene.stored_token().id;
    // Where that fails, it is better than nothing, and is promised no longer life than
    // such a token has.
    scene.stores.change_token(id, ahead);
    scene
        .client
        .on_refresh(Reply::error(SparkErrorKind::Unreachable));
    let valid = check_out(&scene, id).await.unwrap();
    assert!(valid.warning.is_some());
    assert_eq!(valid.expires_in, HOUR);
}

#[tokio::test]
async fn a_wait_that_a_clock_which_was_ahead_has_written_is_over() {
    let scene = scene().await;
    let id = scene.stored_token().id;
    scene.stores.change_token(id, |token| {
        token.access_expires_at = NOW;
        token.upkeep.retry_at = Some(NOW + 2 * DAY);
    });
    scene
        .client
        .on_refresh(Reply::of(answer("new-access", None)));
    let valid = check_out(&scene, id).await.unwrap();
    assert_eq!(valid.access_token.expose_secret(), "new-access");
}

#[tokio::test]
async fn a_lifetime_that_is_not_said_or_absurd_is_the_usual_one_or_bounded() {
    for (said, lives) in [
        (None, HOUR),
        (Some(Duration::ZERO), HOUR),
        (Some(10 * SECOND), 10 * SECOND),
        (Some(Duration::MAX), 365 * DAY),
        // Milliseconds instead of seconds.
        (Some(1_000 * 14 * DAY), 365 * DAY),
    ] {
        let scene = scene().await;
        let id = scene.stored_token().id;
        let mut odd = answer("new-access", Some("new-refresh"));
        odd.expires_in = said;
        scene.client.on_refresh(Reply::of(odd));
        let token = refresh(&scene, id).await.unwrap().token;
        assert_eq!(token.access_expires_at, NOW + lives, "{said:?}");
        assert!(token.upkeep.due_at.unwrap() <= NOW + lives, "{said:?}");
    }
}
