//! Signing in: one answer for every refusal, with the same work, and slower for
//! who fails.

use std::time::Duration;

use super::{GOOD, password, with_alice, with_super_admin};
use crate::admins::{PasswordHash, SignInError};
use crate::audit::{Actor, AuditAction, Outcome};
use crate::testing::scene::{MINUTE, NOW, Scene, origin};
use crate::testing::{StoreCall, StoreFault};

async fn sign_in(scene: &Scene, name: &str, text: &str, from: u8) -> Result<(), SignInError> {
    let admins = &scene.oauth.admins;
    admins
        .sign_in(name, &password(text), &origin(from))
        .await
        .map(|_| ())
}

/// The rounds of bcrypt that a refused sign-in takes.
async fn rounds_of_a_refusal(scene: &Scene, name: &str, text: &str, from: u8) -> u64 {
    let hasher = &scene.oauth.admins.hasher;
    let before = hasher.rounds();
    let refused = sign_in(scene, name, text, from).await;
    assert!(matches!(refused, Err(SignInError::Refused)), "{refused:?}");
    hasher.rounds() - before
}

fn set_hash(scene: &Scene, name: &str, hash: &str) {
    let hash = PasswordHash::parse(hash).unwrap();
    let admins = scene.stores.admins().into_iter();
    for admin in admins.filter(|admin| admin.username.as_str() == name) {
        let hash = hash.clone();
        scene
            .stores
            .change_admin(admin.id, |admin| admin.password_hash = hash);
    }
}

#[tokio::test]
async fn the_right_password_signs_in_whatever_the_case_of_the_name() {
    let (scene, _, alice) = with_alice().await;
    scene.clock.advance(MINUTE);
    let admins = &scene.oauth.admins;
    let name = "  aLiCe ";
    let admin = admins.sign_in(name, &password(GOOD), &origin(2)).await;
    let admin = admin.unwrap();
    assert_eq!((admin.id, admin.epoch), (alice.id, alice.epoch));
    assert_eq!(admin.last_sign_in_at, Some(NOW + MINUTE));
    assert_eq!(scene.stores.admins().pop().unwrap(), admin);
    admins.sign_out(&admin, &origin(2)).await;
    assert_eq!(scene.outcomes(AuditAction::SignIn), [Outcome::Done]);
    assert_eq!(scene.outcomes(AuditAction::SignOut), [Outcome::Done]);
}

#[tokio::test]
async fn every_refusal_says_the_same_and_takes_the_same_work() {
    let (scene, root, _) = with_alice().await;
    // Bob's hash is from before the cost was raised.
    let bob = super::input("Bob", "bob@example.com", GOOD);
    let admins = &scene.oauth.admins;
    admins.create(&root, &bob, &origin(1)).await.unwrap();
    set_hash(&scene, "Bob", &bcrypt::hash(GOOD, 4).unwrap());
    let too_long = "x".repeat(73);
    let mut work = Vec::new();
    for (from, (name, text)) in (10..).zip([
        ("Alice", "wrong"),
        ("Bob", "wrong"),
        ("nobody", "wrong"),
        ("not a name", "wrong"),
        ("", ""),
        ("Alice", ""),
        ("Alice", "with\0nul"),
        ("Alice", too_long.as_str()),
        ("nobody", too_long.as_str()),
    ]) {
        work.push((name, rounds_of_a_refusal(&scene, name, text, from).await));
    }
    assert!(work.iter().all(|(_, rounds)| *rounds == 1 << 5), "{work:?}");
}

#[tokio::test]
async fn a_damaged_hash_refuses_with_the_same_work() {
    let (scene, ..) = with_alice().await;
    // Well-formed, but with bits in the salt that bcrypt has not.
    let damaged = format!("$2b$05${}", "z".repeat(53));
    assert!(bcrypt::verify(GOOD, &damaged).is_err());
    set_hash(&scene, "Alice", &damaged);
    assert_eq!(rounds_of_a_refusal(&scene, "Alice", GOOD, 1).await, 1 << 5);
}

#[tokio::test]
async fn an_old_hash_is_renewed_when_its_password_is_known() {
    let (scene, _, alice) = with_alice().await;
    // Shorter than what may be set today.
    set_hash(&scene, "Alice", &bcrypt::hash("old", 4).unwrap());
    sign_in(&scene, "alice", "old", 1).await.unwrap();
    let stored = scene.stores.admins().pop().unwrap();
    assert_eq!(stored.password_hash.cost(), 5);
    assert_eq!(stored.epoch, alice.epoch, "no session ends by that");
    let before = scene.oauth.admins.hasher.rounds();
    sign_in(&scene, "alice", "old", 1).await.unwrap();
    let work = scene.oauth.admins.hasher.rounds() - before;
    assert_eq!(work, 1 << 5, "once is enough");
}

