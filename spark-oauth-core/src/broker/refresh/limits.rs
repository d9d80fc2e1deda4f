//! The times that bound a refresh.

use std::time::Duration;

/// The times that bound a refresh.
#[derive(Clone, Copy, Debug)]
pub struct RefreshLimits {
    /// How long a lease lasts; it is extended for as long as it is needed. It must
    /// outlive the provider client's own time limit.
    pub lease: Duration,
    /// How long a caller waits for another process that refreshes the token.
    pub wait: Duration,
    /// A token that was refreshed this recently and still lives is answered as it
    /// is: nobody can make us hammer the provider.
    pub quiet: Duration,
    /// How long callers wait for a store that fails to take an answer of the
    /// provider, where there is no journal to keep it. New tokens are offered to the
    /// store for as long as the process lives.
    pub write: Duration,
    /// How long a refresh that another process began and never ended is left alone:
    /// counted from when this process first saw its marker, and from when it last saw
    /// the store fail.
    /// A late write of the other process is not overtaken then. Not needed where
    /// the [`Journal`](crate::ports::Journal) tells that the process has ended.
    pub recovery_grace: Duration,
    /// A process takes over a lease that it has seen unchanged for the lease's duration
    /// plus this time. The clocks of other processes do not matter.
    pub skew: Duration,
    /// How long a checkout believes a record that was read, and does not ask the store
    /// again: so much later is seen what another process changed. Zero (the default)
    /// for asking each time.
    pub believed_for: Duration,
}

impl Default for RefreshLimits {
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(90),
            wait: Duration::from_secs(10),
            quiet: Duration::from_secs(30),
            write: Duration::from_mins(1),
            recovery_grace: Duration::from_mins(1),
            skew: Self::DEFAULT_SKEW,
            believed_for: Duration::ZERO,
        }
    }
}

/// What a lease lasts beyond the longest call under it: claim, marker and write.
const BESIDE_THE_CALL: Duration = Duration::from_secs(30);

impl RefreshLimits {
    /// By how much the clocks of two processes may differ, unless said otherwise.
    pub const DEFAULT_SKEW: Duration = Duration::from_secs(5);

    /// Lets a lease outlive a call to the provider that may take as long as this: its
    /// client's own time limit. Never shortens it.
    #[must_use]
    pub fn outliving(mut self, longest_call: Duration) -> Self {
        let needed = longest_call
            .saturating_mul(2)
            .saturating_add(BESIDE_THE_CALL);
        self.lease = self.lease.max(needed);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_outlives_every_call() {
        let usual = RefreshLimits::default();
        for seconds in [1, 20, 60, 600] {
            let call = Duration::from_secs(seconds);
            let limits = usual.outliving(call);
            assert!(limits.lease > call + call / 2 && limits.lease >= usual.lease);
        }
        assert_eq!(usual.outliving(Duration::MAX).lease, Duration::MAX);
    }
}
