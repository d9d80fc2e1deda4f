//! A person consents, in a browser: two routes, one there and one back.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Redirect;
use axum::routing::get;
use axum::{Json, Router};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use serde::{Deserialize, Serialize};
use spark_oauth_core::audit::Origin;
use spark_oauth_core::consent::{
    BrowserSecret, Callback, ConsentService, ProviderRefusal, State as OAuthState, cookies,
};
use spark_oauth_core::ports::SystemRandom;
use spark_oauth_core::{AuthorizationCode, TokenId};

use crate::AppState;
use crate::failure::Failure;

/// Where the provider sends the browser back to: the path of the redirect URI.
pub const CALLBACK_PATH: &str = "/connect/callback";

/// Binds a consent to the browser that began it, so that nobody can make a person
/// finish somebody else's. With https, add `secure` and the prefix `__Host-`.
const COOKIE: &str = "embed_browser";

pub(crate) fn routes() -> Router<AppState> {
    Router::new()
        .route("/connect", get(begin))
        // `get` would answer HEAD too, and use up the code.
        .route(CALLBACK_PATH, get(complete).head(refuse_head))
}

/// `GET /connect`: sends the browser to Webex.
async fn begin(
    State(consents): State<ConsentService>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
) -> Result<(CookieJar, Redirect), Failure> {
    // One cookie for all tabs: a person may begin twice, and both come home.
    let known = secrets_of(&headers).into_iter().next();
    let jar = CookieJar::new();
    let (jar, secret) = if let Some(secret) = known {
        (jar, secret)
    } else {
        let secret = BrowserSecret::generate(&SystemRandom);
        let cookie = Cookie::build((COOKIE, secret.expose_secret().to_owned()))
            .path("/connect")
            .http_only(true)
            // Not `Strict`: the callback comes from the provider's site.
            .same_site(SameSite::Lax);
        (jar.add(cookie), secret)
    };
    // State and PKCE verifier are made and kept by the library.
    let url = consents.begin(&secret, &origin_of(peer)).await?;
    Ok((jar, Redirect::to(url.as_str())))
}

/// What the provider sends back; all optional, since anybody can write this link.
#[derive(Deserialize)]
struct Parameters {
    state: Option<String>,
    code: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
    iss: Option<String>,
}

/// What this service answers when a person has consented.
#[derive(Debug, Serialize)]
struct Connected {
    token: TokenId,
    email: String,
    scopes: String,
}

/// `GET /connect/callback`: the person comes back, with a code or with a refusal.
async fn complete(
    State(consents): State<ConsentService>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    Query(parameters): Query<Parameters>,
) -> Result<Json<Connected>, Failure> {
    let description = parameters.error_description;
    let callback = Callback {
        state: parameters.state.map(OAuthState::from_callback),
        code: parameters.code.map(AuthorizationCode::new),
        refusal: parameters
            .error
            .map(|error| ProviderRefusal::new(&error, description.as_deref())),
        issuer: parameters.iss,
    };
    // Checks and consumes the state, exchanges the code, asks who it was, and seals
    // the tokens. The same person consenting again renews the record in place.
    let granted = consents
        .complete(callback, &secrets_of(&headers), &origin_of(peer))
        .await
        .map_err(|failure| failure.error)?;
    Ok(Json(Connected {
        token: granted.token.id,
        email: granted.token.email.to_string(),
        scopes: granted.token.scopes.to_string(),
    }))
}

async fn refuse_head() -> StatusCode {
    StatusCode::METHOD_NOT_ALLOWED
}

/// Read as bytes, since cookies of other applications on this host come along too.
fn secrets_of(headers: &HeaderMap) -> Vec<BrowserSecret> {
    let fields = headers.get_all(header::COOKIE).iter();
    cookies(fields.map(axum::http::HeaderValue::as_bytes))
        .filter(|(name, _)| *name == COOKIE)
        .filter_map(|(_, value)| BrowserSecret::from_cookie(value))
        .collect()
}

/// Behind a proxy of your own, take the address that the proxy names.
fn origin_of(peer: SocketAddr) -> Origin {
    Origin {
        address: Some(peer.ip()),
        request_id: None,
    }
}
