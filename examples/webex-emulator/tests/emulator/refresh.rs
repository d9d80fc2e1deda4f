//! Refreshing, with and without rotation.

use reqwest::StatusCode;
use webex_emulator::Settings;

use crate::harness::{ALICE, ALL, BOB, Harness};

const DEAD: &str = "The refresh token provided is expired, revoked, malformed, or invalid.";

#[tokio::test]
async fn the_same_refresh_token_comes_back_and_the_old_access_token_lives_on() {
    let harness = Harness::start().await;
    let tokens = harness.tokens(ALICE, ALL).await;
    let reply = harness.refresh(&tokens.refresh, &[]).await;
    assert_eq!(reply.status, StatusCode::OK, "{reply:?}");
    assert_eq!(reply.text("refresh_token"), tokens.refresh);
    assert_ne!(reply.text("access_token"), tokens.access);
    for token in [tokens.access.as_str(), reply.text("access_token")] {
        assert_eq!(
            harness.get("/people/me", token).await.status,
            StatusCode::OK
        );
    }
    assert_eq!(harness.provider().stats().refreshes, 1);
}

#[tokio::test]
async fn re_use_of_a_rotated_refresh_token_revokes_the_family() {
    let harness = Harness::with_settings(Settings {
        rotate_refresh_tokens: true,
        ..Settings::default()
    })
    .await;
    let bystander = harness.tokens(BOB, ALL).await;
    let first = harness.tokens(ALICE, ALL).await;
    let second = harness.refresh(&first.refresh, &[]).await;
    assert_ne!(second.text("refresh_token"), first.refresh);
    let third = harness.refresh(second.text("refresh_token"), &[]).await;

    let reused = harness.refresh(&first.refresh, &[]).await;
    reused.assert_broker_error(400, "invalid_request", DEAD);
    let newest = harness.refresh(third.text("refresh_token"), &[]).await;
    newest.assert_broker_error(400, "invalid_request", DEAD);
    for token in [
        &first.access,
        second.text("access_token"),
        third.text("access_token"),
    ] {
        assert_eq!(
            harness.get("/people/me", token).await.status,
            StatusCode::UNAUTHORIZED
        );
    }
    assert_eq!(
        harness.get("/people/me", &bystander.access).await.status,
        StatusCode::OK
    );
    let stats = harness.provider().stats();
    assert_eq!(
        (stats.refreshes, stats.refresh_reuses, stats.live_grants),
        (2, 1, 1)
    );
}

#[tokio::test]
async fn of_two_refreshes_at_once_a_rotating_provider_takes_one() {
    let harness = Harness::with_settings(Settings {
        rotate_refresh_tokens: true,
        ..Settings::default()
    })
    .await;
    let tokens = harness.tokens(ALICE, ALL).await;
    let (one, other) = tokio::join!(
        harness.refresh(&tokens.refresh, &[]),
        harness.refresh(&tokens.refresh, &[])
    );
    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400]);
    assert_eq!(harness.provider().stats().refresh_reuses, 1);
}

#[tokio::test]
async fn an_unknown_refresh_token_is_dead() {
    let harness = Harness::start().await;
    harness
        .refresh("unknown", &[])
        .await
        .assert_broker_error(400, "invalid_request", DEAD);
    let tokens = harness.tokens(ALICE, ALL).await;
    let stranger = harness
        .refresh(&tokens.refresh, &[("client_id", "C2")])
        .await;
    stranger.assert_broker_error(400, "invalid_request", DEAD);
    assert_eq!(harness.provider().stats().refreshes, 0);
}
