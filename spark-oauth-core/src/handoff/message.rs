//! The message that carries the token: JSON, for a program to read.

use serde::Serialize;
use zeroize::Zeroizing;

use crate::broker::CheckedOut;
use crate::email::EmailAddress;
use crate::secret::RefreshToken;
use crate::timestamp::Timestamp;

/// The longest text that the provider takes, in bytes (Webex, "Create a Message").
pub(super) const LONGEST_MESSAGE: usize = 7_439;

#[derive(Serialize)]
struct Message<'a> {
    access_token: &'a str,
    expires_in: u64,
    expires_at: String,
    scope: String,
    email: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token_expires_at: Option<String>,
}

/// The refresh token goes along only where the configuration restores the way of
/// the Node.js sample: two holders of one refresh token end each other's.
pub(super) struct WithRefresh<'a> {
    pub(super) token: &'a RefreshToken,
    pub(super) expires_at: Option<Timestamp>,
}

pub(super) fn compose(token: &CheckedOut, refresh: Option<&WithRefresh<'_>>) -> Zeroizing<String> {
    let message = Message {
        access_token: token.access_token.expose_secret(),
        expires_in: token.expires_in.as_secs(),
        expires_at: token.expires_at.to_string(),
        scope: token.scopes.to_string(),
        email: token.email.as_ref().map(EmailAddress::as_str),
        refresh_token: refresh.map(|with| with.token.expose_secret()),
        refresh_token_expires_at: refresh
            .and_then(|with| with.expires_at)
            .map(|at| at.to_string()),
    };
    // Texts and numbers alone always serialise; an empty message is refused by
    // the provider should that ever change.
    Zeroizing::new(serde_json::to_string(&message).unwrap_or_default())
}
