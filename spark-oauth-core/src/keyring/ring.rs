//! The keys of an application: the first seals, all of them open.

use std::sync::{Arc, PoisonError, RwLock};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq;

use crate::ids::TokenId;
use crate::keyring::key::Purpose;
use crate::keyring::{Field, InvalidKey, KeyFingerprint, OpenError, Sealed, SealingKey};
use crate::ports::{Random, StateHash};
use crate::secret::{AccessToken, RefreshToken, SetUpCode};

/// The keys of an application. The first seals new values; every one opens what
/// it has sealed.
///
/// Clones share their keys: what one of them adopts, all have
/// ([`SparkOauth::adopt_keys`](crate::SparkOauth::adopt_keys)).
#[derive(Clone, Debug)]
pub struct KeyRing {
    keys: Arc<RwLock<Arc<[SealingKey]>>>,
    random: Arc<dyn Random>,
}

/// Why a text is no key ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKeyRing {
    /// There is no key at all.
    #[error("there is no key; make one with `openssl rand -base64 32`")]
    Empty,
    /// One of the keys is none.
    #[error("key number {position}: {source}")]
    Key {
        /// Which key, from 1.
        position: usize,
        /// What is wrong with it.
        source: InvalidKey,
    },
}

impl KeyRing {
    /// A ring of one key.
    pub fn new(key: SealingKey, random: Arc<dyn Random>) -> Self {
        Self::of([key].into(), random)
    }

    fn of(keys: Arc<[SealingKey]>, random: Arc<dyn Random>) -> Self {
        Self {
            keys: Arc::new(RwLock::new(keys)),
            random,
        }
    }

