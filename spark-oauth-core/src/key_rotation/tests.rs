//! The rules of a rotation, on stores in memory.

use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::audit::{AuditAction, Outcome};
use crate::consent::BrowserSecret;
use crate::consent_links::{ConsentLink, LinkProgress};
use crate::ids::{ConsentLinkId, ProcessId, TokenId};
use crate::keyring::{KeyFingerprint, KeyRing, SealingKey};
use crate::ports::{ProcessRecord, SeededRandom, SystemRandom};
use crate::scopes::Scopes;
use crate::secret::{AccessToken, RefreshToken};
use crate::testing::scene::{MINUTE, NOW, Scene, origin, scene, settle_down};
use crate::testing::{StoreCall, StoreFault};
use crate::timestamp::Timestamp;
use crate::token::{Attempt, Token};
use crate::vault::VaultError;

const PATIENCE: Duration = Duration::from_secs(90);

/// The key that every scene begins with.
fn old() -> SealingKey {
    SealingKey::generate(&SeededRandom::new(99))
}

fn new() -> SealingKey {
    SealingKey::generate(&SeededRandom::new(7))
}

fn ring_of(key: SealingKey) -> KeyRing {
    KeyRing::new(key, Arc::new(SeededRandom::new(8)))
}

/// Both keys, the new one first.
fn both() -> KeyRing {
    let ring = ring_of(old());
    ring.adopt(&ring_of(new()));
    ring
}

/// A scene with three tokens, sealed with the old key.
async fn three_tokens() -> (Scene, Vec<Token>) {
    let scene = scene().await;
    let tokens = ["ann", "bob", "eve"].map(|name| scene.token_of(name, "spark:rooms_read"));
    for token in &tokens {
        scene.stores.put_token(token.clone());
    }
    let tokens = scene.stores.tokens();
    (scene, tokens)
}

async fn rotation(scene: &Scene) -> KeyRotation {
    let stores = scene.stores.stores();
    let random = Arc::new(SystemRandom);
    let begun = KeyRotation::begin(&stores, both(), scene.clock.clone(), random).await;
    begun.unwrap()
}

async fn rotate(scene: &Scene) -> Result<Rotated, RotationError> {
    rotation(scene).await.run(PATIENCE, |_| {}).await
}

async fn fingerprints(scene: &Scene) -> Vec<KeyFingerprint> {
    let vault = scene.stores.stores().vault;
    vault.key_fingerprints().await.unwrap()
}

fn assert_opens_with_the_new_key_alone(token: &Token) {
    let ring = ring_of(new());
    let access = ring.open_access(token.id, &token.access).unwrap();
    assert_eq!(access.expose_secret(), "old-access");
    let refresh = token.refresh.as_ref().unwrap();
    let refresh = ring.open_refresh(token.id, refresh).unwrap();
    assert_eq!(refresh.expose_secret(), "old-refresh");
}

fn process(sealing_key: KeyFingerprint) -> ProcessRecord {
    ProcessRecord {
        id: ProcessId::generate(NOW, &SeededRandom::new(9)),
        place: "host 7".to_owned(),
        started_at: NOW,
        seen_at: NOW,
        expires_at: NOW + MINUTE,
        sealing_key,
    }
}

async fn announce(scene: &Scene, sealing_key: KeyFingerprint) {
    let processes = scene.stores.stores().processes;
    let announced = processes.announce_process(&process(sealing_key)).await;
    announced.unwrap();
}

#[tokio::test]
async fn everything_opens_with_the_new_key_alone_and_the_old_one_is_forgotten() {
    let (scene, before) = three_tokens().await;
    let rotated = rotate(&scene).await.unwrap();
    assert!(rotated.is_complete(), "{rotated:?}");
    assert_eq!((rotated.tokens, rotated.resealed), (3, 3));
    assert_eq!(rotated.forgotten, [old().fingerprint()]);
    assert_eq!(fingerprints(&scene).await, [new().fingerprint()]);
    for (token, before) in scene.stores.tokens().iter().zip(&before) {
        assert_opens_with_the_new_key_alone(token);
        let unsealed = Token {
            access: before.access.clone(),
            refresh: before.refresh.clone(),
            version: before.version,
            ..token.clone()
        };
        assert_eq!(unsealed, *before, "nothing else changed");
        assert_eq!(token.version, before.version + 1);
    }

    let again = rotate(&scene).await.unwrap();
    assert!(again.is_complete());
    assert_eq!((again.tokens, again.resealed), (3, 0));
    assert_eq!(scene.stores.count(StoreCall::TokenUpdate), 3);
    let noted = scene.outcomes(AuditAction::KeysRotated);
    assert_eq!(noted, [Outcome::Done, Outcome::Done]);
}

#[tokio::test]
async fn what_somebody_else_writes_meanwhile_stays() {
    let (scene, tokens) = three_tokens().await;
    let (stores, id) = (scene.stores.clone(), tokens[0].id);
    scene.stores.before(StoreCall::TokenUpdate, move || {
        stores.change_token(id, |token| {
            token.generation += 1;
            token.display_name = Some("Ann Other".to_owned());
        });
    });
    assert!(rotate(&scene).await.unwrap().is_complete());
    let token = scene.token(id);
    assert_eq!(token.display_name.as_deref(), Some("Ann Other"));
    assert_eq!(token.generation, tokens[0].generation + 1);
    assert_opens_with_the_new_key_alone(&token);
}

