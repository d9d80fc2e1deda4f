//! One record for one person, integration and set of scopes, whatever happens
//! while it is written.

use std::time::Duration;

use crate::addresses::Confirmed;
use crate::consent::Granted;
use crate::consent::grant::{Grant, GrantWriter};
use crate::consent_links::Terms;
use crate::ports::{StoreError, TokenAnswer};
use crate::scopes::Scopes;
use crate::secret::RefreshToken;
use crate::testing::scene::{HOUR, NOW, Scene, answer, integration, person, scene};
use crate::testing::{StoreCall, StoreFault};
use crate::token::{ConsentLoss, Lease, RefreshTrigger, Status};

const SCOPES: &str = "spark:rooms_read";

fn writer(scene: &Scene) -> GrantWriter {
    scene.oauth.consents.grants.clone()
}

fn grant_with(name: &str, scopes: &str, answer: TokenAnswer) -> Grant {
    Grant {
        integration: integration().client_id,
        confirmed: Confirmed {
            person: person(name),
            at: NOW,
        },
        scopes: Scopes::parse(scopes).unwrap(),
        answer,
        terms: Terms::default(),
        at: NOW,
    }
}

fn grant(name: &str, scopes: &str) -> Grant {
    let answer = answer("granted-access", Some("granted-refresh"));
    grant_with(name, scopes, answer)
}

async fn write(scene: &Scene, grant: &Grant) -> Result<Granted, StoreError> {
    writer(scene).write(grant).await
}

#[tokio::test]
async fn the_same_person_and_scopes_renew_the_record_in_place() {
    let scene = scene().await;
    let before = scene.stored_token();
    let owner = scene.stranger();
    let lease = Lease {
        owner,
        expires_at: NOW + HOUR,
    };
    scene.stores.change_token(before.id, |token| {
        token.status = token
            .status
            .lose_consent(ConsentLoss::RefreshRefused, NOW)
            .unwrap();
        token.lease = Some(lease);
    });
    let written = write(&scene, &grant("ann", SCOPES)).await.unwrap();
    assert!(written.renewed);
    let after = scene.token(before.id);
    assert_eq!(written.token, after);
    assert_eq!(after.status, Status::Active);
    assert_eq!(after.generation, before.generation + 1);
    assert_eq!(after.granted_at, NOW);
    assert_eq!((after.last_refresh, after.last_failure), (None, None));
    assert_eq!(after.lease, Some(lease), "its owner gives it back");
    let stored = scene.opened(before.id);
    assert_eq!(
        stored,
        ("granted-access".into(), Some("granted-refresh".into()))
    );
}

#[tokio::test]
async fn a_changed_address_is_still_the_same_person() {
    let scene = scene().await;
    let id = scene.stored_token().id;
    let mut grant = grant("ann", SCOPES);
    grant.confirmed.person.email = person("ann-smith").email;
    let written = write(&scene, &grant).await.unwrap();
    assert_eq!((written.token.id, written.renewed), (id, true));
    assert_eq!(scene.token(id).email.as_str(), "ann-smith@example.com");
}

#[tokio::test]
async fn other_scopes_or_another_person_make_another_record() {
    let scene = scene().await;
    scene.stored_token();
    for (name, scopes) in [("ann", "spark:messages_write"), ("bob", SCOPES)] {
        let written = write(&scene, &grant(name, scopes)).await.unwrap();
        assert!(!written.renewed);
    }
    assert_eq!(scene.stores.tokens().len(), 3);
}

#[tokio::test]
async fn an_imported_record_is_matched_by_its_address_and_completed() {
    let scene = scene().await;
    let mut imported = scene.token_of("ann", SCOPES);
    imported.person = None;
    imported.display_name = None;
    scene.stores.put_token(imported.clone());
    let mut grant = grant("ann", SCOPES);
    grant.confirmed.person.email = crate::EmailAddress::parse("ANN@example.com").unwrap();
    let written = write(&scene, &grant).await.unwrap();
    assert_eq!((written.token.id, written.renewed), (imported.id, true));
    assert_eq!(scene.token(imported.id).person, Some(person("ann").id));
    assert_eq!(scene.stores.tokens().len(), 1);
}

#[tokio::test]
async fn a_record_of_somebody_else_with_the_same_address_is_left_alone() {
    let scene = scene().await;
    let mut theirs = scene.token_of("bob", SCOPES);
    theirs.email = person("ann").email;
    scene.stores.put_token(theirs.clone());
    let written = write(&scene, &grant("ann", SCOPES)).await.unwrap();
    assert!(!written.renewed);
    assert_eq!(scene.token(theirs.id), theirs);
}

