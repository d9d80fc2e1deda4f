//! What every [`VaultStore`](crate::ports::VaultStore) must do.

use super::races::{RUNNERS, race};
use super::samples::hash;
use crate::keyring::KeyFingerprint;
use crate::ports::Stores;

const ONE: KeyFingerprint = KeyFingerprint::from_bytes([0; KeyFingerprint::LENGTH]);
const OTHER: KeyFingerprint = KeyFingerprint::from_bytes([0xff; KeyFingerprint::LENGTH]);

async fn fingerprints(stores: &Stores) -> Vec<KeyFingerprint> {
    let known = stores.vault.key_fingerprints().await;
    let mut known = known.expect("it must answer");
    known.sort();
    known
}

async fn add(stores: &Stores, fingerprint: KeyFingerprint) {
    stores
        .vault
        .add_key_fingerprint(fingerprint)
        .await
        .expect("adding must answer");
}

async fn remove(stores: &Stores, fingerprint: KeyFingerprint) -> bool {
    stores
        .vault
        .remove_key_fingerprint(fingerprint)
        .await
        .expect("removing must answer")
}

/// A new store knows no key.
pub async fn a_new_store_knows_no_key(stores: &Stores) {
    assert!(fingerprints(stores).await.is_empty());
    assert!(!remove(stores, ONE).await);
}

/// A fingerprint is remembered once, however often it is added, and forgotten.
pub async fn a_fingerprint_is_remembered_once(stores: &Stores) {
    add(stores, OTHER).await;
    add(stores, ONE).await;
    add(stores, OTHER).await;
    assert_eq!(fingerprints(stores).await, [ONE, OTHER]);
    assert!(remove(stores, OTHER).await);
    assert!(!remove(stores, OTHER).await, "it is forgotten once");
    assert_eq!(fingerprints(stores).await, [ONE]);
}

/// A fingerprint that many add at once is no error and stands once.
pub async fn a_fingerprint_added_at_once_stands_once(stores: &Stores) {
    race(RUNNERS, |_| {
        let store = stores.vault.clone();
        async move { store.add_key_fingerprint(ONE).await }
    })
    .await
    .into_iter()
    .collect::<Result<Vec<()>, _>>()
    .expect("adding a fingerprint twice is no error");
    assert_eq!(fingerprints(stores).await, [ONE]);
}

/// The nonce of the set-up link is the first that was offered.
pub async fn the_first_nonce_stays(stores: &Stores) {
    let offer = async |candidate| {
        let nonce = stores.vault.set_up_nonce(candidate).await;
        nonce.expect("it must answer")
    };
    assert_eq!(offer(hash(1)).await, hash(1));
    assert_eq!(offer(hash(2)).await, hash(1), "there is one already");
    assert_eq!(offer([0; 32]).await, hash(1));
}

/// Of many nonces offered at once everybody gets the same one.
pub async fn a_nonce_offered_at_once_is_the_same_for_all(stores: &Stores) {
    let nonces = race(RUNNERS, |number| {
        let store = stores.vault.clone();
        async move {
            store
                .set_up_nonce(hash(number))
                .await
                .expect("it must answer")
        }
    })
    .await;
    let first = nonces[0];
    assert!(nonces.iter().all(|nonce| *nonce == first), "{nonces:?}");
    assert!(
        (0..RUNNERS).any(|number| hash(number) == first),
        "somebody's"
    );
}

/// A store that is there answers.
pub async fn a_store_answers_a_ping(stores: &Stores) {
    stores.vault.ping().await.expect("the store is there");
}
