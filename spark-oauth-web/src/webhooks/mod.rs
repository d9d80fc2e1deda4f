//! Events over HTTP: signed webhooks, as [Standard Webhooks] describes them.
//!
//! What a receiver gets, and how it checks that, is in `README.md` beside this file.
//!
//! [Standard Webhooks]: https://www.standardwebhooks.com

mod answer;
mod client;
mod payload;
mod secrets;
#[cfg(test)]
mod tests;

pub use client::{WebhookClient, WebhookClientError};
pub use secrets::{InvalidWebhookSecret, WebhookSecrets};

/// The name of the destination in the store. It stays when the address changes.
pub const DESTINATION: &str = "webhook";
