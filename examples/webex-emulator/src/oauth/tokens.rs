//! The token texts, and the answer that carries them.

use serde::Serialize;

use crate::ids::ORGANIZATION;
use crate::random;

/// What `POST /access_token` answers (RFC 6749, section 5.1, with what Webex adds).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TokenAnswer {
    /// Opaque; 106 characters.
    pub access_token: String,
    /// Seconds that the access token has left.
    pub expires_in: u64,
    /// Opaque; 106 characters. Absent where the setting `omit_refresh_token` says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    /// Seconds that the refresh token has left.
    pub refresh_token_expires_in: u64,
    /// Always `Bearer`.
    pub token_type: &'static str,
    /// The granted scopes, space separated.
    pub scope: String,
}

/// 64 alphanumeric characters, `_PF84_` and the organisation, as Webex makes them today.
pub(crate) fn new_token() -> String {
    format!("{}_PF84_{ORGANIZATION}", random::alphanumeric(64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_looks_like_one_of_webex() {
        let token = new_token();
        assert_eq!(token.len(), 106);
        let (random, rest) = token.split_at(64);
        assert!(random.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        assert_eq!(rest, "_PF84_6f7b2a10-3dcc-41e5-a152-fe34819cdc9a");
    }
}
