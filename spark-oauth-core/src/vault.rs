//! Opening the vault: the store says which keys it needs, the ring must have them.

use crate::keyring::{KeyFingerprint, KeyRing};
use crate::ports::{StoreError, VaultStore};

/// Why the vault does not open.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The store holds values of a key that is not in the ring. Going on would
    /// lose them, so nothing goes on.
    #[error("the store needs the key {0}, which is not in the key ring")]
    MissingKey(KeyFingerprint),
    /// The store does not answer.
    #[error("the store does not tell which keys it needs")]
    Store(#[from] StoreError),
}

/// Checks that the ring has every key the store needs, and records the ring's
/// sealing key in the store, before anything is sealed with it. The others of the
/// ring only open: what they sealed recorded them, and a key that was
/// [rotated out](crate::key_rotation) is not needed again because somebody still
/// has it.
///
/// Two processes with different keys may open a new store at the same moment. Each
/// looks again after it has recorded its key: one that finds a stranger's takes
/// its own back and does not start.
///
/// # Errors
/// [`VaultError::MissingKey`] names the first key that is missing.
pub(crate) async fn open_vault(store: &dyn VaultStore, ring: &KeyRing) -> Result<(), VaultError> {
    let known = store.key_fingerprints().await?;
    check_all_held(&known, ring)?;
    let sealing = ring.sealing_fingerprint();
    if known.contains(&sealing) {
        return Ok(());
    }
    store.add_key_fingerprint(sealing).await?;
    let checked = check_all_held(&store.key_fingerprints().await?, ring);
    if checked.is_err() {
        store.remove_key_fingerprint(sealing).await?;
    }
    checked
}

/// Takes over the keys of `newer` while the application runs, after the store knows
/// of them: nothing is sealed with a key that the store has not recorded.
///
/// # Errors
/// [`VaultError::Store`]; the ring is left as it is then.
pub(crate) async fn adopt_keys(
    store: &dyn VaultStore,
    ring: &KeyRing,
    newer: &KeyRing,
) -> Result<bool, VaultError> {
    let sealing = newer.sealing_fingerprint();
    if sealing != ring.sealing_fingerprint() {
        // Also where the ring has it: the store may have forgotten it since.
        store.add_key_fingerprint(sealing).await?;
    }
    Ok(ring.adopt(newer))
}

pub(crate) fn check_all_held(needed: &[KeyFingerprint], ring: &KeyRing) -> Result<(), VaultError> {
    needed
        .iter()
        .find(|fingerprint| !ring.contains(**fingerprint))
        .map_or(Ok(()), |missing| Err(VaultError::MissingKey(*missing)))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use mockall::predicate::eq;

    use super::*;
    use crate::keyring::SealingKey;
    use crate::ports::{MockVaultStore, SeededRandom};

    fn ring(seed: u64) -> KeyRing {
        let random = Arc::new(SeededRandom::new(seed));
        KeyRing::new(SealingKey::generate(&*random), random)
    }

    fn fingerprint(ring: &KeyRing) -> KeyFingerprint {
        ring.fingerprints().next().unwrap()
    }

    #[tokio::test]
    async fn a_new_store_records_the_keys_of_the_ring() {
        let ring = ring(1);
        let recorded = fingerprint(&ring);
        let mut store = MockVaultStore::new();
        let mut answers = vec![vec![recorded], vec![]];
        store
            .expect_key_fingerprints()
            .times(2)
            .returning(move || Ok(answers.pop().unwrap_or_default()));
        store
            .expect_add_key_fingerprint()
            .with(eq(recorded))
            .times(1)
            .returning(|_| Ok(()));
        open_vault(&store, &ring).await.unwrap();
    }

    #[tokio::test]
    async fn a_missing_key_is_named_and_nothing_is_recorded() {
        let missing = fingerprint(&ring(1));
        let mut store = MockVaultStore::new();
        store
            .expect_key_fingerprints()
            .returning(move || Ok(vec![missing]));
        let refused = open_vault(&store, &ring(2)).await.unwrap_err();
        assert!(matches!(refused, VaultError::MissingKey(key) if key == missing));
    }

    #[tokio::test]
    async fn a_key_seals_nothing_before_the_store_knows_it() {
        let (ring, newer) = (ring(1), ring(2));
        let before = fingerprint(&ring);
        let mut store = MockVaultStore::new();
        let away = || StoreError::Unavailable {
            store: "test",
            source: "away".into(),
        };
        store
            .expect_add_key_fingerprint()
            .times(1)
            .returning(move |_| Err(away()));
        assert!(adopt_keys(&store, &ring, &newer).await.is_err());
        assert_eq!(fingerprint(&ring), before);
        store
            .expect_add_key_fingerprint()
            .with(eq(fingerprint(&newer)))
            .times(1)
            .returning(|_| Ok(()));
        assert!(adopt_keys(&store, &ring, &newer).await.unwrap());
        assert_eq!(fingerprint(&ring), fingerprint(&newer));
    }

    #[tokio::test]
    async fn a_key_that_only_opens_is_not_recorded_again() {
        let (older, newer) = (ring(1), ring(2));
        newer.adopt(&older);
        newer.adopt(&ring(2));
        let sealing = fingerprint(&newer);
        assert!(newer.contains(fingerprint(&older)), "the ring has both");
        let mut store = MockVaultStore::new();
        store
            .expect_key_fingerprints()
            .returning(move || Ok(vec![sealing]));
        // A call to record anything would fail the test.
        open_vault(&store, &newer).await.unwrap();
    }

    #[tokio::test]
    async fn a_key_that_seals_again_is_recorded_again() {
        let (older, newer) = (ring(1), ring(2));
        let both = ring(1);
        both.adopt(&newer);
        let mut store = MockVaultStore::new();
        store
            .expect_add_key_fingerprint()
            .with(eq(fingerprint(&older)))
            .times(1)
            .returning(|_| Ok(()));
        assert!(adopt_keys(&store, &both, &older).await.unwrap());
        assert!(!adopt_keys(&store, &both, &older).await.unwrap());
    }

    #[tokio::test]
    async fn a_stranger_that_opened_the_store_at_the_same_time_is_noticed() {
        let (ours, theirs) = (ring(1), ring(2));
        let (our_key, their_key) = (fingerprint(&ours), fingerprint(&theirs));
        let mut store = MockVaultStore::new();
        let mut answers = vec![vec![our_key, their_key], vec![]];
        store
            .expect_key_fingerprints()
            .returning(move || Ok(answers.pop().unwrap_or_default()));
        store
            .expect_add_key_fingerprint()
            .with(eq(our_key))
            .times(1)
            .returning(|_| Ok(()));
        store
            .expect_remove_key_fingerprint()
            .with(eq(our_key))
            .times(1)
            .returning(|_| Ok(true));
        let refused = open_vault(&store, &ours).await.unwrap_err();
        assert!(matches!(refused, VaultError::MissingKey(key) if key == their_key));
    }
}
