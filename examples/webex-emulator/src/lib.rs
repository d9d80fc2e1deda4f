//! A stand-in for the Webex provider, for tests and demonstrations.
//!
//! It speaks what spark-oauth needs of Webex: the OAuth endpoints with a page on
//! which a person accepts or declines, and the REST calls for people, rooms,
//! memberships, messages and authorizations. Everything lives in memory. Its
//! answers are checked against the vendor's own `OpenAPI` description.
//!
//! ```text
//!  browser ──▶ /v1/authorize ───┐
//!                               ▼
//!  client ───▶ /v1/access_token ──▶ Provider ◀── /_emulator/… ◀── tests, by HTTP
//!         ───▶ /v1/people/me, …   (in memory) ◀── methods      ◀── tests, in process
//! ```
//!
//! # In a test
//!
//! ```
//! use std::time::Duration;
//!
//! use webex_emulator::{Emulator, EmulatorOptions, Fault, Scopes};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let emulator = Emulator::start(EmulatorOptions::default()).await?;
//! let provider = emulator.provider();
//!
//! // A grant without a browser …
//! let tokens = provider.grant("alice@example.com", "C1", Scopes::parse("spark:all")?)?;
//! // … three failures before the token endpoint works …
//! provider.push_fault(Fault { status: Some(503), times: 3, ..Fault::on("POST /v1/access_token") })?;
//! // … and two weeks that pass at once.
//! provider.advance_clock(Duration::from_secs(14 * 24 * 3600));
//!
//! println!("the provider is at {}", emulator.base_url());
//! emulator.shutdown().await;
//! # Ok(())
//! # }
//! ```
//!
//! # In a process of one's own
//!
//! [`router`] is the whole emulator as a plain [`axum::Router`].
//!
//! # How it is built
//!
//! Each file holds one idea; the tables behind it (people, grants, rooms, faults)
//! have an index for each way in which they are looked up, and no lock is held
//! while something is awaited, so that load tests measure what they mean to.

mod calls;
mod clock;
mod control;
mod errors;
mod faults;
mod ids;
mod oauth;
mod page;
mod people;
mod provider;
mod random;
mod rest;
mod rooms;
mod router;
mod server;
mod settings;
mod stats;
mod strict_json;

pub use self::calls::UnknownCall;
pub use self::faults::{Cut, Fault, InvalidFault, PendingFault};
pub use self::oauth::client::Registration;
pub use self::oauth::grants::earlier::EarlierGrant;
pub use self::oauth::scopes::{InvalidScope, Scopes};
pub use self::oauth::tokens::TokenAnswer;
pub use self::people::{InvalidEmail, Person, parse_email};
pub use self::provider::Provider;
pub use self::rooms::{Membership, Message, Room, RoomKind, RoomSnapshot};
pub use self::router::router;
pub use self::server::{Emulator, EmulatorOptions};
pub use self::settings::Settings;
pub use self::stats::Stats;
