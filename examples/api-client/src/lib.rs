//! A service that sends a message on Webex for a person who consented once.
//!
//! It holds no secret of the integration and no refresh token: it asks spark-oauth for
//! an access token each time, under an API key of its own, and [`TokenClient`] keeps
//! what it got until shortly before its end.
//!
//! [`TokenClient`]: spark_oauth_core::client::TokenClient
//!
//! - [`Messenger::send`] is what a service does: fetch a token, call Webex, and where
//!   Webex refuses the token, forget it and try once more.
//! - [`SendError`] tells apart what can be done: ask the person to consent again, wait,
//!   or mend the set-up.

mod error;
mod messenger;
mod webex;

pub use error::SendError;
pub use messenger::{Messenger, Sent};
