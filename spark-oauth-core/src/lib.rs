//! The domain of spark-oauth: a person consents once, in a browser; from then on
//! your services hold a Webex token that is valid now.
//!
//! ```text
//!             drives                                 is driven by
//!  browser ─┐                ┌──────────────────┐              ┌─ spark-oauth-store-sqlite
//!  services ┼─ spark-oauth-  │ spark-oauth-core │  TokenStore  ├─ spark-oauth-store-mongo
//!  operator ┘  web (axum,    │ consent, broker, │  AdminStore ─┼─ your own store
//!              CLI)        ─▶│ refresh, admins, │  SparkClient │
//!  your service ────────────▶│ handoff, keyring │  Clock, …    └─ core::webex (reqwest)
//!                            └──────────────────┘
//! ```
//!
//! # The story of a token
//! 1. [`consent`] begins with a random `state` and a PKCE verifier, and ends with a
//!    code that is exchanged for tokens.
//! 2. [`keyring`] seals them: a store never sees a token, only bytes that open with
//!    a key which is not in it.
//! 3. [`token`] is the record: whose it is, what it is good for, where it stands in
//!    its life.
//! 4. [`broker`] hands it out, refreshes it when it does not live long enough, and
//!    revokes or removes it.
//! 5. [`handoff`] gives it to the requester in a Webex room.
//! 6. [`admins`] are those who may look on, [`api_keys`] what services show, and
//!    [`api_access`] what they may do under one.
//! 7. [`events`] tell others what happened, and lose nothing on the way.
//!
//! [`import`] begins in the middle: with what the Node.js sample kept.
//!
//! # Embedding
//! [`SparkOauth::builder`] takes an [`Integration`], a client of the provider, the
//! stores and the keys; the services are its public fields.
//!
//! ```
//! use std::error::Error;
//! use std::sync::Arc;
//! use std::time::Duration;
//!
//! use spark_oauth_core::audit::Caller;
//! use spark_oauth_core::keyring::KeyRing;
//! use spark_oauth_core::ports::{SparkClient, Stores, SystemRandom};
//! use spark_oauth_core::{Integration, SparkOauth, TokenId};
//!
//! /// `stores` is `Stores::of(SqliteStore::open_path("tokens.db").await?)`, or your
//! /// own; `client` is a `webex::WebexClient`, or a stand-in.
//! async fn access_token(
//!     integration: Integration,
//!     client: Arc<dyn SparkClient>,
//!     stores: Stores,
//!     keys: &str,
//!     id: TokenId,
//! ) -> Result<String, Box<dyn Error>> {
//!     let ring = KeyRing::parse(keys, Arc::new(SystemRandom))?;
//!     let oauth = SparkOauth::builder(integration, client, stores, ring).build().await?;
//!     let caller = Caller::service("nightly report");
//!     let token = oauth.broker.check_out(id, Duration::from_secs(60), &caller).await?;
//!     Ok(token.access_token.expose_secret().to_owned())
//! }
//! ```
//!
//! Tokens are refreshed when they are asked for. To have them fresh at any moment, let
//! [`SparkOauth::worker`] run beside your service, give the builder a
//! [`journal`](journal::FileJournal), and let [`SparkOauth::presence`] show the process
//! to commands that work on the same store.
//!
//! # A store of your own
//! Implement the traits in [`ports`]: their docs say what each method MUST do. One
//! type that implements them all becomes [`Stores`](ports::Stores) by
//! [`Stores::of`](ports::Stores::of). The feature `conformance` has the tests that
//! every store must pass; stamp them into your own test binary with
//! `store_conformance!`.
//!
//! # Features
//! - `webex` (default): the client of the real provider, `webex::WebexClient`.
//! - `client`: the client of spark-oauth's own HTTP API, `client::TokenClient`.
//! - `conformance`: the test suite for stores.
//! - `testing`: mocked ports, a clock that stands still, a seeded source of
//!   randomness, stores in memory and a provider by script, for the tests of those
//!   who embed.

mod addresses;
pub mod admins;
pub mod api_access;
pub mod api_keys;
mod application;
pub mod audit;
mod auditor;
pub mod broker;
#[cfg(feature = "client")]
pub mod client;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod consent;
pub mod consent_links;
mod corrected_clock;
mod detached;
mod email;
pub mod event;
pub mod events;
mod gauges;
pub mod handoff;
mod hidden;
#[cfg(feature = "webex")]
pub mod http_client;
mod ids;
pub mod import;
mod integration;
pub mod journal;
pub mod key_rotation;
pub mod keyring;
mod measured;
mod network;
mod observed_client;
pub mod overview;
mod patience;
mod person;
pub mod ports;
pub mod presence;
mod recent;
mod scopes;
mod secret;
pub mod store_copy;
mod store_health;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod timestamp;
pub mod token;
mod vault;
mod watched_tokens;
#[cfg(feature = "webex")]
pub mod webex;

pub use application::{SparkOauth, SparkOauthBuilder};
pub use corrected_clock::ClockState;
pub use email::{EmailAddress, InvalidEmail};
pub use gauges::{Counted, Gauges};
pub use hidden::is_hidden;
pub use ids::{
    AdminId, ApiKeyId, AuditId, ClockId, ConsentLinkId, EventId, InvalidId, ProcessId, TokenId,
};
pub use integration::{ClientId, Integration, InvalidRedirectUri, RedirectUri};
pub use measured::SPAN_TARGET;
pub use person::{Person, PersonId};
pub use scopes::{InvalidScope, Scopes};
pub use secret::{
    AccessToken, ApiKeySecret, AuthorizationCode, ClientSecret, Password, RefreshToken, SetUpCode,
};
pub use timestamp::{InvalidTimestamp, Timestamp};
pub use vault::VaultError;
