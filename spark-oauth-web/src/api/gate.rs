//! Lets a request in: a good key in `Authorization: Bearer`, within its rate limit,
//! with the scope that the call asks for.

use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::MethodRouter;
use spark_oauth_core::api_access::{Admitted, ApiCall, Credential, NotAdmitted};
use spark_oauth_core::api_keys::KeyScope;

use super::code::Code;
use super::etag::precondition;
use super::problem::Problem;
use super::state::ApiState;
use crate::http::{ClientAddress, KeySlot};

/// What a call asks of a key.
#[derive(Clone, Debug)]
struct Gate {
    state: ApiState,
    scope: KeyScope,
    /// Method and route: what the audit log names.
    call: &'static str,
}

/// Puts the gate before a call, such as `GET /api/v1/tokens`.
pub(super) fn guarded(
    state: &ApiState,
    scope: KeyScope,
    call: &'static str,
    handlers: MethodRouter<ApiState>,
) -> MethodRouter<ApiState> {
    let gate = Gate {
        state: state.clone(),
        scope,
        call,
    };
    handlers.route_layer(from_fn_with_state(gate, admit))
}

async fn admit(State(gate): State<Gate>, mut request: Request, next: Next) -> Response {
    let Gate { state, scope, call } = gate;
    let access = state.access();
    let origin = ClientAddress::of(request.extensions(), request.headers(), state.site()).origin;
    let call = ApiCall {
        name: call.into(),
        origin,
    };
    let admitted = match access
        .authenticate(credential(request.headers()), call)
        .await
    {
        Ok(admitted) => admitted,
        Err(denied) => return turn_away(request.extensions(), denied),
    };
    KeySlot::note(request.extensions(), admitted.key());
    let allowance = match state.limits().take(admitted.key()) {
        Ok(allowance) => allowance,
        Err(exhausted) => {
            let refusal = access.rate_limited(&admitted).await;
            let problem = Problem::from(refusal).retry_after(exhausted.wait);
            let mut response = problem.into_response();
            exhausted.write(response.headers_mut());
            return response;
        }
    };
    let mut response = if let Err(refusal) = access.authorize(&admitted, scope).await {
        Problem::from(refusal).into_response()
    } else if let Some(name) = precondition(request.headers()) {
        let detail =
            format!("the header {name}: no call is made under this condition; leave it out");
        Problem::invalid(detail).into_response()
    } else {
        request.extensions_mut().insert(Service(admitted));
        next.run(request).await
    };
    if let Some(allowance) = allowance {
        allowance.write(response.headers_mut());
    }
    response
}

/// Answers who is not let in; the access log names the key all the same.
pub(super) fn turn_away(request: &Extensions, denied: NotAdmitted) -> Response {
    if let Some(key) = &denied.key {
        KeySlot::note(request, key);
    }
    Problem::from(denied.source).into_response()
}

/// What the request says of who sends it. Another scheme than `Bearer` counts as
/// nothing (RFC 6750 section 3.1).
fn credential(headers: &HeaderMap) -> Credential<'_> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = values.next() else {
        return Credential::Missing;
    };
    let Ok(text) = value.to_str() else {
        return Credential::Key("");
    };
    let (scheme, rest) = text.split_once(' ').unwrap_or((text, ""));
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Credential::Missing;
    }
    // Of two, nobody could say which one counts.
    let is_one = values.next().is_none();
    Credential::Key(if is_one { rest.trim() } else { "" })
}

/// The service that calls.
#[derive(Clone, Debug)]
pub(super) struct Service(pub(super) Admitted);

impl<S: Sync> FromRequestParts<S> for Service {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.remove().ok_or_else(|| {
            tracing::error!("a call of the API stands before no gate");
            Problem::of(Code::Internal)
        })
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::routing::get;
    use spark_oauth_core::api_keys::{ApiKeyInput, KeyName, Reach};
    use spark_oauth_core::audit::Caller;
    use spark_oauth_core::testing::MemoryStores;
    use tower::ServiceExt as _;

    use super::*;
    use crate::api::testing::state_on;

    #[tokio::test]
    async fn while_the_store_is_away_nobody_is_let_in_who_is_not_known() {
        let stores = MemoryStores::new();
        let (state, services) = state_on(&stores).await;
        let input = ApiKeyInput {
            name: KeyName::parse("a key").unwrap(),
            scopes: vec![KeyScope::TokensRead],
            reach: Reach::everybody(),
            requests_per_minute: None,
            expires_at: None,
        };
        let by = Caller::service("a test");
        let key = services.api_keys.create(input, "root", &by).await.unwrap();
        let call = guarded(
            &state,
            KeyScope::TokensRead,
            "GET /",
            get(|| async { "in" }),
        );
        let router = Router::new().route("/", call).with_state(state);
        let ask = async || {
            let text = key.secret.expose_secret();
            let request = Request::builder().header("authorization", format!("Bearer {text}"));
            let request = request.body(Body::empty()).unwrap();
            router.clone().oneshot(request).await.unwrap()
        };
        stores.set_away(true);
        let refused = ask().await;
        assert_eq!(refused.status(), Code::StoreUnavailable.status());
        assert!(refused.headers().contains_key(header::RETRY_AFTER));
        stores.set_away(false);
        assert!(ask().await.status().is_success());
    }

    fn sent(values: &[&[u8]]) -> String {
        let mut headers = HeaderMap::new();
        for value in values {
            let value = axum::http::HeaderValue::from_bytes(value).unwrap();
            headers.append(header::AUTHORIZATION, value);
        }
        format!("{:?}", credential(&headers))
    }

    #[test]
    fn only_one_bearer_credential_counts() {
        assert_eq!(sent(&[b"Bearer x"]), "Key(\"x\")");
        assert_eq!(sent(&[b"bearer  x "]), "Key(\"x\")");
        for none in [&[][..], &[&b"Basic eDp5"[..]], &[b"x"], &[b""]] {
            assert_eq!(sent(none), "Missing");
        }
        for bad in [
            &[&b"Bearer"[..]],
            &[&b"Bearer "[..]],
            &[&b"Bearer \xff"[..]],
            &[&b"Bearer x"[..], &b"Bearer x"[..]][..],
        ] {
            assert_eq!(sent(bad), "Key(\"\")");
        }
    }
}
