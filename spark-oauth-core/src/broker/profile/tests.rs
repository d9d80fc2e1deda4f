//! An imported record learns whose it is, and every record who its person is by now.

use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::ids::TokenId;
use crate::person::Person;
use crate::ports::SparkErrorKind;
use crate::testing::scene::{
    HOUR, MINUTE, NOW, Scene, answer, caller, email, person, scene, settle_down,
};
use crate::testing::{ProviderCall, Reply};
use crate::timestamp::Timestamp;
use crate::token::{RefreshTrigger, Status};

/// An imported record: the age of its tokens is unknown.
fn imported(scene: &Scene) -> TokenId {
    let mut token = scene.token_of("ann", "spark:rooms_read");
    token.person = None;
    token.display_name = None;
    token.email = email("ANN@example.com");
    token.access_expires_at = Timestamp::EPOCH;
    scene.stores.put_token(token.clone());
    token.id
}

/// The same person under another address and name.
fn renamed(name: &str, now: &str) -> Person {
    Person {
        id: person(name).id,
        ..person(now)
    }
}

async fn refresh(scene: &Scene, id: TokenId) {
    scene
        .client
        .on_refresh(Reply::of(answer("new-access", Some("new-refresh"))));
    let trigger = RefreshTrigger::Checkout;
    let broker = &scene.oauth.broker;
    broker.refresh(id, trigger, &caller()).await.unwrap();
    scene.oauth.settle().await;
}

#[tokio::test]
async fn the_first_refresh_completes_the_record() {
    let scene = scene().await;
    let id = imported(&scene);
    scene.client.on_me(Reply::of(person("ann")));
    refresh(&scene, id).await;
    let token = scene.token(id);
    assert_eq!(token.person, Some(person("ann").id));
    assert_eq!(token.email.as_str(), "ann@example.com");
    assert_eq!(token.display_name.as_deref(), Some("ann"));
    assert_eq!(token.generation, 2, "the refresh alone changes it");
    assert_eq!(scene.opened(id).0, "new-access");
}

#[tokio::test]
async fn a_provider_that_does_not_say_costs_no_token() {
    let scene = scene().await;
    let id = imported(&scene);
    scene.client.on_me(Reply::error(SparkErrorKind::TimedOut));
    refresh(&scene, id).await;
    let token = scene.token(id);
    assert_eq!((token.person, token.status), (None, Status::Active));
    assert_eq!(scene.opened(id).0, "new-access");
    // The next refresh asks again.
    scene.clock.advance(HOUR);
    scene.client.on_me(Reply::of(person("ann")));
    refresh(&scene, id).await;
    assert!(scene.token(id).person.is_some());
}

#[tokio::test]
async fn where_the_person_has_consented_anew_both_records_stay() {
    let scene = scene().await;
    let id = imported(&scene);
    let consented = scene.stored_token();
    scene.client.on_me(Reply::of(person("ann")));
    refresh(&scene, id).await;
    let token = scene.token(id);
    assert_eq!((token.person, token.status), (None, Status::Active));
    assert_eq!(scene.opened(id).0, "new-access");
    assert_eq!(scene.token(consented.id), consented);
}

/// Refreshes, and answers how often a profile was read for it.
async fn profiles_read(scene: &Scene, id: TokenId) -> usize {
    let before = scene.client.count(ProviderCall::Me);
    refresh(scene, id).await;
    scene.client.count(ProviderCall::Me) - before
}

#[tokio::test]
async fn a_profile_is_read_once_a_day_however_often_the_token_is_refreshed() {
    let scene = scene().await;
    let id = scene.stored_token().id;
    scene.client.on_me(Reply::of(renamed("ann", "ann.new")));
    assert_eq!(profiles_read(&scene, id).await, 1);
    let token = scene.token(id);
    assert_eq!(token.email, email("ann.new@example.com"));
    assert_eq!(token.display_name.as_deref(), Some("ann.new"));
    assert_eq!(token.generation, 2, "the refresh alone changes it");
    for hours in [1, 22] {
        scene.clock.advance(hours * HOUR);
        assert_eq!(
            profiles_read(&scene, id).await,
            0,
            "after {hours} hours more"
        );
    }
    scene.clock.advance(2 * HOUR);
    scene.client.on_me(Reply::of(person("ann")));
    assert_eq!(profiles_read(&scene, id).await, 1);
    assert_eq!(scene.token(id).email, person("ann").email);
    // A clock that is set right after it was a year ahead.
    scene.stores.change_token(id, |token| {
        token.profile.read_at = Some(NOW + 24 * 365 * HOUR);
        token.profile.email_confirmed_at = token.profile.read_at;
    });
    scene.clock.advance(HOUR);
    scene.client.on_me(Reply::of(renamed("ann", "ann.new")));
    assert_eq!(profiles_read(&scene, id).await, 1);
    assert_eq!(scene.token(id).email, email("ann.new@example.com"));
}

