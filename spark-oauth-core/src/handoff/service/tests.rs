//! A hand-over that works, and every way in which it does not.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::Semaphore;

use crate::audit::{AuditAction, Outcome};
use crate::broker::TokenError;
use crate::handoff::{HandOverError, HandOverStep, HandedOver, RoomName};
use crate::ids::TokenId;
use crate::ports::{MembershipId, MessageId, RoomId, SparkErrorKind};
use crate::secret::AccessToken;
use crate::testing::scene::{HOUR, MINUTE, NOW, Scene, answer, caller, email, scene, scene_with};
use crate::testing::{ProviderCall, Reply};
use crate::token::RevokedBy;

const EVERY_STEP: [ProviderCall; 3] = [
    ProviderCall::CreateRoom,
    ProviderCall::AddMember,
    ProviderCall::PostMessage,
];

async fn hand_over(scene: &Scene, id: TokenId) -> Result<HandedOver, HandOverError> {
    let name = RoomName::parse("  The room ").unwrap();
    let service = &scene.oauth.hand_over;
    service
        .create_and_join_room(id, name, &caller(), |_| async { true })
        .await
}

fn line_up_a_room(scene: &Scene) {
    scene
        .client
        .on_create_room(Reply::of(RoomId::new("room-1")))
        .on_add_member(Reply::of(MembershipId::new("membership-1")))
        .on_post_message(Reply::of(MessageId::new("message-1")));
}

