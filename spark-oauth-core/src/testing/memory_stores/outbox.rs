//! [`Outbox`] in memory.

use std::collections::btree_map::Entry;
use std::num::NonZeroU16;

use async_trait::async_trait;

use super::MemoryStores;
use crate::ids::EventId;
use crate::ports::{Backlog, Outbox, OutboxEntry, StoreError};
use crate::testing::StoreCall;
use crate::timestamp::Timestamp;

#[async_trait]
impl Outbox for MemoryStores {
    async fn add_to_outbox(&self, entry: &OutboxEntry) -> Result<bool, StoreError> {
        self.perform(StoreCall::OutboxAdd, |records| {
            match records.outbox.entry(key(entry)) {
                Entry::Occupied(_) => Ok(false),
                Entry::Vacant(place) => {
                    place.insert(entry.clone());
                    Ok(true)
                }
            }
        })
        .await
    }

    async fn due_in_outbox(
        &self,
        now: Timestamp,
        limit: NonZeroU16,
        except: &[String],
    ) -> Result<Vec<OutboxEntry>, StoreError> {
        self.perform(StoreCall::OutboxDue, |records| {
            let entries = records.outbox.values();
            let mut due: Vec<_> = entries
                .filter(|entry| entry.next_at.has_passed(now))
                .filter(|entry| !except.contains(&entry.destination))
                .cloned()
                .collect();
            due.sort_by_key(|entry| entry.next_at);
            due.truncate(usize::from(limit.get()));
            Ok(due)
        })
        .await
    }

    async fn reschedule_in_outbox(
        &self,
        entry: &OutboxEntry,
        seen: Timestamp,
    ) -> Result<bool, StoreError> {
        self.perform(StoreCall::OutboxReschedule, |records| {
            let standing = records.outbox.get_mut(&key(entry));
            let Some(standing) = standing.filter(|standing| standing.next_at == seen) else {
                return Ok(false);
            };
            standing.next_at = entry.next_at;
            standing.attempts = entry.attempts;
            standing.last_error.clone_from(&entry.last_error);
            standing.endpoint.clone_from(&entry.endpoint);
            Ok(true)
        })
        .await
    }

    async fn remove_from_outbox(
        &self,
        event: EventId,
        destination: &str,
    ) -> Result<bool, StoreError> {
        self.perform(StoreCall::OutboxRemove, |records| {
            let key = (event, destination.to_owned());
            Ok(records.outbox.remove(&key).is_some())
        })
        .await
    }

    async fn resume_outbox(
        &self,
        destination: &str,
        unless_tried_at: Option<String>,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        self.perform(StoreCall::OutboxResume, |records| {
            let waiting = records.outbox.values_mut().filter(|entry| {
                entry.destination == destination
                    && entry.next_at > now
                    && (unless_tried_at.is_none() || entry.endpoint != unless_tried_at)
            });
            let mut resumed = 0;
            for entry in waiting {
                (entry.next_at, entry.attempts) = (now, 0);
                resumed += 1;
            }
            Ok(resumed)
        })
        .await
    }

    async fn backlog_in_outbox(&self, destination: &str) -> Result<Backlog, StoreError> {
        self.perform(StoreCall::OutboxBacklog, |records| {
            let entries = records.outbox.values();
            let mut waiting: Vec<_> = entries
                .filter(|entry| entry.destination == destination)
                .collect();
            waiting.sort_by_key(|entry| entry.next_at);
            Ok(Backlog {
                waiting: waiting.len() as u64,
                next_at: waiting.first().map(|entry| entry.next_at),
                failed: waiting
                    .into_iter()
                    .find(|entry| entry.last_error.is_some())
                    .cloned(),
            })
        })
        .await
    }

    async fn count_outbox(&self) -> Result<u64, StoreError> {
        self.perform(StoreCall::OutboxCount, |records| {
            Ok(records.outbox.len() as u64)
        })
        .await
    }
}

fn key(entry: &OutboxEntry) -> (EventId, String) {
    (entry.event.id, entry.destination.clone())
}
