//! The port for the pause of a whole integration: every replica keeps it.

use std::fmt::{self, Debug};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::integration::ClientId;
use crate::ports::{StoreError, TrackingId};
use crate::timestamp::Timestamp;

/// Why the refreshing of an integration pauses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PauseReason {
    /// The provider asked for fewer calls (429, 423, or `Retry-After`).
    RateLimited,
    /// The provider failed again and again.
    Outage,
    /// The provider refuses the integration: its identifier, secret or redirect URI.
    IntegrationRefused,
}

impl fmt::Display for PauseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::RateLimited => "rate_limited",
            Self::Outage => "outage",
            Self::IntegrationRefused => "integration_refused",
        })
    }
}

/// A pause of the refreshing of all tokens of one integration. It never stops a
/// consent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// The integration.
    pub integration: ClientId,
    /// Why.
    pub reason: PauseReason,
    /// When it began.
    pub since: Timestamp,
    /// When it may be tried again. The pause is over when a try succeeds, and
    /// [`PauseStore::clear_pause`] takes it away.
    pub until: Timestamp,
    /// When it began or was last prolonged, by the same clock as `until`. The time between
    /// the two is its length, which also holds for a process whose clock differs.
    pub counted_from: Timestamp,
    /// How many times in a row it was prolonged, counted from 1.
    pub trips: u32,
    /// What the provider said, in words for an admin; holds no secret.
    pub summary: String,
    /// The provider's reference of the call.
    pub tracking_id: Option<TrackingId>,
}

/// Keeps the pauses of integrations: one for each at most.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait PauseStore: Debug + Send + Sync + 'static {
    /// The pause of this integration, also one whose `until` has passed: it stands
    /// until it is cleared.
    ///
    /// # Errors
    /// The store's own.
    async fn pause(&self, integration: &ClientId) -> Result<Option<Pause>, StoreError>;

    /// Begins or prolongs a pause, and answers the one that stands now.
    ///
    /// MUST be one atomic operation that replaces the pause where none stands or
    /// the one that stands ends no later: of several that come at once, the one
    /// that ends last stays. It is replaced as a whole, `since` and `trips` too.
    ///
    /// # Errors
    /// The store's own.
    async fn prolong_pause(&self, pause: &Pause) -> Result<Pause, StoreError>;

    /// Ends the pause of this integration, where it ends no later than `until`:
    /// one that somebody prolonged meanwhile stays. `false` where nothing was
    /// taken away. MUST be one atomic operation: of several callers at once exactly
    /// one is answered `true`.
    ///
    /// # Errors
    /// The store's own.
    async fn clear_pause(
        &self,
        integration: &ClientId,
        until: Timestamp,
    ) -> Result<bool, StoreError>;
}