#[tokio::test(start_paused = true)]
async fn two_consents_at_once_end_in_one_record() {
    let scene = scene().await;
    let stores = scene.stores.clone();
    let theirs = scene.token_of("ann", SCOPES);
    let id = theirs.id;
    scene
        .stores
        .before(StoreCall::TokenInsert, move || stores.put_token(theirs));
    let written = write(&scene, &grant("ann", SCOPES)).await.unwrap();
    assert_eq!((written.token.id, written.renewed), (id, true));
    assert_eq!(scene.stores.tokens().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_record_that_changes_or_goes_meanwhile_is_written_again() {
    let scene = scene().await;
    let id = scene.stored_token().id;
    let stores = scene.stores.clone();
    scene.stores.before(StoreCall::TokenUpdate, move || {
        stores.change_token(id, |token| {
            token.generation += 1;
            token.last_refresh = Some(crate::token::LastRefresh {
                at: NOW,
                by: RefreshTrigger::Worker,
            });
        });
    });
    let stores = scene.stores.clone();
    scene
        .stores
        .before(StoreCall::TokenUpdate, move || stores.drop_token(id));
    let written = write(&scene, &grant("ann", SCOPES)).await.unwrap();
    assert!(!written.renewed, "it was removed, so it is a new one");
    assert_eq!(scene.opened(written.token.id).0, "granted-access");
    assert_eq!(scene.stores.tokens().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_down_for_a_while_costs_no_token() {
    let scene = scene().await;
    for call in [StoreCall::TokenFind, StoreCall::TokenInsert] {
        scene.stores.fail(call, StoreFault::Away, 4);
    }
    let written = write(&scene, &grant("ann", SCOPES)).await.unwrap();
    assert_eq!(scene.opened(written.token.id).0, "granted-access");
}

#[tokio::test(start_paused = true)]
async fn a_store_that_did_it_and_did_not_say_so_has_one_record() {
    let scene = scene().await;
    scene
        .stores
        .fail(StoreCall::TokenInsert, StoreFault::AnswerLost, 1);
    let written = write(&scene, &grant("ann", SCOPES)).await.unwrap();
    assert_eq!(scene.stores.tokens().len(), 1);
    assert!(!written.renewed, "it was ours");
}

#[tokio::test(start_paused = true)]
async fn a_grant_whose_answer_was_lost_does_not_put_spent_tokens_back() {
    let scene = scene().await;
    let id = scene.stored_token().id;
    scene
        .stores
        .fail(StoreCall::TokenUpdate, StoreFault::AnswerLost, 1);
    let (stores, ring) = (scene.stores.clone(), scene.ring.clone());
    // Somebody refreshes the token before the grant is written once more: the first
    // look-up is that of the first try.
    scene.stores.before(StoreCall::TokenFind, || {});
    scene.stores.before(StoreCall::TokenFind, move || {
        stores.change_token(id, |token| {
            token.refresh = Some(ring.seal_refresh(id, &RefreshToken::new("rotated")));
            token.generation += 1;
        });
    });
    let written = write(&scene, &grant("ann", SCOPES)).await.unwrap();
    assert!(written.renewed);
    assert_eq!(written.token, scene.token(id));
    assert_eq!(scene.opened(id).1.as_deref(), Some("rotated"));
}

#[tokio::test(start_paused = true)]
async fn a_store_that_stays_down_is_told_in_the_end() {
    let scene = scene().await;
    scene.stores.set_away(true);
    let begun = tokio::time::Instant::now();
    let failed = write(&scene, &grant("ann", SCOPES)).await.unwrap_err();
    assert!(matches!(failed, StoreError::Unavailable { .. }));
    assert!(begun.elapsed() <= Duration::from_mins(1));
    let tries = scene.stores.count(StoreCall::TokenFind);
    assert!(tries < 60, "{tries} tries: the writing must not spin");
}

#[tokio::test]
async fn a_renewal_without_a_refresh_token_keeps_the_one_that_works() {
    for (lost, kept) in [(false, Some("old-refresh")), (true, None)] {
        let scene = scene().await;
        let id = scene.stored_token().id;
        if lost {
            scene.stores.change_token(id, |token| {
                token.status = token
                    .status
                    .lose_consent(ConsentLoss::RefreshRefused, NOW)
                    .unwrap();
            });
        }
        let bare = answer("granted-access", None);
        write(&scene, &grant_with("ann", SCOPES, bare))
            .await
            .unwrap();
        let (access, refresh) = scene.opened(id);
        assert_eq!(access, "granted-access");
        assert_eq!(refresh.as_deref(), kept);
        let ends = scene.token(id).refresh_expires_at;
        assert_eq!(ends.is_some(), kept.is_some());
    }
}

#[tokio::test]
async fn the_background_worker_visits_what_was_granted_before_it_ends() {
    let scene = scene().await;
    let stores = scene.stores.stores();
    for renewed in [false, true] {
        let written = write(&scene, &grant("ann", SCOPES)).await.unwrap();
        assert_eq!(written.renewed, renewed);
        let token = written.token;
        let due_at = token.upkeep.due_at.expect("it is visited");
        assert!(NOW < due_at && due_at < token.access_expires_at, "{due_at}");
        let limit = std::num::NonZeroU16::MIN;
        let due = stores.tokens.list_due(&token.integration, due_at, limit);
        assert_eq!(due.await.unwrap()[0].id, token.id);
        scene
            .stores
            .change_token(token.id, |token| token.upkeep.due_at = None);
    }
}
