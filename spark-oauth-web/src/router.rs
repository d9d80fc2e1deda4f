//! The routes of every audience, merged, with the layers that all of them share.

use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::IntoResponse as _;
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::TimeoutLayer;

use crate::api;
use crate::http::{
    PageError, PublicHost, carry_cookies, count_requests, refuse_cross_site, render_errors,
    require_public_host, security_headers, trace_request,
};
use crate::pages::assets;
use crate::routes::{admin, health, people};
use crate::state::AppState;

/// The largest body of a form, in bytes: passwords and names, no uploads.
const LARGEST_FORM: usize = 32 * 1024;

/// How long a request may take. It outlives several calls to the provider.
const LONGEST_REQUEST: Duration = Duration::from_mins(2);

/// The public router.
pub(crate) fn router(state: AppState) -> Router {
    let api = api::router(&state);
    let pages = Router::new()
        .merge(people::router())
        .merge(admin::router())
        .layer(
            ServiceBuilder::new()
                .layer(from_fn_with_state(
                    PublicHost::new(state.site.clone()),
                    require_public_host,
                ))
                .layer(from_fn_with_state(state.site.clone(), refuse_cross_site))
                .layer(from_fn_with_state(state.site.clone(), carry_cookies)),
        );
    let layers = ServiceBuilder::new()
        .layer(from_fn_with_state(state.clone(), trace_request))
        .layer(from_fn(count_requests))
        .layer(from_fn_with_state(state.site.clone(), security_headers))
        .layer(from_fn(render_errors))
        .layer(CatchPanicLayer::custom(|_| {
            // The panic itself is logged by the hook; its text may hold anything.
            PageError::of(StatusCode::INTERNAL_SERVER_ERROR).into_response()
        }))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::GATEWAY_TIMEOUT,
            LONGEST_REQUEST,
        ))
        .layer(DefaultBodyLimit::max(LARGEST_FORM));
    Router::new()
        .merge(pages)
        .merge(health::router())
        .merge(assets::router())
        .fallback(|| async { StatusCode::NOT_FOUND })
        .layer(layers)
        .with_state(state)
        .merge(api)
}