fn message(scene: &Scene) -> serde_json::Map<String, Value> {
    let text = scene.client.arguments(ProviderCall::PostMessage).remove(0);
    match serde_json::from_str(&text).unwrap() {
        Value::Object(fields) => fields,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_requester_gets_a_room_with_the_token_in_it() {
    let scene = scene().await;
    let id = scene.stored_token().id;
    line_up_a_room(&scene);
    let done = hand_over(&scene, id).await.unwrap();
    assert_eq!(
        done,
        HandedOver {
            room: RoomId::new("room-1"),
            membership: MembershipId::new("membership-1"),
            message: MessageId::new("message-1"),
        }
    );
    assert_eq!(scene.client.calls(), EVERY_STEP);
    assert_eq!(
        scene.client.arguments(ProviderCall::CreateRoom),
        ["The room"]
    );
    assert_eq!(
        scene.client.arguments(ProviderCall::AddMember),
        ["owner@example.com"]
    );
    assert_eq!(
        Value::Object(message(&scene)),
        serde_json::json!({
            "access_token": "old-access",
            "expires_in": 3600,
            "expires_at": (NOW + HOUR).to_string(),
            "scope": "spark:rooms_read",
            "email": "ann@example.com",
        })
    );
    assert_eq!(
        scene.outcomes(AuditAction::TokenHandedOver),
        [Outcome::Done]
    );
}

#[tokio::test]
async fn the_refresh_token_goes_along_only_where_the_configuration_says_so() {
    let scene = scene_with(|builder| builder.include_refresh_token(true)).await;
    let id = scene.stored_token().id;
    line_up_a_room(&scene);
    hand_over(&scene, id).await.unwrap();
    let fields = message(&scene);
    assert_eq!(fields["refresh_token"], "old-refresh");
    let ends = (NOW + 24 * HOUR).to_string();
    assert_eq!(fields["refresh_token_expires_at"], ends);
}

#[tokio::test]
async fn a_token_about_to_end_is_refreshed_first() {
    let scene = scene_with(|builder| builder.include_refresh_token(true)).await;
    let id = scene.stored_token().id;
    scene.clock.advance(59 * MINUTE);
    let fresh = answer("new-access", Some("new-refresh"));
    scene.client.on_refresh(Reply::of(fresh));
    line_up_a_room(&scene);
    hand_over(&scene, id).await.unwrap();
    let fields = message(&scene);
    assert_eq!(fields["access_token"], "new-access");
    assert_eq!(fields["refresh_token"], "new-refresh");
}

#[tokio::test]
async fn nobody_hands_a_token_to_themselves() {
    let scene = scene().await;
    let mut token = scene.token_of("ann", "spark:rooms_read");
    token.email = email("Owner@Example.com");
    scene.stores.put_token(token.clone());
    assert!(!scene.oauth.hand_over.is_possible(&token));
    let refused = hand_over(&scene, token.id).await.unwrap_err();
    assert!(matches!(refused, HandOverError::SamePerson), "{refused:?}");
    assert_eq!(scene.client.calls(), []);
}

#[tokio::test]
async fn a_message_of_one_byte_too_many_is_noticed_before_there_is_a_room() {
    let base = {
        let scene = scene().await;
        let id = scene.stored_token().id;
        line_up_a_room(&scene);
        hand_over(&scene, id).await.unwrap();
        scene.client.arguments(ProviderCall::PostMessage)[0].len() - "old-access".len()
    };
    for (length, fits) in [(7_439, true), (7_440, false)] {
        let scene = scene().await;
        let id = scene.stored_token().id;
        let long = AccessToken::new("x".repeat(length - base));
        let sealed = scene.ring.seal_access(id, &long);
        scene.stores.change_token(id, |token| token.access = sealed);
        line_up_a_room(&scene);
        match hand_over(&scene, id).await {
            Ok(_) => assert!(fits),
            Err(HandOverError::TooLong {
                length: told,
                limit,
            }) => {
                assert!(!fits);
                assert_eq!((told, limit), (length, 7_439));
                assert_eq!(scene.client.calls(), []);
            }
            Err(other) => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_token_that_is_not_valid_makes_no_room() {
    let scene = scene().await;
    let id = scene.stored_token().id;
    scene.stores.change_token(id, |token| {
        token.status = token.status.revoke(RevokedBy::Person, NOW).unwrap();
    });
    let refused = hand_over(&scene, id).await.unwrap_err();
    assert!(matches!(
        refused,
        HandOverError::Token(TokenError::Revoked { .. })
    ));
    assert_eq!(scene.client.calls(), []);
}

/// Lines up a hand-over in which one step fails.
fn line_up_a_failure(scene: &Scene, failing: HandOverStep) {
    let kind = SparkErrorKind::TimedOut;
    let client = &scene.client;
    let (room, member) = (RoomId::new("room-1"), MembershipId::new("membership-1"));
    match failing {
        HandOverStep::CreateRoom => client.on_create_room(Reply::error(kind)),
        HandOverStep::AddMember => client
            .on_create_room(Reply::of(room))
            .on_add_member(Reply::error(kind)),
        HandOverStep::PostMessage => client
            .on_create_room(Reply::of(room))
            .on_add_member(Reply::of(member))
            .on_post_message(Reply::error(kind)),
    };
}

#[tokio::test]
async fn a_step_that_fails_leaves_no_room() {
    for (failing, deleted) in [
        (HandOverStep::CreateRoom, 0),
        (HandOverStep::AddMember, 1),
        (HandOverStep::PostMessage, 1),
    ] {
        for gone in [false, true] {
            let scene = scene().await;
            let id = scene.stored_token().id;
            line_up_a_failure(&scene, failing);
            scene.client.on_delete_room(if gone {
                Reply::error(SparkErrorKind::NotFound)
            } else {
                Reply::of(())
            });
            let failed = hand_over(&scene, id).await.unwrap_err();
            assert!(
                matches!(&failed, HandOverError::Step { step, source }
                    if *step == failing && source.kind == SparkErrorKind::TimedOut),
                "{failed:?}"
            );
            assert_eq!(
                scene.client.arguments(ProviderCall::DeleteRoom),
                vec!["room-1"; deleted]
            );
            assert_eq!(
                scene.outcomes(AuditAction::TokenHandedOver),
                [Outcome::Failed("provider".into())]
            );
        }
    }
}

#[tokio::test]
async fn a_room_that_cannot_be_removed_is_named() {
    let scene = scene().await;
    let id = scene.stored_token().id;
    line_up_a_failure(&scene, HandOverStep::PostMessage);
    scene
        .client
        .on_delete_room(Reply::error(SparkErrorKind::Unreachable));
    match hand_over(&scene, id).await.unwrap_err() {
        HandOverError::LeftBehind { step, room, source } => {
            assert_eq!(step, HandOverStep::PostMessage);
            assert_eq!(room, RoomId::new("room-1"));
            assert_eq!(source.kind, SparkErrorKind::TimedOut, "why it began");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(
        scene.outcomes(AuditAction::TokenHandedOver),
        [Outcome::Failed("room_left_behind".into())]
    );
}

#[tokio::test]
async fn a_browser_that_hangs_up_leaves_no_half_done_room() {
    let scene = Arc::new(scene().await);
    let id = scene.stored_token().id;
    let gate = Arc::new(Semaphore::new(0));
    scene
        .client
        .on_create_room(Reply::of(RoomId::new("room-1")).behind(&gate))
        .on_add_member(Reply::of(MembershipId::new("membership-1")))
        .on_post_message(Reply::of(MessageId::new("message-1")));
    let caller = tokio::spawn({
        let scene = scene.clone();
        async move { hand_over(&scene, id).await }
    });
    scene.client.called(ProviderCall::CreateRoom, 1).await;
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    gate.add_permits(1);
    scene.oauth.settle().await;
    assert_eq!(scene.client.calls(), EVERY_STEP);
    assert_eq!(
        scene.outcomes(AuditAction::TokenHandedOver),
        [Outcome::Done],
        "it is in the audit log all the same"
    );
}

#[tokio::test]
async fn a_room_is_deleted_once() {
    let scene = scene().await;
    let id = scene.stored_token().id;
    scene
        .client
        .on_delete_room(Reply::of(()))
        .on_delete_room(Reply::error(SparkErrorKind::NotFound))
        .on_delete_room(Reply::error(SparkErrorKind::Forbidden));
    let room = RoomId::new("room-1");
    let service = &scene.oauth.hand_over;
    for _ in 0..2 {
        service.delete_room(id, &room, &caller()).await.unwrap();
        // The audit log orders by time.
        scene.clock.advance(Duration::from_secs(1));
    }
    let failed = service.delete_room(id, &room, &caller()).await.unwrap_err();
    assert!(matches!(failed, TokenError::Provider(_)), "{failed:?}");
    assert_eq!(
        scene.outcomes(AuditAction::RoomDeleted),
        [
            Outcome::Done,
            Outcome::Done,
            Outcome::Failed("provider".into())
        ]
    );
}

#[tokio::test]
async fn unrecorded_room_is_deleted_or_named() {
    for (reply, reason) in [
        (Reply::of(()), "room_deleted"),
        (Reply::error(SparkErrorKind::Forbidden), "room_left_behind"),
    ] {
        let scene = scene().await;
        let id = scene.stored_token().id;
        line_up_a_room(&scene);
        scene.client.on_delete_room(reply);
        let name = RoomName::parse("The room").unwrap();
        let service = &scene.oauth.hand_over;
        let unrecorded = |_| async { false };
        let outcome = service
            .create_and_join_room(id, name, &caller(), unrecorded)
            .await;
        let failed = outcome.unwrap_err();
        assert_eq!(failed.reason(), reason, "{failed:?}");
        if let HandOverError::RoomNotRecorded { room, .. } = &failed {
            assert_eq!(room, &RoomId::new("room-1"));
        }
        assert_eq!(
            scene.client.arguments(ProviderCall::DeleteRoom),
            vec!["room-1"]
        );
        assert_eq!(
            scene.outcomes(AuditAction::TokenHandedOver),
            [Outcome::Failed(reason.into())]
        );
    }
}
