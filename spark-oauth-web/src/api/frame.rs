//! What stands around every call: answers of the framework become problems, and
//! every answer gets the headers that all have.

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use spark_oauth_core::api_access::{ApiCall, Credential};

use super::code::Code;
use super::exposed_key::exposed_key;
use super::gate::turn_away;
use super::problem::Problem;
use super::state::ApiState;
use crate::http::{ClientAddress, Refusal, RequestId, no_store};
use crate::site::Site;

const FIXED: [(HeaderName, &str); 2] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    // Data, not a page: where a browser shows it all the same, it may do nothing.
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; frame-ancestors 'none'",
    ),
];

/// The outermost layer of the API's own.
pub(super) async fn frame(State(state): State<ApiState>, request: Request, next: Next) -> Response {
    let id = request.extensions().get::<RequestId>().cloned();
    let mut response = match exposed_key(&request) {
        None => next.run(request).await,
        Some(text) => refuse_exposed(&state, request, &text).await,
    };
    write_problem(&mut response, state.site(), id.as_ref());
    complete(response.headers_mut(), state.site().is_secure());
    response
}

/// A key in the address: whoever sent it is told, and the audit log names the key,
/// where it is one of ours, so that it can be revoked.
async fn refuse_exposed(state: &ApiState, request: Request, text: &str) -> Response {
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("(none)", MatchedPath::as_str);
    let name = format!("{} {route}", request.method()).into();
    let origin = ClientAddress::of(request.extensions(), request.headers(), state.site()).origin;
    let call = ApiCall { name, origin };
    let refused = state.access().authenticate(Credential::InUrl(text), call);
    match refused.await {
        Err(denied) => turn_away(request.extensions(), denied),
        // It cannot be let in this way.
        Ok(_) => Problem::of(Code::KeyInUrl).into_response(),
    }
}

/// Writes what went wrong, for what our code answered and for what the framework
/// answered bare: no such path, wrong method, a panic, out of time.
fn write_problem(response: &mut Response, site: &Site, id: Option<&RequestId>) {
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return;
    }
    let problem = response.extensions_mut().remove::<Problem>();
    let problem = problem.unwrap_or_else(|| Problem::of_status(status));
    *response.status_mut() = problem.code().status();
    let refusal = Refusal(problem.code().as_str());
    response.extensions_mut().insert(refusal);
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_LENGTH);
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/problem+json"),
    );
    *response.body_mut() = problem.write(site, id);
}

fn complete(headers: &mut HeaderMap, is_secure: bool) {
    for (name, value) in FIXED {
        // The readable documentation is a page, and says itself what it may.
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    if is_secure {
        let two_years = HeaderValue::from_static("max-age=63072000; includeSubDomains");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, two_years);
    }
    // What may be kept says so itself.
    if !headers.contains_key(header::CACHE_CONTROL) {
        no_store(headers);
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::{Body, to_bytes};
    use axum::http::StatusCode;
    use axum::middleware::from_fn_with_state;
    use axum::routing::{get, post};
    use serde_json::Value;
    use spark_oauth_core::api_access::ApiAccess;
    use spark_oauth_core::testing::MemoryStores;
    use tower::ServiceExt as _;

    use super::*;
    use crate::api::testing::state_on;
    use crate::api::{caught, json_body::JsonBody};

    async fn answer(uri: &str, request: axum::http::request::Builder, body: Body) -> (u16, Value) {
        async fn fails(State(_): State<ApiAccess>) -> StatusCode {
            panic!("a secret: spoa_0000");
        }
        let (state, _) = state_on(&MemoryStores::new()).await;
        let router = Router::new()
            .route("/panics", get(fails))
            .route("/hangs", get(|| async { StatusCode::GATEWAY_TIMEOUT }))
            .route(
                "/reads",
                post(|JsonBody(_): JsonBody<Value>| async { "read" }),
            )
            .layer(caught())
            .layer(from_fn_with_state(state.clone(), frame))
            .with_state(state);
        let request = request.uri(uri).body(body).unwrap();
        let response = router.oneshot(request).await.unwrap();
        let kind = response.headers()[header::CONTENT_TYPE].clone();
        assert_eq!(kind, "application/problem+json");
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap())
    }

    #[tokio::test]
    async fn what_nobody_answered_in_our_words_is_put_into_them() {
        let get = || Request::builder().method("GET");
        let (status, problem) = answer("/panics", get(), Body::empty()).await;
        assert_eq!((status, &problem["code"]), (500, &"internal".into()));
        assert!(!problem.to_string().contains("secret"), "{problem}");
        let (status, problem) = answer("/hangs", get(), Body::empty()).await;
        assert_eq!((status, &problem["code"]), (504, &"timed_out".into()));
        let (status, problem) = answer("/nowhere", get(), Body::empty()).await;
        assert_eq!((status, &problem["code"]), (404, &"no_such_path".into()));
        let (status, problem) = answer("/reads", get(), Body::empty()).await;
        assert_eq!(
            (status, &problem["code"]),
            (405, &"method_not_allowed".into())
        );
        let post = || Request::builder().method("POST");
        let (status, problem) = answer("/reads", post(), Body::from("{}")).await;
        assert_eq!(
            (status, &problem["code"]),
            (415, &"unsupported_media_type".into())
        );
        let json = || post().header("content-type", "application/json");
        let huge = Body::from(vec![b' '; 3 << 20]);
        let (status, problem) = answer("/reads", json(), huge).await;
        assert_eq!((status, &problem["code"]), (413, &"body_too_large".into()));
        assert_eq!(problem["type"], "/api/v1/docs#body_too_large");
    }
}
