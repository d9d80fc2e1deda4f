//! The client of the real provider, Webex (formerly Cisco Spark), over reqwest
//! and rustls.
//!
//! [`WebexClient`] implements the port [`SparkClient`](crate::ports::SparkClient).
//! It follows no redirect, speaks https or http only, ends every call within
//! [`WebexSettings::request_timeout`], reads at most 4 MiB of an answer, and
//! brings nothing that was sent back in an error or a log. Proxies come from the
//! environment unless [`WebexSettings::proxies`] says otherwise.
//!
//! The provider has committed when it answers the token endpoint. So the tokens are
//! read from an answer first, whatever its coding (gzip, deflate, brotli, Zstandard,
//! UTF-16, with or without `Content-Encoding`). This also works if the answer is truncated
//! after the tokens, is a form instead of JSON, or has other text around the object.
//!
//! # What an answer means
//!
//! | answer | token endpoint | REST calls |
//! |---|---|---|
//! | no connection, a connection that is cut before the tokens, no HTTP at all | `Unreachable` | the same |
//! | no whole answer in time, 408 | `TimedOut` | the same |
//! | success with HTML, an empty body, a missing field, nothing within 4 MiB; a redirect | `Unreadable` | the same |
//! | 429, 423 | `RateLimited` with `Retry-After` | the same |
//! | 5xx | `Unavailable` with `Retry-After` | the same |
//! | 400 `slow_down` | `RateLimited` | `Unexpected` |
//! | 400 `server_error`, `temporarily_unavailable` | `Unavailable` | `Unexpected` |
//! | `invalid_client`, `unauthorized_client` | `IntegrationRefused` | by status |
//! | a text about the redirect URI | `IntegrationRefused` | by status |
//! | `invalid_grant` | `GrantRefused` | by status |
//! | a text that calls the refresh token (or, for a code, the code) expired, revoked, malformed, invalid and the like | `GrantRefused` | by status |
//! | for a code: the API's wrapper "POST failed: HTTP/1.1 400" | `GrantRefused` | by status |
//! | a text about the client's ID or secret | `IntegrationRefused` | by status |
//! | 401 | `IntegrationRefused` | `Unauthorized` |
//! | 403 | `Unexpected` | `Forbidden` |
//! | 404 | `Unexpected` | `NotFound` |
//! | 409 | `Unexpected` | `AlreadyDone` |
//! | any other 4xx | `Unexpected` | `Unexpected` |
//!
//! The first row that fits counts. Codes are found wherever the provider writes
//! them: as `error`, or inside the text of the Webex shape. A page of HTML never
//! ends a grant. `Retry-After` is a number of seconds or an HTTP date, compared
//! with the answer's own `Date`; nonsense is ignored, and more than an hour
//! counts as one hour.
//!
//! # What is logged
//!
//! Each call, at the level debug: method and path template, status, time taken
//! and the provider's `TrackingID`. Never a body, a query, an identifier or a
//! header of the request.

mod answer;
mod authorizations;
mod authorize;
mod client;
mod complaint;
mod failure;
mod http;
mod identifier;
mod people;
mod redaction;
mod retry_after;
mod rooms;
mod settings;
#[cfg(test)]
mod tests;
mod token_answer;
mod token_endpoint;

pub use client::WebexClient;
pub use settings::{TokenAuth, WebexError, WebexSettings};
pub use token_answer::{MAX_ACCESS_TOKEN, UnreadableTokenAnswer, parse_token_answer};
