//! [`PauseStore`] in memory.

use async_trait::async_trait;

use super::MemoryStores;
use crate::integration::ClientId;
use crate::ports::{Pause, PauseStore, StoreError};
use crate::testing::StoreCall;
use crate::timestamp::Timestamp;

#[async_trait]
impl PauseStore for MemoryStores {
    async fn pause(&self, integration: &ClientId) -> Result<Option<Pause>, StoreError> {
        self.perform(StoreCall::PauseGet, |records| {
            Ok(records.pauses.get(integration).cloned())
        })
        .await
    }

    async fn prolong_pause(&self, pause: &Pause) -> Result<Pause, StoreError> {
        self.perform(StoreCall::PauseProlong, |records| {
            let standing = records
                .pauses
                .entry(pause.integration.clone())
                .or_insert_with(|| pause.clone());
            if standing.until <= pause.until {
                standing.clone_from(pause);
            }
            Ok(standing.clone())
        })
        .await
    }

    async fn clear_pause(
        &self,
        integration: &ClientId,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        self.perform(StoreCall::PauseClear, |records| {
            let standing = records.pauses.get(integration);
            let ends = standing.is_some_and(|pause| pause.until <= until);
            if ends {
                records.pauses.remove(integration);
            }
            Ok(ends)
        })
        .await
    }
}
