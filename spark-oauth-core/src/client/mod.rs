//! A client of spark-oauth's HTTP API, for services in Rust: it fetches access tokens
//! and keeps each until shortly before its end.
//!
//! ```no_run
//! use spark_oauth_core::client::TokenClient;
//! use spark_oauth_core::{ApiKeySecret, EmailAddress, Scopes};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let base = "https://oauth.example.com".parse()?;
//! let key = ApiKeySecret::new(std::env::var("SPARK_OAUTH_API_KEY")?);
//! let tokens = TokenClient::new(base, &key)?;
//!
//! let ann = EmailAddress::parse("ann@example.org")?;
//! let token = tokens.of_person(&ann, &Scopes::default()).await?;
//! // Use `token.access_token`. Where Webex answers 401 to it all the same:
//! tokens.forget(&token);
//! # Ok(())
//! # }
//! ```
//!
//! Callers that ask for the same token at once share one request. Where spark-oauth
//! cannot be reached, a kept token that still lives is answered. A token that was
//! revoked is noticed when Webex refuses it, or at
//! [`kept_for`](TokenClient::kept_for) at the latest.

mod answer;
mod error;
mod fetched;
mod shelf;
#[cfg(test)]
mod tests;
mod token_client;

pub use error::{ClientError, Refusal};
pub use fetched::FetchedToken;
pub use token_client::TokenClient;
