//! How the tokens of the integration stand as a whole: what an operator looks at
//! first.

use std::sync::Arc;
use std::time::Duration;

use crate::application::Parts;
use crate::integration::ClientId;
use crate::ports::{Census, Clock, Pause, PauseStore, StoreError, TokenStore};
use crate::timestamp::Timestamp;

/// Looks over the tokens of the integration.
#[derive(Clone, Debug)]
pub struct OverviewService {
    tokens: Arc<dyn TokenStore>,
    pauses: Arc<dyn PauseStore>,
    clock: Arc<dyn Clock>,
    integration: ClientId,
}

/// How the tokens of the integration stand.
#[derive(Clone, Debug)]
pub struct Overview {
    /// When this was seen.
    pub at: Timestamp,
    /// How many tokens stand where.
    pub census: Census,
    /// The pause of the integration's refreshing, also one whose time is over but
    /// that no refresh has ended yet.
    pub pause: Option<Pause>,
    /// How many access tokens end when, in windows that follow each other from `at`.
    pub expiries: Vec<ExpiryWindow>,
}

/// How many active tokens have an access token that ends within a span of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExpiryWindow {
    /// The beginning of the span.
    pub from: Timestamp,
    /// Its end, which belongs to the next one.
    pub until: Timestamp,
    /// How many.
    pub tokens: u64,
}

impl OverviewService {
    pub(crate) fn new(parts: &Parts) -> Self {
        Self {
            tokens: parts.stores.tokens.clone(),
            pauses: parts.stores.pauses.clone(),
            clock: parts.clock.clone(),
            integration: parts.integration.client_id.clone(),
        }
    }

    /// Looks over everything, with `windows` spans of `width` each.
    ///
    /// # Errors
    /// The store's.
    pub async fn look(&self, windows: u32, width: Duration) -> Result<Overview, StoreError> {
        let at = self.clock.now();
        let census = self.tokens.census(&self.integration, at).await?;
        let mut expiries = Vec::new();
        for index in 0..windows {
            let from = at + width * index;
            let until = from + width;
            let tokens = self
                .tokens
                .count_expiring(&self.integration, from, until)
                .await?;
            expiries.push(ExpiryWindow {
                from,
                until,
                tokens,
            });
        }
        Ok(Overview {
            at,
            census,
            pause: self.pauses.pause(&self.integration).await?,
            expiries,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::PauseReason;
    use crate::testing::scene::scene;

    const HOUR: Duration = Duration::from_hours(1);

    #[tokio::test]
    async fn counts_what_ends_when_and_tells_of_a_pause() {
        let scene = scene().await;
        let token = scene.stored_token();
        let pause = Pause {
            integration: token.integration.clone(),
            reason: PauseReason::RateLimited,
            since: scene.clock.now(),
            until: scene.clock.now() + HOUR,
            trips: 1,
            summary: "the provider asks for fewer calls (HTTP 429)".to_owned(),
            tracking_id: None,
        };
        let stores = scene.stores.stores();
        stores.pauses.prolong_pause(&pause).await.unwrap();

        let left = token.remaining_life(scene.clock.now());
        let overview = scene.oauth.overview.look(2, left).await.unwrap();
        assert_eq!(overview.census.active, 1);
        assert_eq!(overview.pause, Some(pause));
        let counts: Vec<_> = overview.expiries.iter().map(|it| it.tokens).collect();
        assert_eq!(counts, [0, 1], "a window ends before its end");
    }
}
