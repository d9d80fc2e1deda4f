//! What the engine does, as metrics for Prometheus.
//!
//! Labels are few and fixed: no token, no person, no address of a receiver. Every
//! metric is described in `README.md` beside this file.

mod engine;
mod events;

pub(crate) use engine::{EngineMetrics, describe_engine, register_engine};
pub(crate) use events::EventCounter;
