//! [`ProcessRegistry`] in memory.

use async_trait::async_trait;

use super::MemoryStores;
use crate::ids::ProcessId;
use crate::ports::{ProcessRecord, ProcessRegistry, StoreError};
use crate::testing::StoreCall;
use crate::timestamp::Timestamp;

#[async_trait]
impl ProcessRegistry for MemoryStores {
    async fn announce_process(&self, process: &ProcessRecord) -> Result<(), StoreError> {
        self.perform(StoreCall::ProcessAnnounce, |records| {
            records.processes.insert(process.id, process.clone());
            Ok(())
        })
        .await
    }

    async fn processes(&self) -> Result<Vec<ProcessRecord>, StoreError> {
        self.perform(StoreCall::ProcessList, |records| {
            Ok(records.processes.values().cloned().collect())
        })
        .await
    }

    async fn withdraw_process(&self, id: ProcessId) -> Result<bool, StoreError> {
        self.perform(StoreCall::ProcessWithdraw, |records| {
            Ok(records.processes.remove(&id).is_some())
        })
        .await
    }

    async fn remove_expired_processes(&self, now: Timestamp) -> Result<u64, StoreError> {
        self.perform(StoreCall::ProcessRemoveExpired, |records| {
            let before = records.processes.len();
            records
                .processes
                .retain(|_, process| !process.expires_at.has_passed(now));
            Ok((before - records.processes.len()) as u64)
        })
        .await
    }
}
