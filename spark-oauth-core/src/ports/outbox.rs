//! The port for events on their way out: none is lost in a crash.

#![cfg_attr(
    any(test, feature = "testing"),
    expect(
        clippy::struct_field_names,
        reason = "the mock's fields are named like the methods"
    )
)]

use std::fmt::Debug;
use std::num::NonZeroU16;

use async_trait::async_trait;

use crate::event::Event;
use crate::ids::{EventId, TokenId};
use crate::ports::StoreError;
use crate::timestamp::Timestamp;

/// An event on its way to a destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxEntry {
    /// The event.
    pub event: Event,
    /// Where to: the name of a destination in the configuration.
    pub destination: String,
    /// When it is delivered, or tried again. Whoever takes an entry moves this on
    /// first, so that nobody else takes it meanwhile.
    pub next_at: Timestamp,
    /// How often it was tried.
    pub attempts: u32,
    /// Why the last try failed, in words; holds no secret.
    pub last_error: Option<String>,
    /// The endpoint of the last try, as
    /// [`Destination::endpoint`](crate::events::Destination::endpoint) names it.
    pub endpoint: Option<String>,
    /// The event tells of a removal that was about to happen when it was written:
    /// it is delivered only where this record is gone.
    pub awaits_removal_of: Option<TokenId>,
}

/// The queue of one destination.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// How many entries wait, due or not.
    pub waiting: u64,
    /// The earliest `next_at` of all of them.
    pub next_at: Option<Timestamp>,
    /// Of the entries whose last attempt failed, the one that is attempted next.
    pub failed: Option<OutboxEntry>,
}

/// Keeps events until they are delivered. An entry is known by its event's
/// identifier and its destination, whose name is compared as it is. Each write is one
/// atomic change of one entry.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait Outbox: Debug + Send + Sync + 'static {
    /// Adds an entry, durably; `false` where this event to this destination stands
    /// already, which is left as it is. Of several that come at once exactly one is
    /// answered `true`.
    ///
    /// # Errors
    /// The store's own.
    async fn add_to_outbox(&self, entry: &OutboxEntry) -> Result<bool, StoreError>;

    /// Up to `limit` entries whose `next_at` is `now` or earlier, the longest due
    /// first; those that are due since the same time in any order. Entries of the
    /// destinations in `except` are left out.
    ///
    /// # Errors
    /// The store's own.
    async fn due_in_outbox(
        &self,
        now: Timestamp,
        limit: NonZeroU16,
        except: &[String],
    ) -> Result<Vec<OutboxEntry>, StoreError>;

    /// Replaces `next_at`, `attempts`, `last_error` and `endpoint` of an entry where its
    /// `next_at` still is `seen`; `false` where it is another, or the entry is gone.
    /// The event and `awaits_removal_of` stay as they were added.
    ///
    /// MUST be one atomic operation: of several callers who saw the same time, and
    /// move it on, exactly one is answered `true`.
    ///
    /// # Errors
    /// The store's own.
    async fn reschedule_in_outbox(
        &self,
        entry: &OutboxEntry,
        seen: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Removes an entry; `false` where it is not there. Of several callers at once
    /// exactly one is answered `true`.
    ///
    /// # Errors
    /// The store's own.
    async fn remove_from_outbox(
        &self,
        event: EventId,
        destination: &str,
    ) -> Result<bool, StoreError>;

    /// Makes the entries of a destination due `now` that wait for a later time, with
    /// `attempts` 0, and answers how many. With `unless_tried_at`, entries whose last try
    /// was at that endpoint are left as they are.
    ///
    /// # Errors
    /// The store's own.
    async fn resume_outbox(
        &self,
        destination: &str,
        unless_tried_at: Option<String>,
        now: Timestamp,
    ) -> Result<u64, StoreError>;

    /// The queue of a destination.
    ///
    /// # Errors
    /// The store's own.
    async fn backlog_in_outbox(&self, destination: &str) -> Result<Backlog, StoreError>;

    /// How many entries wait, due or not.
    ///
    /// # Errors
    /// The store's own.
    async fn count_outbox(&self) -> Result<u64, StoreError>;
}
