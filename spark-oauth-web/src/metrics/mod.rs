//! What the engine does, as metrics for Prometheus.
//!
//! Labels are few and fixed: no token, no person, no address of a receiver. The
//! names are in the README of the repository.

mod engine;
mod events;

pub(crate) use engine::{EngineMetrics, describe_engine};
pub(crate) use events::EventCounter;
