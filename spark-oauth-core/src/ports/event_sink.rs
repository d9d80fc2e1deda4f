//! The ports that events leave by.

use std::fmt::Debug;
use std::time::Duration;

use async_trait::async_trait;

use crate::event::Event;

/// Hears of every event of this process, at once and at most once: a log, a metric.
///
/// What must not lose an event, and what takes time, is a [`Delivery`].
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
pub trait EventSink: Debug + Send + Sync + 'static {
    /// Takes note of an event that has become true. MUST NOT block.
    fn publish(&self, event: &Event);
}

/// Why a destination did not take an event. The texts hold no secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeliveryError {
    /// It did not take it now; it is offered again.
    #[error("{summary}")]
    Failed {
        /// What happened, in words for an operator.
        summary: String,
        /// How long the destination asked to be left alone.
        retry_after: Option<Duration>,
    },
    /// It says that it wants no event any more (410 Gone).
    #[error("{summary}")]
    Gone {
        /// What happened, in words for an operator.
        summary: String,
    },
}

/// Carries events to one destination outside.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait Delivery: Debug + Send + Sync + 'static {
    /// Hands the event to the destination of this name. `Ok` only where the
    /// destination has taken it over.
    ///
    /// MUST end within a time limit of its own, and MUST tell the destination the
    /// event's identifier, by which it knows an event that comes twice.
    ///
    /// # Errors
    /// [`DeliveryError`] says whether it is worth another try.
    async fn deliver(&self, destination: &str, event: &Event) -> Result<(), DeliveryError>;
}
