//! The web adapter of spark-oauth: pages for people and admins, and the binary.
//!
//! The rules are core's; this crate turns requests into calls and answers into
//! pages. From the configuration to the answer:
//!
//! 1. [`config`] reads `conf/config.json` and the environment, and names every mistake;
//! 2. [`launch`] opens the store and the vault, and builds the services;
//! 3. `router` merges the routes of people, admins and health checks, with the
//!    layers that all of them share: request IDs, security headers, error pages,
//!    time and body limits, cross-site checks and sessions;
//! 4. `routes` holds one use case in one file; each takes just the parts it uses;
//! 5. `api` is the HTTP API for services, with layers of its own;
//! 6. [`pages`] are the view structs and templates.
//!
//! [`webhooks`] tell others of events. [`commands`] is what the binary does, and [`logging`] what it says.

mod api;
pub mod cli;
pub mod commands;
pub mod config;
mod http;
pub mod launch;
pub mod logging;
mod metrics;
pub mod moments;
pub mod pages;
pub mod prompt;
mod router;
mod routes;
mod session;
mod site;
mod state;
pub mod telemetry;
pub mod webhooks;
