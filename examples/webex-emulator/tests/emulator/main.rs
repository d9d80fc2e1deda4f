//! The emulator from outside: over HTTP, as its users meet it.

#![expect(
    clippy::unwrap_used,
    reason = "where a test's own step fails, the test is to fail there"
)]

mod code_flow;
mod command;
mod control;
mod device_flow;
mod expiry;
mod faults;
mod harness;
mod lists;
mod load;
mod openapi;
mod pages;
mod refresh;
mod rest;
mod scopes;
mod shutdown;
mod token_refusals;
