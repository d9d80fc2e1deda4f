//! The address of the consent page (RFC 6749 section 4.1.1, RFC 7636 section 4.3).

use url::{Url, form_urlencoded};

use crate::ports::AuthorizationRequest;

/// The authorize URL with the request in its query, behind a query that it has
/// already.
pub(super) fn authorization_url(authorize_url: &Url, request: &AuthorizationRequest<'_>) -> Url {
    let mut ours = form_urlencoded::Serializer::new(String::new());
    ours.append_pair("response_type", "code")
        .append_pair("client_id", request.integration.client_id.as_str())
        .append_pair("redirect_uri", request.integration.redirect_uri.as_str())
        .append_pair("scope", &request.scopes.to_string())
        .append_pair("state", request.state.expose_secret())
        .append_pair("code_challenge", request.challenge.as_str())
        .append_pair("code_challenge_method", "S256");
    if let Some(email) = request.login_hint {
        ours.append_pair("login_hint", email.as_str());
    }
    if request.select_account {
        ours.append_pair("prompt", "select_account");
    }
    let ours = ours
        .finish()
        // Every reader of a query understands %20, not each understands "+". A
        // "+" of ours can only be a space, since a real one is encoded.
        .replace('+', "%20");
    let query = match authorize_url.query() {
        None | Some("") => ours,
        Some(theirs) => format!("{}&{ours}", theirs.trim_end_matches('&')),
    };
    let mut url = authorize_url.clone();
    url.set_query(Some(&query));
    url
}
