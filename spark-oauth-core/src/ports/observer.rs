//! The port for those who measure: what the engine does, in numbers.

use std::fmt::{self, Debug};
use std::time::Duration;

use crate::ports::{Census, ErrorClass, Pause};
use crate::timestamp::Timestamp;
use crate::token::RefreshTrigger;

/// How a refresh ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RefreshOutcome {
    /// The provider gave new tokens, and they are stored.
    Refreshed,
    /// The token was fresh already: the provider was not called.
    AlreadyFresh,
    /// Somebody else was faster: a consent, a revocation, another process.
    LostRace,
    /// It failed; the class decides the consequence.
    Failed(ErrorClass),
}

impl RefreshOutcome {
    /// Every outcome, and every class of one that failed.
    pub const ALL: [Self; 7] = [
        Self::Refreshed,
        Self::AlreadyFresh,
        Self::LostRace,
        Self::Failed(ErrorClass::Passing),
        Self::Failed(ErrorClass::Person),
        Self::Failed(ErrorClass::Application),
        Self::Failed(ErrorClass::Ours),
    ];

    /// The outcome in a word, for a label.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Refreshed => "refreshed",
            Self::AlreadyFresh => "already_fresh",
            Self::LostRace => "lost_race",
            Self::Failed(_) => "failed",
        }
    }

    /// The class of the error in a word, for a label; `none` without one.
    pub const fn class(self) -> &'static str {
        match self {
            Self::Failed(ErrorClass::Passing) => "passing",
            Self::Failed(ErrorClass::Person) => "person",
            Self::Failed(ErrorClass::Application) => "application",
            Self::Failed(ErrorClass::Ours) => "ours",
            Self::Refreshed | Self::AlreadyFresh | Self::LostRace => "none",
        }
    }
}

/// How a delivery of an event ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DeliveryOutcome {
    /// The destination took the event.
    Delivered,
    /// It did not; it is offered again.
    Failed,
    /// It never did, and is not asked again: the event is lost to it.
    GivenUp,
}

impl DeliveryOutcome {
    /// Every outcome.
    pub const ALL: [Self; 3] = [Self::Delivered, Self::Failed, Self::GivenUp];
}

impl fmt::Display for DeliveryOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::GivenUp => "given_up",
        })
    }
}

/// The calls to the provider, as [`Observer::provider_called`] names them.
pub const PROVIDER_CALLS: [&str; 9] = [
    "exchange_code",
    "refresh",
    "me",
    "revoke",
    "create_room",
    "delete_room",
    "add_member",
    "post_message",
    "message_person",
];

/// The code that [`Observer::provider_called`] gets if there is no HTTP status.
pub const PROVIDER_CODES: [&str; 5] = ["ok", "unreachable", "timed_out", "unreadable", "other"];

/// Takes note of what the engine does. No method may block or fail.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
pub trait Observer: Debug + Send + Sync + 'static {
    /// A refresh ended, `took` after it was begun, waiting for a lease included.
    fn refresh_ended(&self, trigger: RefreshTrigger, outcome: RefreshOutcome, took: Duration);

    /// Somebody waited for a lease that another process held; `got` says whether
    /// the wait ended in the lease or a fresh token, or was given up.
    fn lease_waited(&self, took: Duration, got: bool);

    /// A refresh was found that a process began and never ended.
    fn refresh_interrupted(&self);

    /// So many answers of the provider wait in this process's journal.
    fn journal_length(&self, entries: usize);

    /// The provider was called: `call` is one of [`PROVIDER_CALLS`], the port's method; `code` is the HTTP
    /// status of a refusal, `ok`, or why there was no answer, in a word.
    fn provider_called(&self, call: &'static str, code: &str, took: Duration);

    /// The pause of the integration that stands now; `None` where none does.
    fn pause_stands(&self, pause: Option<Pause>);

    /// The tokens of the integration, as they were counted at `now`. Of the active
    /// ones, the access tokens of `overdue` had ended by then.
    fn tokens_counted(&self, census: &Census, overdue: u64, now: Timestamp);

    /// The number of parked tokens: other integrations than the configured one obtained
    /// them.
    fn tokens_parked(&self, tokens: u64);

    /// So many events wait in the store's outbox.
    fn outbox_length(&self, entries: u64);

    /// A try to deliver an event ended, `took` after it was begun.
    fn delivery_ended(&self, destination: &str, outcome: DeliveryOutcome, took: Duration);

    /// Whether this process has suspended a destination, after each try.
    fn destination_suspended(&self, destination: &str, suspended: bool);

    /// So many events of a record were dropped, since too many waited in it.
    fn events_dropped(&self, events: usize);
}

/// Looks away: the observer of those who measure nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unobserved;

impl Observer for Unobserved {
    fn refresh_ended(&self, _: RefreshTrigger, _: RefreshOutcome, _: Duration) {}
    fn lease_waited(&self, _: Duration, _: bool) {}
    fn refresh_interrupted(&self) {}
    fn journal_length(&self, _: usize) {}
    fn provider_called(&self, _: &'static str, _: &str, _: Duration) {}
    fn pause_stands(&self, _: Option<Pause>) {}
    fn tokens_counted(&self, _: &Census, _: u64, _: Timestamp) {}
    fn tokens_parked(&self, _: u64) {}
    fn outbox_length(&self, _: u64) {}
    fn delivery_ended(&self, _: &str, _: DeliveryOutcome, _: Duration) {}
    fn destination_suspended(&self, _: &str, _: bool) {}
    fn events_dropped(&self, _: usize) {}
}