#[tokio::test]
async fn a_sign_in_that_meets_a_change_is_of_the_old_epoch() {
    let (scene, _, alice) = with_alice().await;
    let stores = scene.stores.clone();
    // The password is reset while it is being verified.
    scene.stores.before(StoreCall::AdminUpdate, move || {
        stores.change_admin(alice.id, |admin| admin.epoch += 1);
    });
    let admins = &scene.oauth.admins;
    let admin = admins.sign_in("alice", &password(GOOD), &origin(1)).await;
    let admin = admin.unwrap();
    let session = admins.authenticate(admin.id, admin.epoch).await.unwrap();
    assert!(session.is_none(), "its session is none");
}

#[tokio::test]
async fn only_failures_slow_an_address_down() {
    let (scene, ..) = with_alice().await;
    for _ in 0..30 {
        sign_in(&scene, "alice", GOOD, 1).await.unwrap();
    }
    for n in 0..10 {
        let refused = sign_in(&scene, &format!("user{n}"), "wrong", 1).await;
        assert!(matches!(refused, Err(SignInError::Refused)));
    }
    let before = scene.oauth.admins.hasher.rounds();
    let throttled = sign_in(&scene, "alice", GOOD, 1).await;
    let Err(SignInError::Throttled { retry_after }) = throttled else {
        panic!("{throttled:?}");
    };
    let work = scene.oauth.admins.hasher.rounds() - before;
    assert_eq!(work, 0, "a throttled try costs nothing");
    sign_in(&scene, "alice", GOOD, 2).await.unwrap();
    scene.clock.advance(retry_after);
    sign_in(&scene, "alice", GOOD, 1).await.unwrap();
}

#[tokio::test]
async fn the_super_admin_is_never_locked_out_for_good() {
    let (scene, _) = with_super_admin().await;
    sign_in(&scene, "root", GOOD, 1).await.unwrap();
    for from in 2..60 {
        let _ = sign_in(&scene, "ROOT", "wrong", from).await;
    }
    let new_place = sign_in(&scene, "root", GOOD, 99).await;
    assert!(matches!(new_place, Err(SignInError::Throttled { .. })));
    sign_in(&scene, "root", GOOD, 1).await.unwrap();
    scene.clock.advance(Duration::from_secs(6));
    sign_in(&scene, "root", GOOD, 98).await.unwrap();
}

#[tokio::test]
async fn a_store_that_fails_is_no_failure_of_the_person() {
    let (scene, ..) = with_alice().await;
    for _ in 0..20 {
        scene
            .stores
            .fail(StoreCall::AdminFindByUsername, StoreFault::Away, 1);
        let failed = sign_in(&scene, "alice", "wrong", 1).await;
        assert!(matches!(failed, Err(SignInError::Store(_))), "{failed:?}");
    }
    sign_in(&scene, "alice", GOOD, 1).await.unwrap();
}

#[tokio::test]
async fn the_audit_log_tells_who_tried_but_no_password_typed_as_a_name() {
    let (scene, ..) = with_alice().await;
    let name_field = "correct horse battery staple!";
    for name in ["alice", "mallory", name_field, "two\nlines"] {
        sign_in(&scene, name, "wrong", 1).await.unwrap_err();
    }
    let claimed: Vec<_> = scene
        .stores
        .audit_entries()
        .into_iter()
        .filter(|entry| entry.action == AuditAction::SignIn)
        .map(|entry| match entry.caller.actor {
            Actor::Claimed { username } => username,
            other => panic!("{other:?}"),
        })
        .collect();
    let mut sorted = claimed;
    sorted.sort_unstable();
    assert_eq!(sorted, ["", "", "alice", "mallory"]);
}

#[tokio::test]
async fn throttled_tries_do_not_fill_the_audit_log() {
    let (scene, ..) = with_alice().await;
    for _ in 0..100 {
        let _ = sign_in(&scene, "alice", "wrong", 1).await;
    }
    let outcomes = scene.outcomes(AuditAction::SignIn);
    assert_eq!(outcomes.len(), 11);
    assert!(outcomes.contains(&Outcome::Refused("throttled".to_owned())));
}
