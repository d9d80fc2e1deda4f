//! What the API answers.

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Response, StatusCode};
use serde::Deserialize;
use tokio::time::Instant;
use url::Url;
use zeroize::Zeroizing;

use super::error::{ClientError, Refusal};
use super::fetched::{Asked, FetchedToken};
use crate::email::EmailAddress;
use crate::http_client::decode;
use crate::ids::TokenId;
use crate::scopes::Scopes;
use crate::secret::AccessToken;

/// The longest answer that is read, in bytes: a token has at most 8 KiB.
const MAX_BODY: usize = 64 * 1024;

#[derive(Deserialize)]
struct TokenBody {
    access_token: String,
    expires_in: u64,
    expires_at: String,
    scope: Scopes,
    email: Option<EmailAddress>,
}

#[derive(Deserialize)]
struct ProblemBody {
    code: String,
    #[serde(default)]
    detail: String,
    #[serde(default)]
    consent_url: Option<String>,
    #[serde(default)]
    ids: Vec<String>,
}

/// Reads an answer to what was asked at `fetched`.
pub(super) async fn read(
    response: Response,
    asked: &Asked,
    fetched: Instant,
) -> Result<FetchedToken, ClientError> {
    let status = response.status();
    let retry_after = retry_after(&response);
    let is_problem = response
        .headers()
        .get(CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/problem+json"));
    let unreadable = || ClientError::Unreadable(status.as_u16());
    let body = read_body(response).await?.ok_or_else(unreadable)?;
    if status == StatusCode::OK {
        let token: TokenBody = serde_json::from_slice(&body).map_err(|_| unreadable())?;
        return fetched_token(token, asked, fetched).ok_or_else(unreadable);
    }
    if !is_problem {
        return Err(unreadable());
    }
    let problem: ProblemBody = serde_json::from_slice(&body).map_err(|_| unreadable())?;
    let ids = problem.ids.iter();
    Err(ClientError::Refused(Box::new(Refusal {
        status: status.as_u16(),
        code: problem.code,
        detail: problem.detail,
        consent_url: problem.consent_url.and_then(|url| Url::parse(&url).ok()),
        ids: ids.filter_map(|id| id.parse::<TokenId>().ok()).collect(),
        retry_after,
    })))
}

fn fetched_token(body: TokenBody, asked: &Asked, fetched: Instant) -> Option<FetchedToken> {
    Some(FetchedToken {
        access_token: AccessToken::new(body.access_token),
        expires_at: body.expires_at.parse().ok()?,
        scopes: body.scope,
        email: body.email,
        // Reckoned from before the request: never too long.
        ends: fetched.checked_add(Duration::from_secs(body.expires_in))?,
        fetched,
        asked: asked.clone(),
    })
}

fn retry_after(response: &Response) -> Option<Duration> {
    let value = response.headers().get(RETRY_AFTER)?.to_str().ok()?;
    value.trim().parse().ok().map(Duration::from_secs)
}

/// The body; `None` where it is too long.
async fn read_body(mut response: Response) -> Result<Option<Zeroizing<Vec<u8>>>, ClientError> {
    let mut body = Zeroizing::new(Vec::with_capacity(MAX_BODY));
    while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
        if body.len() + chunk.len() > MAX_BODY {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    // Proxies compress without being asked.
    Ok(Some(decode(body, MAX_BODY).body))
}

/// The address stays out of the error: it may name a person.
pub(super) fn unreachable(error: reqwest::Error) -> ClientError {
    ClientError::Unreachable(Box::new(error.without_url()))
}
