//! bcrypt, off the async threads and bounded.
//!
//! A hash takes a quarter of a second of a core on purpose. It is computed on a
//! thread of its own with the lowest priority, so that requests come first, and
//! only so many run and wait at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use thread_priority::{ThreadPriority, set_current_thread_priority};
use tokio::sync::{Semaphore, TryAcquireError, oneshot};

use crate::admins::{PasswordHash, PasswordPolicy};
use crate::secret::Password;

/// How password hashes are computed.
#[derive(Clone, Copy, Debug)]
pub struct HashingLimits {
    /// The cost of new hashes: the logarithm of the number of rounds, 4 to 31.
    pub cost: u32,
    /// How many are computed at once.
    pub at_once: usize,
    /// How many may wait for their turn.
    pub waiting: usize,
}

impl Default for HashingLimits {
    fn default() -> Self {
        let at_once = thread::available_parallelism().map_or(2, Into::into);
        Self {
            cost: 12,
            at_once,
            waiting: 64,
        }
    }
}

/// Why a password was neither hashed nor verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HashingError {
    /// Too many wait already.
    #[error("too many passwords are being checked")]
    Busy,
    /// The computation ended without a result.
    #[error("the password could not be checked")]
    Failed,
}

/// Hashes and verifies passwords.
#[derive(Clone, Debug)]
pub(super) struct PasswordHasher {
    cost: u32,
    /// The highest cost that any stored hash was seen to have. A wrong password
    /// and an unknown name take the time of this one.
    ceiling: Arc<AtomicU32>,
    turns: Arc<Semaphore>,
    places: Arc<Semaphore>,
    bcrypt: Bcrypt,
}

/// The computation itself. Tests count its rounds, since time proves nothing.
#[derive(Clone, Debug, Default)]
struct Bcrypt {
    #[cfg(test)]
    rounds: Arc<std::sync::atomic::AtomicU64>,
}

impl PasswordHasher {
    pub(super) fn new(limits: HashingLimits) -> Self {
        let at_once = limits.at_once.max(1);
        let cost = limits.cost.clamp(4, 31);
        Self {
            cost,
            ceiling: Arc::new(AtomicU32::new(cost)),
            turns: Arc::new(Semaphore::new(at_once)),
            places: Arc::new(Semaphore::new(at_once + limits.waiting)),
            bcrypt: Bcrypt::default(),
        }
    }

    /// Hashes a password that the policy let pass.
    pub(super) async fn hash(&self, password: &Password) -> Result<PasswordHash, HashingError> {
        let (password, cost, bcrypt) = (password.clone(), self.cost, self.bcrypt.clone());
        self.compute(move || bcrypt.hash(&password, cost))
            .await?
            .ok_or(HashingError::Failed)
    }

    /// Whether the password is that of the hash. Where there is no hash, or the
    /// password is wrong, the answer takes the time of the dearest hash, so that
    /// neither an unknown name nor an old, cheap hash gives itself away.
    pub(super) async fn verify(
        &self,
        password: &Password,
        hash: Option<&PasswordHash>,
    ) -> Result<bool, HashingError> {
        let fits = password.expose_secret().len() <= PasswordPolicy::MOST_BYTES;
        let hash = hash.filter(|_| fits).cloned();
        let seen = hash.as_ref().map_or(0, PasswordHash::cost);
        let ceiling = self.ceiling.fetch_max(seen, Ordering::Relaxed).max(seen);
        let (password, bcrypt) = (password.clone(), self.bcrypt.clone());
        self.compute(move || bcrypt.verify_in_even_time(&password, hash.as_ref(), ceiling))
            .await
    }

    /// Whether a hash is cheaper than today's.
    pub(super) const fn is_outdated(&self, hash: &PasswordHash) -> bool {
        hash.cost() < self.cost
    }

    async fn compute<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, HashingError> {
        let place = self
            .places
            .clone()
            .try_acquire_owned()
            .map_err(|error| match error {
                TryAcquireError::NoPermits => HashingError::Busy,
                TryAcquireError::Closed => HashingError::Failed,
            })?;
        let turn = self
            .turns
            .clone()
            .acquire_owned()
            .await
            .map_err(|_| HashingError::Failed)?;
        let (sender, result) = oneshot::channel();
        thread::Builder::new()
            .name("bcrypt".to_owned())
            .spawn(move || {
                // Where the system refuses, the hash is computed all the same.
                let _ = set_current_thread_priority(ThreadPriority::Min);
                // The place is free before the result is out, also after a panic.
                let held = (turn, place);
                let result = work();
                drop(held);
                let _ = sender.send(result);
            })
            .map_err(|_| HashingError::Failed)?;
        result.await.map_err(|_| HashingError::Failed)
    }
}

