//! What only the store knows, told to the observer now and then: a scrape of the
//! metrics costs no query.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use crate::application::Parts;
use crate::integration::ClientId;
use crate::ports::{Clock, Observer, Outbox, PauseStore, StoreError, TokenStore};

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
}

impl Gauges {
    pub(crate) fn new(parts: &Parts) -> Self {
        Self {
            integration: parts.integration.client_id.clone(),
            tokens: parts.stores.tokens.clone(),
            outbox: parts.stores.outbox.clone(),
            pauses: parts.stores.pauses.clone(),
            clock: parts.clock.clone(),
            observer: parts.observer.clone(),
        }
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
        self.observer.tokens_counted(&census, now);
        Ok(())
    }
}