#[tokio::test]
async fn a_profile_that_cannot_be_read_costs_nothing_and_is_read_after_the_next_refresh() {
    let scene = scene().await;
    let id = scene.stored_token().id;
    for kind in [
        SparkErrorKind::TimedOut,
        SparkErrorKind::Unreadable,
        SparkErrorKind::Forbidden,
    ] {
        scene.client.on_me(Reply::error(kind));
        assert_eq!(profiles_read(&scene, id).await, 1, "{kind:?}");
        let token = scene.token(id);
        assert_eq!(
            (token.status, token.email),
            (Status::Active, person("ann").email)
        );
        assert_eq!(scene.opened(id).0, "new-access");
        scene.clock.advance(HOUR);
    }
    scene.client.on_me(Reply::of(renamed("ann", "ann.new")));
    assert_eq!(profiles_read(&scene, id).await, 1);
    assert_eq!(scene.token(id).email, email("ann.new@example.com"));
}

#[tokio::test]
async fn the_profile_of_another_person_is_not_merged() {
    let scene = scene().await;
    let before = scene.stored_token();
    scene.client.on_me(Reply::of(person("bob")));
    refresh(&scene, before.id).await;
    let token = scene.token(before.id);
    assert_eq!(
        (token.person, token.email, token.profile),
        (before.person, before.email, before.profile)
    );
}

/// A token of a person under an address that was confirmed at this time.
fn stored(scene: &Scene, name: &str, address: &str, confirmed_at: Timestamp) -> TokenId {
    let mut token = scene.token_of(name, "spark:rooms_read");
    token.email = email(&format!("{address}@example.com"));
    token.profile.email_confirmed_at = Some(confirmed_at);
    scene.stores.put_token(token.clone());
    token.id
}

/// Who has the address, by the look-up.
async fn owners(scene: &Scene, address: &str) -> Vec<TokenId> {
    let address = email(&format!("{address}@example.com"));
    let found = scene.oauth.broker.find_by_email(&address).await.unwrap();
    found.into_iter().map(|token| token.id).collect()
}

fn is_lost(scene: &Scene, id: TokenId) -> bool {
    scene.token(id).held_email().is_none()
}

#[tokio::test]
async fn two_persons_who_swapped_their_addresses_have_them_after_one_refresh() {
    let scene = scene().await;
    let ann = stored(&scene, "ann", "ann", NOW);
    let bob = stored(&scene, "bob", "bob", NOW);
    scene.clock.advance(HOUR);
    scene.client.on_me(Reply::of(renamed("ann", "bob")));
    scene.client.on_me(Reply::of(renamed("bob", "ann")));
    refresh(&scene, ann).await;
    assert_eq!(owners(&scene, "bob").await, [ann]);
    assert_eq!(owners(&scene, "ann").await, [bob]);
}

#[tokio::test]
async fn an_address_of_a_person_who_cannot_be_asked_goes_to_the_one_who_was_confirmed() {
    let scene = scene().await;
    let ann = stored(&scene, "ann", "ann", NOW);
    let bob = stored(&scene, "bob", "bob", NOW);
    scene.clock.advance(HOUR);
    scene.client.on_me(Reply::of(renamed("ann", "bob")));
    scene
        .client
        .on_me(Reply::error(SparkErrorKind::Unauthorized));
    refresh(&scene, ann).await;
    assert_eq!(owners(&scene, "bob").await, [ann]);
    assert!(is_lost(&scene, bob));
    // A record without an address reads its profile at every refresh until it has one.
    scene.clock.advance(HOUR);
    scene.client.on_me(Reply::of(renamed("bob", "robert")));
    refresh(&scene, bob).await;
    assert_eq!(owners(&scene, "robert").await, [bob]);
    assert!(!is_lost(&scene, bob));
}

