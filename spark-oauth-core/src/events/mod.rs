//! Events on their way: from the change that they tell of to whoever wants to know.
//!
//! ```text
//!            ┌ the change and its event, ┐   relay    ┌ the outbox, ┐  courier
//!  a change ─┤ in one atomic write of    ├──────────▶│ in the store├─────────▶ Delivery
//!      │     └ the token's record        ┘            └             ┘
//!      └─ once the write is durable ──────────────────────────────────────────▶ EventSink
//! ```
//!
//! - An [`EventSink`](crate::ports::EventSink) hears at once of what this process
//!   did: the log ([`EventLog`]), metrics. A crash may cost it an event.
//! - A [`Destination`] loses none. Its events are written with the change that they
//!   tell of, moved to the outbox by the relay, and offered to its
//!   [`Delivery`](crate::ports::Delivery) until it takes them or about three days
//!   have passed. It may be given an event twice: the identifier is the same then,
//!   also where two processes or two tries told of the same change.
//!
//! Relay and courier run as [`EventService::run`]; any number of processes share the
//! work without a leader.

mod back_off;
mod courier;
mod destination;
mod health;
mod identity;
mod log;
mod offer;
mod raise;
mod relay;
mod service;
#[cfg(test)]
mod tests;

pub use destination::Destination;
pub use log::EventLog;
pub use service::{DeliveryTrouble, DestinationStatus, EventService};

pub(crate) use destination::Outlets;
pub(crate) use raise::Events;