#[tokio::test]
async fn a_token_that_is_removed_meanwhile_is_no_trouble() {
    let (scene, tokens) = three_tokens().await;
    let (stores, id) = (scene.stores.clone(), tokens[1].id);
    let remove = move || stores.drop_token(id);
    scene.stores.before(StoreCall::TokenUpdate, remove);
    let rotated = rotate(&scene).await.unwrap();
    assert!(rotated.is_complete());
    assert_eq!((rotated.tokens, rotated.resealed), (2, 2));
}

#[tokio::test]
async fn a_rotation_that_broke_off_goes_on_from_there() {
    let (scene, _) = three_tokens().await;
    scene
        .stores
        .fail(StoreCall::TokenUpdate, StoreFault::Away, 1);
    let broken = rotate(&scene).await.unwrap_err();
    assert!(matches!(broken, RotationError::Store(_)), "{broken:?}");
    // What the pass had begun beside the one that failed may still be written.
    settle_down().await;
    assert_eq!(fingerprints(&scene).await.len(), 2, "both are needed");
    let again = rotate(&scene).await.unwrap();
    assert!(again.is_complete());
    assert!(again.resealed < 3, "what was done stays done: {again:?}");
    for token in scene.stores.tokens() {
        assert_opens_with_the_new_key_alone(&token);
    }
}

#[tokio::test(start_paused = true)]
async fn a_process_with_an_older_key_is_waited_for_before_anything_is_sealed() {
    let (scene, _) = three_tokens().await;
    announce(&scene, old().fingerprint()).await;
    let (rotation, stores) = (rotation(&scene).await, scene.stores.clone());
    let (told, mut waits) = tokio::sync::mpsc::unbounded_channel();
    let running = tokio::spawn(async move {
        let observe = |step: RotationStep<'_>| {
            if let RotationStep::AwaitingProcesses(processes) = step {
                assert_eq!(stores.count(StoreCall::TokenUpdate), 0);
                told.send(processes[0].place.clone()).unwrap();
            }
        };
        rotation.run(PATIENCE, observe).await
    });
    assert_eq!(waits.recv().await.as_deref(), Some("host 7"));
    announce(&scene, new().fingerprint()).await;
    let rotated = running.await.unwrap().unwrap();
    assert!(rotated.is_complete());
    assert_eq!(rotated.resealed, 3);
}

#[tokio::test(start_paused = true)]
async fn a_process_that_keeps_an_older_key_ends_the_rotation_before_it_began() {
    let (scene, before) = three_tokens().await;
    announce(&scene, old().fingerprint()).await;
    let refused = rotate(&scene).await.unwrap_err();
    let RotationError::OlderKeyInUse(processes) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(processes, [process(old().fingerprint())]);
    assert_eq!(scene.stores.tokens(), before);
    assert_eq!(fingerprints(&scene).await.len(), 2);
    let refused = Outcome::Refused("older_key_in_use".to_owned());
    assert_eq!(scene.outcomes(AuditAction::KeysRotated), [refused]);

    scene.clock.advance(MINUTE);
    assert!(rotate(&scene).await.unwrap().is_complete(), "it has gone");
}

#[tokio::test]
async fn a_value_that_does_not_open_keeps_the_key_it_names() {
    let (scene, tokens) = three_tokens().await;
    let (moved, id) = (tokens[0].access.clone(), tokens[1].id);
    scene
        .stores
        .change_token(id, |token| token.access = moved.clone());
    let rotated = rotate(&scene).await.unwrap();
    assert!(!rotated.is_complete());
    assert_eq!(rotated.resealed, 2, "it keeps no other back");
    assert_eq!(rotated.unopened.len(), 1);
    assert_eq!(rotated.unopened[0].record, id.to_string());
    let cause = rotated.unopened[0].cause.to_string();
    assert_eq!(cause, "a sealed value was changed or moved");
    assert_eq!(rotated.kept, [old().fingerprint()]);
    assert_eq!(fingerprints(&scene).await.len(), 2);

    scene.stores.drop_token(id);
    let again = rotate(&scene).await.unwrap();
    assert!(again.is_complete());
    assert_eq!(again.forgotten, [old().fingerprint()]);
}

#[tokio::test]
async fn a_record_that_cannot_be_read_keeps_every_key() {
    let (scene, tokens) = three_tokens().await;
    scene.stores.damage_token(tokens[2].id);
    let rotated = rotate(&scene).await.unwrap();
    assert!(!rotated.is_complete());
    assert_eq!(rotated.resealed, 2);
    assert_eq!(rotated.unopened[0].record, tokens[2].id.to_string());
    assert_eq!(rotated.kept, [old().fingerprint()]);
}

