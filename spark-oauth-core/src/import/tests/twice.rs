//! Importing twice, with something or nothing in between.

use super::*;
use crate::ids::ProcessId;
use crate::person::PersonId;
use crate::ports::Clock as _;
use crate::testing::scene::{MINUTE, NOW};
use crate::token::{Attempt, ConsentLoss, LastRefresh, Lease, RefreshTrigger, RevokedBy, Status};

fn ann(secret: &str) -> Sample {
    sample([token(0, "ann@example.com", secret)], [])
}

/// A scene into which Ann's token was imported.
async fn imported() -> (Scene, Token) {
    let scene = scene().await;
    import(&scene, &ann("1")).await;
    let [token] = scene.stores.tokens().try_into().unwrap();
    (scene, token)
}

#[tokio::test]
async fn the_second_time_changes_nothing() {
    let scene = scene().await;
    let sample = sample(
        [
            token(0, "ann@example.com", "1"),
            token(1, "ann@example.com", "2"),
            with(
                token(2, "bob@example.com", "3"),
                "message",
                SampleValue::Array,
            ),
        ],
        [
            admin(0, "Root", HASH),
            admin(1, "bob", HASH),
            admin(2, "BOB", HASH),
        ],
    );
    let first = import(&scene, &sample).await;
    let before = everything(&scene.stores);
    scene.clock.advance(MINUTE);
    let second = import(&scene, &sample).await;
    assert_eq!(everything(&scene.stores), before);
    assert_eq!((second.tokens.added, second.tokens.already_there), (0, 2));
    assert_eq!((second.admins.added, second.admins.already_there), (0, 2));
    assert_eq!(second.findings, first.findings);
}

#[tokio::test]
async fn what_lives_here_is_never_overwritten() {
    let changes: [fn(&mut Token); 3] = [
        |token| {
            token.last_refresh = Some(LastRefresh {
                at: NOW,
                by: RefreshTrigger::Worker,
            });
        },
        |token| {
            token.person = Some(PersonId::new("ann"));
            token.email = crate::testing::scene::email("ann.other@example.com");
        },
        |token| {
            token.status = Status::Revoked {
                by: RevokedBy::Admin,
                at: NOW,
            };
        },
    ];
    for change in changes {
        let (scene, token) = imported().await;
        scene.stores.change_token(token.id, change);
        let before = scene.stores.tokens();
        // The sample has refreshed it too.
        let report = import(&scene, &ann("2")).await;
        assert_eq!(scene.stores.tokens(), before);
        assert_eq!((report.tokens.already_there, told(&report)), (1, vec![]));
    }
}

#[tokio::test]
async fn what_was_not_touched_here_takes_over_what_the_sample_refreshed() {
    let (scene, token) = imported().await;
    let refused = Status::NeedsConsent {
        reason: ConsentLoss::RefreshRefused,
        since: NOW,
    };
    scene
        .stores
        .change_token(token.id, |token| token.status = refused);
    scene.clock.advance(MINUTE);
    let report = import(&scene, &ann("2")).await;
    assert_eq!((report.tokens.renewed, report.tokens.added), (1, 0));
    let renewed = scene.token(token.id);
    let texts = ("access-2".to_owned(), Some("refresh-2".to_owned()));
    assert_eq!(scene.opened(token.id), texts);
    assert_eq!(renewed.status, Status::Active);
    assert_eq!(renewed.generation, token.generation + 1);
    assert!(is_due_soon(&renewed, scene.clock.now()));
    let again = import(&scene, &ann("2")).await;
    assert_eq!(again.tokens.already_there, 1);
}

#[tokio::test]
async fn a_newer_record_of_the_person_goes_into_the_one_that_stands() {
    let (scene, first) = imported().await;
    let newer = sample([token(7, "Ann@example.com", "7")], []);
    let report = import(&scene, &newer).await;
    assert_eq!((report.tokens.renewed, report.tokens.added), (1, 0));
    assert_eq!(scene.opened(first.id).0, "access-7");
    // The older one alone, as when the newer was deleted from the source.
    let report = import(&scene, &ann("1")).await;
    assert_eq!(
        told(&report),
        [(
            Verdict::LeftOut,
            Some("ann@example.com"),
            &Remark::OlderThanStored
        )]
    );
    assert_eq!(scene.opened(first.id).0, "access-7");
}

#[tokio::test]
async fn what_is_being_refreshed_is_left_alone() {
    let owner = ProcessId::generate(NOW, &SeededRandom::new(3));
    let lease = Lease {
        owner,
        expires_at: NOW + MINUTE,
    };
    let changes: [fn(&mut Token, Lease); 2] = [
        |token, lease| token.lease = Some(lease),
        |token, lease| {
            token.attempt = Some(Attempt {
                owner: lease.owner,
                at: NOW,
            });
        },
    ];
    for change in changes {
        let (scene, token) = imported().await;
        scene
            .stores
            .change_token(token.id, |token| change(token, lease));
        let report = import(&scene, &ann("2")).await;
        assert_eq!(
            told(&report),
            [(
                Verdict::LeftOut,
                Some("ann@example.com"),
                &Remark::BeingRefreshed
            )]
        );
        assert_eq!(scene.opened(token.id).0, "access-1");
    }
}

#[tokio::test]
async fn a_person_who_granted_access_here_keeps_that_token() {
    let scene = scene().await;
    let scopes = integration().scopes.to_string();
    let own = scene.token_of("ann", &scopes);
    scene.stores.put_token(own.clone());
    let report = import(&scene, &ann("1")).await;
    assert_eq!(
        told(&report),
        [(Verdict::LeftOut, Some("ann@example.com"), &Remark::KeptHere)]
    );
    assert_eq!(scene.stores.tokens(), [own]);
}

#[tokio::test]
async fn a_record_without_an_identifier_is_known_by_its_person() {
    let scene = scene().await;
    let mut nameless = ann("1");
    nameless.tokens[0].id = SampleId::Unknown;
    import(&scene, &nameless).await;
    let report = import(&scene, &nameless).await;
    assert_eq!((report.tokens.added, report.tokens.already_there), (0, 1));
    // The same record from a source that tells its identifier.
    let report = import(&scene, &ann("1")).await;
    assert_eq!((report.tokens.added, report.tokens.already_there), (0, 1));
    assert_eq!(scene.stores.tokens().len(), 1);
}
