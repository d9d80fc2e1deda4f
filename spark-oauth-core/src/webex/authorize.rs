//! The address of the consent page (RFC 6749 section 4.1.1, RFC 7636 section 4.3).

use url::{Url, form_urlencoded};

use crate::ports::AuthorizationRequest;

/// The value of `prompt` (`OpenID` Connect Core section 3.1.2.1) that lets the person
/// choose an account.
const SELECT_ACCOUNT: &str = "select_account";

/// The authorize URL with the request in its query, behind a query that it has
/// already. Our parameters replace those of the same name, since servers reject
/// duplicates (RFC 6749 section 3.1).
pub(super) fn authorization_url(authorize_url: &Url, request: &AuthorizationRequest<'_>) -> Url {
    let scopes = request.scopes.to_string();
    let mut ours = vec![
        ("response_type", "code"),
        ("client_id", request.integration.client_id.as_str()),
        ("redirect_uri", request.integration.redirect_uri.as_str()),
        ("scope", &scopes),
        ("state", request.state.expose_secret()),
        ("code_challenge", request.challenge.as_str()),
        ("code_challenge_method", "S256"),
    ];
    if let Some(email) = request.login_hint {
        ours.push(("login_hint", email.as_str()));
    }
    let prompt = prompts(authorize_url);
    if request.select_account {
        ours.push(("prompt", &prompt));
    }
    let mut parts: Vec<String> = authorize_url
        .query()
        .unwrap_or_default()
        .split('&')
        .filter(|pair| {
            let name = form_urlencoded::parse(pair.as_bytes()).next();
            name.is_some_and(|(name, _)| !ours.iter().any(|(our, _)| *our == name))
        })
        .map(str::to_owned)
        .collect();
    let ours = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(ours)
        .finish()
        // Every reader of a query understands %20, not each understands "+". A
        // "+" of ours can only be a space, since a real one is encoded.
        .replace('+', "%20");
    parts.push(ours);
    let mut url = authorize_url.clone();
    url.set_query(Some(&parts.join("&")));
    url
}

/// `select_account` beside the prompts that the authorize URL configures: without
/// `consent`, some servers issue no refresh token. `none` allows no other prompt.
fn prompts(authorize_url: &Url) -> String {
    let configured = authorize_url
        .query_pairs()
        .find(|(name, _)| name == "prompt")
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default();
    let mut all: Vec<&str> = configured
        .split_whitespace()
        .filter(|prompt| !matches!(*prompt, "none" | SELECT_ACCOUNT))
        .collect();
    all.push(SELECT_ACCOUNT);
    all.join(" ")
}