#[tokio::test]
async fn an_address_that_the_provider_confirms_for_two_persons_is_of_both() {
    let scene = scene().await;
    let guest = stored(&scene, "ann", "ann", NOW);
    let employee = stored(&scene, "bob", "ann", NOW + MINUTE);
    let mut both = [guest, employee];
    both.sort();
    assert_eq!(owners(&scene, "ann").await, [employee], "confirmed last");
    for id in [guest, employee] {
        scene.clock.advance(25 * HOUR);
        let (own, other) = if id == guest {
            ("ann", "bob")
        } else {
            ("bob", "ann")
        };
        scene.client.on_me(Reply::of(renamed(own, "ann")));
        scene.client.on_me(Reply::of(renamed(other, "ann")));
        refresh(&scene, id).await;
        let mut found = owners(&scene, "ann").await;
        found.sort();
        assert_eq!(found, both);
    }
}

#[tokio::test]
async fn an_answer_that_is_older_than_another_persons_confirmation_is_asked_for_again() {
    let scene = scene().await;
    let ann = stored(&scene, "ann", "ann", NOW);
    let gate = Arc::new(Semaphore::new(0));
    scene.client.on_me(Reply::of(person("ann")).behind(&gate));
    // Meanwhile Ann is renamed, and Bob consents as ann@, in a process an hour ahead.
    scene
        .client
        .on_refresh(Reply::of(answer("new-access", None)));
    let trigger = RefreshTrigger::Checkout;
    scene
        .oauth
        .broker
        .refresh(ann, trigger, &caller())
        .await
        .unwrap();
    scene.client.called(ProviderCall::Me, 1).await;
    let bob = stored(&scene, "bob", "ann", NOW + HOUR);
    scene.client.on_me(Reply::of(renamed("ann", "ann.new")));
    gate.add_permits(1);
    scene.oauth.settle().await;
    assert_eq!(owners(&scene, "ann").await, [bob]);
    assert_eq!(owners(&scene, "ann.new").await, [ann]);
}

#[tokio::test]
async fn every_record_of_a_renamed_person_gets_the_new_address() {
    let scene = scene().await;
    let read = stored(&scene, "ann", "ann", NOW);
    let mut write = scene.token_of("ann", "spark:rooms_write");
    write.profile.email_lost_at = Some(NOW);
    scene.stores.put_token(write.clone());
    scene.clock.advance(MINUTE);
    scene.client.on_me(Reply::of(renamed("ann", "ann.new")));
    refresh(&scene, read).await;
    let mut found = owners(&scene, "ann.new").await;
    found.sort();
    let mut both = [read, write.id];
    both.sort();
    assert_eq!(found, both);
    assert!(owners(&scene, "ann").await.is_empty());
}

#[tokio::test]
async fn a_burst_of_refreshes_reads_few_profiles_at_once_and_those_that_are_needed() {
    let scene = scene().await;
    let gate = Arc::new(Semaphore::new(0));
    let mut ids = Vec::new();
    for number in 0..20 {
        let name = format!("person{number}");
        ids.push(stored(&scene, &name, &name, NOW));
        scene.client.on_me(Reply::of(person(&name)).behind(&gate));
    }
    let lost = *ids.last().unwrap();
    scene
        .stores
        .change_token(lost, |token| token.profile.email_lost_at = Some(NOW));
    let trigger = RefreshTrigger::Checkout;
    for id in ids {
        scene
            .client
            .on_refresh(Reply::of(answer("new-access", None)));
        scene
            .oauth
            .broker
            .refresh(id, trigger, &caller())
            .await
            .unwrap();
    }
    settle_down().await;
    assert_eq!(scene.client.count(ProviderCall::Me), 4);
    gate.add_permits(20);
    scene.oauth.settle().await;
    assert_eq!(
        scene.client.count(ProviderCall::Me),
        5,
        "the one without an address too"
    );
}
