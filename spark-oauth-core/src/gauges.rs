//! What only the store knows, told to the observer now and then: a scrape of the
//! metrics costs no query.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::sleep;

use crate::application::Parts;
use crate::integration::ClientId;
use crate::ports::{Census, Clock, Observer, Outbox, PauseStore, StoreError, TokenStore};
use crate::timestamp::Timestamp;

/// How often.
const EVERY: Duration = Duration::from_secs(20);

/// Counts tokens and events in the store, for the observer.
#[derive(Clone, Debug)]
pub struct Gauges {
    integration: ClientId,
    tokens: Arc<dyn TokenStore>,
    outbox: Arc<dyn Outbox>,
    pauses: Arc<dyn PauseStore>,
    clock: Arc<dyn Clock>,
    observer: Arc<dyn Observer>,
    last: Arc<Mutex<Option<Counted>>>,
}

/// What was counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    /// When.
    pub at: Timestamp,
    /// How many tokens stand where.
    pub census: Census,
    /// How many active tokens have an access token that has ended.
    pub overdue: u64,
    /// How many tokens are parked, by the client ID that obtained them.
    pub parked: Vec<(ClientId, u64)>,
}

impl Gauges {
    pub(crate) fn new(parts: &Parts) -> Self {
        Self {
            integration: parts.integration.client_id.clone(),
            tokens: parts.stores.tokens.clone(),
            outbox: parts.stores.outbox.clone(),
            pauses: parts.stores.pauses.clone(),
            clock: Arc::new(parts.corrected.clone()),
            observer: parts.observer.clone(),
            last: Arc::default(),
        }
    }

    /// What was counted last; `None` before the first time.
    pub fn last(&self) -> Option<Counted> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.clone()
    }

    /// Counts every 20 seconds, until `stop` is ready. A store that fails is asked
    /// again at the next turn; what was counted last stands until then.
    pub async fn run(self, stop: impl Future<Output = ()> + Send) {
        let counting = async {
            loop {
                if let Err(error) = self.count().await {
                    tracing::debug!(%error, "the tokens could not be counted");
                }
                sleep(EVERY).await;
            }
        };
        tokio::select! {
            biased;
            () = stop => {}
            () = counting => {}
        }
    }

    /// Counts once.
    ///
    /// # Errors
    /// The store's.
    pub async fn count(&self) -> Result<(), StoreError> {
        let now = self.clock.now();
        let pause = self.pauses.pause(&self.integration).await?;
        self.observer.pause_stands(pause);
        self.observer
            .outbox_length(self.outbox.count_outbox().await?);
        let census = self.tokens.census(&self.integration, now).await?;
        let overdue = self
            .tokens
            .count_expiring(&self.integration, Timestamp::EPOCH, now)
            .await?;
        self.observer.tokens_counted(&census, overdue, now);
        let parked = self.tokens.count_of_others(&self.integration).await?;
        self.observer
            .tokens_parked(parked.iter().map(|(_, tokens)| tokens).sum());
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let known = last.as_ref().map_or(&[][..], |counted| &counted.parked);
        if known != parked {
            self.warn_of_parked(&parked);
        }
        *last = Some(Counted {
            at: now,
            census,
            overdue,
            parked,
        });
        Ok(())
    }

    /// Tokens of an integration without configured credentials are not refreshed.
    fn warn_of_parked(&self, parked: &[(ClientId, u64)]) {
        let own = self.integration.as_str();
        for (integration, tokens) in parked {
            let other = integration.as_str().trim();
            let hint = if other.eq_ignore_ascii_case(own.trim()) {
                "; it differs from the configured one only in case or spaces"
            } else {
                ""
            };
            tracing::warn!(
                %integration,
                tokens,
                configured = own,
                "tokens parked: their client ID is not configured{hint}; configure that \
                 integration, or ask these people to consent again"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::MockObserver;
    use crate::testing::scene::{HOUR, MINUTE, NOW, scene_with};
    use crate::testing::{StoreCall, StoreFault};
    use crate::token::{RevokedBy, Status};

    #[tokio::test]
    async fn what_stands_in_the_store_is_told() {
        let mut watcher = MockObserver::new();
        watcher
            .expect_pause_stands()
            .withf(Option::is_none)
            .times(2)
            .return_const(());
        watcher
            .expect_outbox_length()
            .withf(|entries| *entries == 0)
            .times(2)
            .return_const(());
        watcher
            .expect_tokens_parked()
            .withf(|tokens| *tokens == 1)
            .once()
            .return_const(());
        watcher
            .expect_tokens_counted()
            .withf(|census, overdue, now| {
                (census.active, census.revoked, census.due, *overdue) == (2, 1, 1, 1)
                    && census.oldest_due_at.map(|due| now.since(due)) == Some(MINUTE)
            })
            .once()
            .return_const(());
        let scene = scene_with(|builder| builder.observer(Arc::new(watcher))).await;
        let mut ended = scene.token_of("ann", "a");
        ended.access_expires_at = NOW - MINUTE;
        ended.upkeep.due_at = Some(NOW - MINUTE);
        let living = scene.token_of("bob", "a");
        let mut revoked = scene.token_of("cat", "a");
        revoked.access_expires_at = NOW - HOUR;
        let by = RevokedBy::Admin;
        revoked.status = Status::Revoked { by, at: NOW };
        let mut foreign = scene.token_of("dan", "a");
        foreign.integration = ClientId::new("c0FFEE");
        for token in [ended, living, revoked, foreign] {
            scene.stores.put_token(token);
        }
        assert_eq!(scene.oauth.gauges.last(), None);
        scene.oauth.gauges.count().await.unwrap();
        let counted = scene.oauth.gauges.clone().last().unwrap();
        assert_eq!((counted.census.active, counted.overdue), (2, 1));
        assert_eq!(counted.parked, [(ClientId::new("c0FFEE"), 1)]);
        scene
            .stores
            .fail(StoreCall::TokenCensus, StoreFault::Away, 1);
        scene.oauth.gauges.count().await.unwrap_err();
        assert_eq!(scene.oauth.gauges.last(), Some(counted));
    }
}
