//! What keeps a token fresh without anybody asking, and what happened on the way.

use crate::event::Event;
use crate::timestamp::Timestamp;

/// What the background worker goes by, and what it has seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Upkeep {
    /// When the background worker visits the token next; `None` where it never
    /// does, as for a token that is not active. Every write sets it anew.
    pub due_at: Option<Timestamp>,
    /// How many refreshes failed in a row; zero after one that succeeded.
    pub failures: u32,
    /// Before this time nobody but an admin tries again: the back-off after a
    /// failure that will pass.
    pub retry_at: Option<Timestamp>,
    /// How often somebody else was faster: the provider refused a refresh token
    /// that had been replaced meanwhile, or an answer came too late to be written.
    pub lost_races: u64,
    /// How often a refresh was begun and its end was never written: a process that
    /// ended in between, or an answer that was lost on its way. With a provider
    /// that rotates refresh tokens, the new one may be lost with it.
    pub interrupted: u64,
    /// When the person's admins were told that the refresh token will end; `None`
    /// where they need not be told, or again not after it was renewed.
    pub expiry_warned_at: Option<Timestamp>,
    /// What happened to the token and is not in the [`Outbox`](crate::ports::Outbox)
    /// yet, oldest first. It is written together with the change that it tells of,
    /// so that a crash loses no event.
    pub events: Vec<Event>,
}
