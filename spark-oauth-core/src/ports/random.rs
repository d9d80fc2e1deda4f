//! Randomness, as a port.

use std::fmt::Debug;

/// Gives unpredictable bytes.
pub trait Random: Debug + Send + Sync + 'static {
    /// Fills `bytes`.
    fn fill(&self, bytes: &mut [u8]);
}

/// The operating system's source.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    /// # Panics
    /// Where the operating system has no randomness: nothing that needs a secret
    /// may go on then.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that asks the system"
    )]
    #[expect(
        clippy::expect_used,
        reason = "a process without randomness must not go on"
    )]
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the operating system gives randomness");
    }
}

/// A reproducible source for tests: never for secrets.
#[cfg(any(test, feature = "testing"))]
#[derive(Debug)]
pub struct SeededRandom(std::sync::Mutex<u64>);

#[cfg(any(test, feature = "testing"))]
impl SeededRandom {
    /// A source that gives the same bytes for the same seed.
    pub const fn new(seed: u64) -> Self {
        Self(std::sync::Mutex::new(seed))
    }
}

#[cfg(any(test, feature = "testing"))]
impl Random for SeededRandom {
    /// The generator is `SplitMix64`.
    fn fill(&self, bytes: &mut [u8]) {
        let mut state = self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        for chunk in bytes.chunks_mut(8) {
            *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = *state;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^= z >> 31;
            chunk.copy_from_slice(&z.to_be_bytes()[..chunk.len()]);
        }
    }
}
