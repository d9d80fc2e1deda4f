//! spark-oauth as a library, inside somebody else's axum service.
//!
//! This service opens Webex rooms in the name of people who once agreed to that. It
//! has routes, answers and errors of its own, and uses neither the pages nor the
//! command line of spark-oauth. What it needs is `spark-oauth-core` and one store:
//!
//! ```text
//!  browser ── /connect ───────────▶ ConsentService ──▶ sealed token ─▶ SqliteStore
//!  browser ── /connect/callback ──▶                                        │
//!  backend ── /people/…/rooms ────▶ Broker::check_out ◀── valid token ─────┤
//!                                   Worker::run ──── refreshes in time ────┘
//! ```
//!
//! Read the files in this order:
//!
//! 1. `assemble`: what a [`SparkOauth`](spark_oauth_core::SparkOauth) is made of;
//! 2. `background`: the worker that keeps its tokens fresh, and what shows the process
//!    to others on the database;
//! 3. `connect`: two routes that carry a person's consent;
//! 4. `people`: routes that need a valid token;
//! 5. `failure`: what the errors of the library mean to a client.
//!
//! `cargo run -p embed` runs it with an emulator in place of Webex.

mod assemble;
mod background;
mod connect;
mod failure;
mod people;

use axum::Router;
use axum::extract::FromRef;
use spark_oauth_core::broker::Broker;
use spark_oauth_core::consent::ConsentService;

pub use assemble::{AssembleError, Assembled, Settings};
pub use connect::CALLBACK_PATH;

/// What the handlers of this service need. Each takes just the part it uses.
#[derive(Clone, Debug)]
pub struct AppState {
    consents: ConsentService,
    broker: Broker,
    webex: people::Webex,
}

impl FromRef<AppState> for ConsentService {
    fn from_ref(state: &AppState) -> Self {
        state.consents.clone()
    }
}

impl FromRef<AppState> for Broker {
    fn from_ref(state: &AppState) -> Self {
        state.broker.clone()
    }
}

impl FromRef<AppState> for people::Webex {
    fn from_ref(state: &AppState) -> Self {
        state.webex.clone()
    }
}

/// The routes of the service.
///
/// Those under `/people` act in other people's names: a real service lets only its
/// own users in there, as it does everywhere else. Serve it with connect info
/// (`into_make_service_with_connect_info`), so that one address cannot begin
/// consents without end.
pub fn router(assembled: &Assembled) -> Router {
    let state = AppState {
        consents: assembled.oauth.consents.clone(),
        broker: assembled.oauth.broker.clone(),
        webex: people::Webex(assembled.webex.clone()),
    };
    Router::new()
        .merge(connect::routes())
        .merge(people::routes())
        .with_state(state)
}

/// The code in the README is compiled, so that it stays true.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
mod readme {}
