//! A consent with nothing around it: no store, no sealing, no sessions, no log, no
//! check of `state`. What ours costs beyond it is what the product does.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{Html, Redirect};
use axum::routing::{get, post};
use serde::Deserialize;
use url::Url;

use crate::Outcome;
use crate::database::CLIENT_SECRET;
use crate::tokens::{CLIENT_ID, SCOPES};

/// About as long as our pages are.
const PAGE: &str = include_str!("../../templates/home.html");

#[derive(Debug)]
struct Flow {
    client: reqwest::Client,
    api_base: String,
    redirect_uri: String,
    authorize: Url,
}

#[derive(Deserialize)]
struct Callback {
    code: String,
}

#[derive(Deserialize)]
struct Tokens {
    access_token: String,
}

#[derive(Deserialize)]
struct Person {
    id: String,
}

/// The routes of a consent with the provider at `emulator`.
pub(crate) fn router(address: SocketAddr, emulator: &str) -> Outcome<Router> {
    let api_base = format!("http://{emulator}/v1");
    let redirect_uri = format!("http://{address}/auth/spark/callback");
    let mut authorize = Url::parse(&format!("{api_base}/authorize"))?;
    authorize
        .query_pairs_mut()
        .append_pair("response_type", "code")
        .append_pair("client_id", CLIENT_ID)
        .append_pair("redirect_uri", &redirect_uri)
        .append_pair("scope", SCOPES)
        .append_pair("state", "none");
    // Both sides speak plain HTTP to the emulator; reqwest wants a provider all
    // the same. Where one stands already, it is the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let flow = Flow {
        client: reqwest::Client::builder().no_proxy().build()?,
        api_base,
        redirect_uri,
        authorize,
    };
    Ok(Router::new()
        .route("/", get(|| async { Html(PAGE) }))
        .route("/granted", get(|| async { Html(PAGE) }))
        .route("/auth/spark", post(begin))
        .route("/auth/spark/callback", get(complete))
        .with_state(Arc::new(flow)))
}

async fn begin(State(flow): State<Arc<Flow>>) -> Redirect {
    Redirect::to(flow.authorize.as_str())
}

async fn complete(
    State(flow): State<Arc<Flow>>,
    Query(callback): Query<Callback>,
) -> Result<Redirect, StatusCode> {
    let exchange = exchange(&flow, &callback.code).await;
    let person = exchange.map_err(|_| StatusCode::BAD_GATEWAY)?;
    std::hint::black_box(person.id);
    Ok(Redirect::to("/granted"))
}

async fn exchange(flow: &Flow, code: &str) -> reqwest::Result<Person> {
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", CLIENT_ID),
        ("client_secret", CLIENT_SECRET),
        ("code", code),
        ("redirect_uri", &flow.redirect_uri),
    ];
    let request = flow.client.post(format!("{}/access_token", flow.api_base));
    let answer = request.form(&form).send().await?.error_for_status()?;
    let tokens: Tokens = answer.json().await?;
    let request = flow.client.get(format!("{}/people/me", flow.api_base));
    let answer = request.bearer_auth(&tokens.access_token).send().await?;
    answer.error_for_status()?.json().await
}
