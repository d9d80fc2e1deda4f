//! The life of a token while nobody looks: it is refreshed in time, and lost neither
//! by the provider, nor by the store, nor by the end of a process.

mod cuts;
mod journal;
mod outage;
mod rate_limit;
mod recovery;
mod refused;
mod scene;
mod signals;
mod worker;

/// The call that refreshes.
const TOKENS: &str = "POST /v1/access_token";