    /// Reads keys in base64, separated by commas or white space. The first seals
    /// new values. What follows a `#` on a line is a remark. A byte order mark at the
    /// beginning is ignored.
    ///
    /// # Errors
    /// [`InvalidKeyRing`] says which key is wrong, without its text.
    pub fn parse(text: &str, random: Arc<dyn Random>) -> Result<Self, InvalidKeyRing> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let keys = text
            .lines()
            .map(|line| line.split_once('#').map_or(line, |(before, _)| before))
            .flat_map(|line| line.split([',', ' ', '\t', '\r']))
            .filter(|key| !key.is_empty())
            .enumerate()
            .map(|(index, key)| {
                SealingKey::parse(key).map_err(|source| InvalidKeyRing::Key {
                    position: index + 1,
                    source,
                })
            })
            .collect::<Result<Vec<_>, _>>()?;
        if keys.is_empty() {
            Err(InvalidKeyRing::Empty)
        } else {
            Ok(Self::of(keys.into(), random))
        }
    }

    /// Takes over the keys of `newer`, in their order: its first key seals from now
    /// on. Keys that only this ring has stay behind them, so that whatever was
    /// sealed meanwhile still opens. `false` where that changes nothing.
    pub(crate) fn adopt(&self, newer: &Self) -> bool {
        let taken = newer.snapshot();
        let mut held = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        let known = |key: &&SealingKey| {
            let mut fingerprints = taken.iter().map(SealingKey::fingerprint);
            !fingerprints.any(|fingerprint| fingerprint == key.fingerprint())
        };
        let merged: Arc<[SealingKey]> = taken
            .iter()
            .chain(held.iter().filter(known))
            .cloned()
            .collect();
        let order =
            |keys: &[SealingKey]| -> Vec<_> { keys.iter().map(SealingKey::fingerprint).collect() };
        let changes = order(&merged) != order(&held);
        *held = merged;
        changes
    }

    /// The keys as they are now.
    fn snapshot(&self) -> Arc<[SealingKey]> {
        self.keys
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// The fingerprints of the keys, the sealing one first.
    pub fn fingerprints(&self) -> impl Iterator<Item = KeyFingerprint> + use<> {
        let keys = self.snapshot();
        (0..keys.len()).map(move |index| keys[index].fingerprint())
    }

    /// The fingerprint of the key that seals new values.
    pub fn sealing_fingerprint(&self) -> KeyFingerprint {
        self.snapshot()[0].fingerprint()
    }

    /// Whether the ring holds the key with this fingerprint.
    pub fn contains(&self, fingerprint: KeyFingerprint) -> bool {
        self.fingerprints().any(|held| held == fingerprint)
    }

    /// Seals an access token for its record.
    pub fn seal_access(&self, id: TokenId, token: &AccessToken) -> Sealed {
        self.seal(Field::AccessToken, &id.to_bytes(), token.expose_secret())
    }

    /// Opens the access token of a record.
    ///
    /// # Errors
    /// [`OpenError`] says why the value does not open.
    pub fn open_access(&self, id: TokenId, sealed: &Sealed) -> Result<AccessToken, OpenError> {
        self.open(Field::AccessToken, &id.to_bytes(), sealed)
            .map(AccessToken::new)
    }

    /// Seals a refresh token for its record.
    pub fn seal_refresh(&self, id: TokenId, token: &RefreshToken) -> Sealed {
        self.seal(Field::RefreshToken, &id.to_bytes(), token.expose_secret())
    }

    /// Opens the refresh token of a record.
    ///
    /// # Errors
    /// [`OpenError`] says why the value does not open.
    pub fn open_refresh(&self, id: TokenId, sealed: &Sealed) -> Result<RefreshToken, OpenError> {
        self.open(Field::RefreshToken, &id.to_bytes(), sealed)
            .map(RefreshToken::new)
    }

    /// Seals the PKCE verifier of a consent that was begun.
    pub(crate) fn seal_verifier(&self, state: StateHash, verifier: &str) -> Sealed {
        self.seal(Field::CodeVerifier, &state.0, verifier)
    }

    /// Opens the PKCE verifier of a consent that was begun.
    pub(crate) fn open_verifier(
        &self,
        state: StateHash,
        sealed: &Sealed,
    ) -> Result<String, OpenError> {
        self.open(Field::CodeVerifier, &state.0, sealed)
    }

    /// The code of the set-up link: the same at every replica, since all share the
    /// store's nonce and the ring.
    pub fn set_up_code(&self, nonce: &[u8; 32]) -> SetUpCode {
        set_up_code(&self.snapshot()[0], nonce)
    }

    /// Whether `code` is the set-up code of this nonce under any key of the ring.
    pub fn accepts_set_up_code(&self, nonce: &[u8; 32], code: &SetUpCode) -> bool {
        self.snapshot()
            .iter()
            .any(|key| set_up_code(key, nonce).matches(code))
    }

    /// Signs the message of a consent link with the key that seals now, and names it.
    pub(crate) fn sign_link(&self, message: &[u8]) -> (KeyFingerprint, LinkTag) {
        let keys = self.snapshot();
        (keys[0].fingerprint(), link_tag(&keys[0], message))
    }

    /// Whether the key with this fingerprint signed the message of a consent link;
    /// `None` where the ring has no such key. Tags are compared in constant time.
    pub(crate) fn verify_link(
        &self,
        key: KeyFingerprint,
        message: &[u8],
        tag: &LinkTag,
    ) -> Option<bool> {
        let keys = self.snapshot();
        let key = keys.iter().find(|held| held.fingerprint() == key)?;
        Some(link_tag(key, message).ct_eq(tag).into())
    }

    fn seal(&self, field: Field, record: &[u8], text: &str) -> Sealed {
        Sealed::seal(&self.snapshot()[0], field, record, text, &*self.random)
    }

    fn open(&self, field: Field, record: &[u8], sealed: &Sealed) -> Result<String, OpenError> {
        let fingerprint = sealed.key()?;
        let keys = self.snapshot();
        let key = keys
            .iter()
            .find(|key| key.fingerprint() == fingerprint)
            .ok_or(OpenError::MissingKey(fingerprint))?;
        sealed
            .open(key, field, record)
            .map(|mut text| std::mem::take(&mut *text))
    }
}

/// What a consent link is signed with: HMAC-SHA256, cut to 128 bits (RFC 2104
/// section 5).
pub(crate) type LinkTag = [u8; 16];

fn link_tag(key: &SealingKey, message: &[u8]) -> LinkTag {
    let mut tag = LinkTag::default();
    tag.copy_from_slice(&key.authenticate(Purpose::ConsentLink, message)[..16]);
    tag
}