impl Bcrypt {
    fn hash(&self, password: &Password, cost: u32) -> Option<PasswordHash> {
        self.computed(cost);
        let text = bcrypt::hash(password.expose_secret(), cost).ok()?;
        PasswordHash::parse(&text).ok()
    }

    fn verify_in_even_time(
        &self,
        password: &Password,
        hash: Option<&PasswordHash>,
        ceiling: u32,
    ) -> bool {
        let Some(hash) = hash else {
            self.spend(ceiling);
            return false;
        };
        match bcrypt::verify(password.expose_secret(), hash.as_str()) {
            Ok(true) => {
                self.computed(hash.cost());
                true
            }
            Ok(false) => {
                self.computed(hash.cost());
                // 2^c + 2^c + 2^(c+1) + … + 2^(ceiling-1) = 2^ceiling rounds.
                (hash.cost()..ceiling).for_each(|cost| self.spend(cost));
                false
            }
            // Not a hash after all: nothing was computed.
            Err(_) => {
                self.spend(ceiling);
                false
            }
        }
    }

    /// Takes the time of one hash of this cost.
    fn spend(&self, cost: u32) {
        self.computed(cost);
        let spent = bcrypt::hash_with_salt("nobody has this password", cost, [0x5a; 16]);
        std::hint::black_box(spent).ok();
    }

    #[cfg(not(test))]
    #[expect(clippy::unused_self, reason = "only tests count")]
    const fn computed(&self, _cost: u32) {}

    #[cfg(test)]
    fn computed(&self, cost: u32) {
        self.rounds.fetch_add(1 << cost, Ordering::SeqCst);
    }
}

#[cfg(test)]
impl PasswordHasher {
    /// How many rounds of bcrypt were computed so far.
    pub(super) fn rounds(&self) -> u64 {
        self.bcrypt.rounds.load(Ordering::SeqCst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hasher(cost: u32) -> PasswordHasher {
        PasswordHasher::new(HashingLimits {
            cost,
            at_once: 1,
            waiting: 1,
        })
    }

    #[tokio::test]
    async fn reads_back_72_bytes_and_refuses_73() {
        let hasher = hasher(4);
        let longest = Password::new("0123456789".repeat(7) + "ab");
        let hash = hasher.hash(&longest).await.unwrap();
        assert!(hasher.verify(&longest, Some(&hash)).await.unwrap());
        let longer = Password::new("0123456789".repeat(7) + "abc");
        assert!(!hasher.verify(&longer, Some(&hash)).await.unwrap());
    }

    #[tokio::test]
    async fn accepts_the_hashes_of_other_implementations() {
        let hasher = hasher(4);
        // Test vectors of crypt_blowfish ("U*U"), and the same under the other names.
        for prefix in ["$2a$05$", "$2b$05$", "$2y$05$"] {
            let text = format!("{prefix}CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW");
            let hash = PasswordHash::parse(&text).unwrap();
            assert!(
                hasher
                    .verify(&Password::new("U*U"), Some(&hash))
                    .await
                    .unwrap(),
                "{prefix}"
            );
            assert!(
                !hasher
                    .verify(&Password::new("U*V"), Some(&hash))
                    .await
                    .unwrap()
            );
        }
    }

    #[tokio::test]
    async fn one_too_many_is_told_to_come_back() {
        let hasher = hasher(4);
        let (release, gate) = std::sync::mpsc::channel::<()>();
        let blocked = tokio::spawn({
            let hasher = hasher.clone();
            async move { hasher.compute(move || gate.recv().is_ok()).await }
        });
        while hasher.turns.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        let waiting = tokio::spawn({
            let hasher = hasher.clone();
            async move { hasher.compute(|| ()).await }
        });
        while hasher.places.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(hasher.compute(|| ()).await, Err(HashingError::Busy));
        release.send(()).unwrap();
        assert_eq!(blocked.await.unwrap(), Ok(true));
        assert_eq!(waiting.await.unwrap(), Ok(()));
    }

    #[tokio::test]
    async fn a_computation_that_panics_gives_its_place_back() {
        let hasher = hasher(4);
        let failed = hasher.compute(|| -> () { panic!("a defect") }).await;
        assert_eq!(failed, Err(HashingError::Failed));
        assert_eq!(hasher.compute(|| 7).await, Ok(7));
    }

    #[tokio::test]
    async fn a_dearer_hash_raises_the_time_of_every_refusal() {
        let hasher = hasher(4);
        let dear = PasswordHash::parse(&bcrypt::hash("a", 6).unwrap()).unwrap();
        hasher
            .verify(&Password::new("b"), Some(&dear))
            .await
            .unwrap();
        assert_eq!(hasher.ceiling.load(Ordering::Relaxed), 6);
    }
}