/// Marks that a refresh was begun before the keys changed.
fn begin_refresh(scene: &Scene, id: TokenId) {
    let owner = scene.stranger();
    scene.stores.change_token(id, |token| {
        token.attempt = Some(Attempt { owner, at: NOW });
    });
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_was_sealed_with_an_older_key_is_waited_for() {
    let (scene, tokens) = three_tokens().await;
    let id = tokens[0].id;
    begin_refresh(&scene, id);
    let (stores, earlier) = (scene.stores.clone(), scene.ring.clone());
    let mut waited = 0;
    let rotation = rotation(&scene).await;
    let run = rotation.run(PATIENCE, |step| {
        if let RotationStep::AwaitingRefreshes(refreshes) = step {
            assert_eq!(refreshes, [id]);
            waited += 1;
            stores.change_token(id, |token| {
                token.access = earlier.seal_access(id, &AccessToken::new("late"));
                token.refresh = Some(earlier.seal_refresh(id, &RefreshToken::new("late too")));
                token.attempt = None;
                token.generation += 1;
            });
        }
    });
    let rotated = run.await.unwrap();
    assert!(rotated.is_complete(), "{rotated:?}");
    assert_eq!((waited, rotated.resealed), (1, 4));
    let access = ring_of(new()).open_access(id, &scene.token(id).access);
    assert_eq!(access.unwrap().expose_secret(), "late");
}

#[tokio::test(start_paused = true)]
async fn a_refresh_that_never_ends_keeps_every_key() {
    let (scene, tokens) = three_tokens().await;
    begin_refresh(&scene, tokens[0].id);
    let rotated = rotate(&scene).await.unwrap();
    assert!(!rotated.is_complete());
    assert_eq!(rotated.under_way, [tokens[0].id]);
    assert_eq!(rotated.resealed, 3, "what stands is sealed again");
    assert_eq!(rotated.kept, [old().fingerprint()]);
}

#[tokio::test]
async fn consents_that_an_older_key_has_sealed_are_counted() {
    let scene = scene().await;
    let browser = BrowserSecret::generate(scene.random());
    let from = origin(1);
    let begun = scene.oauth.consents.begin(&browser, &from).await;
    begun.unwrap();
    let rotated = rotate(&scene).await.unwrap();
    assert!(rotated.is_complete(), "they begin again, no token is lost");
    assert_eq!(rotated.consents, 1);
    assert_eq!(rotated.consents_end_at, Some(NOW + 10 * MINUTE));

    scene.clock.advance(10 * MINUTE);
    assert_eq!(rotate(&scene).await.unwrap().consents, 0);
}

#[tokio::test]
async fn links_that_an_older_key_may_have_signed_are_counted() {
    let scene = scene().await;
    let links = scene.stores.stores().links;
    let open = consent_link(NOW + MINUTE);
    let used = ConsentLink {
        progress: LinkProgress::Granted {
            at: NOW,
            token: None,
        },
        ..consent_link(NOW + 20 * MINUTE)
    };
    for link in [&open, &consent_link(NOW), &used] {
        links.insert(link).await.unwrap();
    }
    let rotated = rotate(&scene).await.unwrap();
    assert!(
        rotated.is_complete(),
        "they are sent again, no token is lost"
    );
    assert_eq!(
        (rotated.links, rotated.links_end_at),
        (1, Some(NOW + MINUTE))
    );

    scene.clock.advance(MINUTE);
    let rotated = rotate(&scene).await.unwrap();
    assert_eq!((rotated.links, rotated.links_end_at), (0, None));
}

fn consent_link(expires_at: Timestamp) -> ConsentLink {
    ConsentLink {
        id: ConsentLinkId::generate(expires_at, &SeededRandom::new(9)),
        scopes: Scopes::parse("spark:rooms_read").unwrap(),
        note: None,
        expected_email: None,
        return_to: None,
        single_use: true,
        created_at: NOW,
        created_by: "root".to_owned(),
        expires_at,
        progress: LinkProgress::Open,
        version: 1,
    }
}

#[tokio::test]
async fn a_running_application_follows() {
    let (scene, tokens) = three_tokens().await;
    assert!(scene.oauth.adopt_keys(&both()).await.unwrap());
    assert!(rotate(&scene).await.unwrap().is_complete());
    assert_eq!(scene.opened(tokens[0].id).0, "old-access");
    assert!(
        !scene.oauth.adopt_keys(&ring_of(new())).await.unwrap(),
        "no key is dropped while it runs"
    );
    assert_eq!(fingerprints(&scene).await, [new().fingerprint()]);
}

#[tokio::test]
async fn without_a_key_that_the_store_needs_nothing_begins() {
    let (scene, before) = three_tokens().await;
    let stores = scene.stores.stores();
    let random = Arc::new(SystemRandom);
    let begun = KeyRotation::begin(&stores, ring_of(new()), scene.clock.clone(), random).await;
    let refused = begun.unwrap_err();
    assert!(matches!(refused, VaultError::MissingKey(key) if key == old().fingerprint()));
    assert_eq!(scene.stores.tokens(), before);
    assert_eq!(fingerprints(&scene).await, [old().fingerprint()]);
}