fn set_up_code(key: &SealingKey, nonce: &[u8; 32]) -> SetUpCode {
    let tag = key.authenticate(Purpose::SetUp, nonce);
    SetUpCode::new(URL_SAFE_NO_PAD.encode(&tag[..18]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ports::SeededRandom;
    use crate::timestamp::Timestamp;

    fn ring(seed: u64) -> KeyRing {
        let random = Arc::new(SeededRandom::new(seed));
        KeyRing::new(SealingKey::generate(&*random), random)
    }

    fn id(millis: i64) -> TokenId {
        TokenId::generate(Timestamp::from_millis(millis), &SeededRandom::new(9))
    }

    /// The text of `ring`, the newest key first.
    fn text_of(rings: &[&KeyRing]) -> String {
        let keys: Vec<_> = rings
            .iter()
            .map(|ring| ring.snapshot()[0].to_base64().to_string())
            .collect();
        keys.join(",\n")
    }

    proptest! {
        #[test]
        fn what_was_sealed_opens(text in ".{0,200}") {
            let ring = ring(1);
            let sealed = ring.seal_access(id(1), &AccessToken::new(text.as_str()));
            let opened = ring.open_access(id(1), &sealed).unwrap();
            prop_assert_eq!(opened.expose_secret(), text);
        }

        #[test]
        fn a_changed_byte_never_opens(index in 0_usize..60, flip in 1_u8..=255) {
            let ring = ring(1);
            let mut bytes = ring.seal_access(id(1), &AccessToken::new("a".repeat(20))).into_bytes();
            let index = index % bytes.len();
            bytes[index] ^= flip;
            prop_assert!(ring.open_access(id(1), &Sealed::from_bytes(bytes)).is_err());
        }

        #[test]
        fn foreign_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            prop_assert!(ring(1).open_access(id(1), &Sealed::from_bytes(bytes)).is_err());
        }
    }

    #[test]
    fn a_value_moved_to_another_record_or_field_does_not_open() {
        let ring = ring(1);
        let sealed = ring.seal_access(id(1), &AccessToken::new("sesame"));
        assert_eq!(
            ring.open_access(id(2), &sealed).unwrap_err(),
            OpenError::NotAuthentic
        );
        assert_eq!(
            ring.open_refresh(id(1), &sealed).unwrap_err(),
            OpenError::NotAuthentic
        );
    }

    #[test]
    fn without_its_key_a_value_names_the_key_it_needs() {
        let (old, new) = (ring(1), ring(2));
        let sealed = old.seal_access(id(1), &AccessToken::new("sesame"));
        let missing = old.fingerprints().next().unwrap();
        assert_eq!(
            new.open_access(id(1), &sealed).unwrap_err(),
            OpenError::MissingKey(missing)
        );
    }

    #[test]
    fn the_first_key_seals_and_every_key_opens() {
        let (old, new) = (ring(1), ring(2));
        let sealed = old.seal_access(id(1), &AccessToken::new("sesame"));
        let random = Arc::new(SeededRandom::new(3));
        let both = KeyRing::parse(&text_of(&[&new, &old]), random).unwrap();
        assert_eq!(
            both.open_access(id(1), &sealed).unwrap().expose_secret(),
            "sesame"
        );
        let resealed = both.seal_access(id(1), &AccessToken::new("sesame"));
        assert_eq!(resealed.key().ok(), new.fingerprints().next());
    }

    #[test]
    fn an_adopted_key_seals_and_the_old_ones_still_open() {
        let (held, newer) = (ring(1), ring(2));
        let shared = held.clone();
        let sealed = held.seal_access(id(1), &AccessToken::new("sesame"));
        assert!(held.adopt(&newer));
        assert!(!held.adopt(&newer), "the same keys again change nothing");
        assert_eq!(shared.sealing_fingerprint(), newer.sealing_fingerprint());
        assert!(shared.open_access(id(1), &sealed).is_ok());
        let resealed = shared.seal_access(id(1), &AccessToken::new("sesame"));
        assert!(newer.open_access(id(1), &resealed).is_ok());
    }

    #[test]
    fn reads_a_key_file_with_remarks_and_names_the_wrong_key() {
        let random = Arc::new(SeededRandom::new(3));
        let text = format!("# the keys\n{}  # newest\n\n", text_of(&[&ring(1)]));
        assert_eq!(
            KeyRing::parse(&text, random.clone())
                .unwrap()
                .fingerprints()
                .count(),
            1
        );
        assert_eq!(
            KeyRing::parse(" # none\n", random.clone()).unwrap_err(),
            InvalidKeyRing::Empty
        );
        let wrong = KeyRing::parse(&format!("{text},sesame="), random).unwrap_err();
        assert!(matches!(wrong, InvalidKeyRing::Key { position: 2, .. }));
    }

    #[test]
    fn the_set_up_code_hangs_on_the_nonce_and_the_ring() {
        let (ring, other) = (ring(1), ring(2));
        let code = ring.set_up_code(&[7; 32]);
        assert!(ring.accepts_set_up_code(&[7; 32], &code));
        assert!(!ring.accepts_set_up_code(&[8; 32], &code));
        assert!(!other.accepts_set_up_code(&[7; 32], &code));
    }
}
