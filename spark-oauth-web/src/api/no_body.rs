//! No body where none belongs.

use axum::body::{Body, HttpBody as _, to_bytes};
use axum::extract::{FromRequest, Request};
use tokio::time::timeout;

use super::problem::Problem;
use crate::http::SLOWEST_BODY;

/// Says that a call takes no body: one that comes all the same is refused, since
/// whoever sent it means something by it.
#[derive(Clone, Copy, Debug)]
pub(super) struct NoBody;

impl<S: Sync> FromRequest<S> for NoBody {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let body = request.into_body();
        if body.is_end_stream() || is_empty(body).await {
            Ok(Self)
        } else {
            Err(Problem::invalid("the body: this call takes none"))
        }
    }
}

async fn is_empty(body: Body) -> bool {
    matches!(timeout(SLOWEST_BODY, to_bytes(body, 0)).await, Ok(Ok(_)))
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    #[tokio::test]
    async fn a_body_that_nobody_asked_for_is_refused() {
        let with = async |body: Body| NoBody::from_request(Request::new(body), &()).await.is_ok();
        assert!(with(Body::empty()).await);
        let chunks = |texts: &'static [&'static str]| {
            let chunks = texts.iter().map(|text| Ok::<_, std::io::Error>(*text));
            Body::from_stream(futures_util::stream::iter(chunks))
        };
        assert!(with(chunks(&[])).await);
        assert!(with(chunks(&["", ""])).await);
        assert!(!with(chunks(&["", "x"])).await);
        assert!(!with(Body::from("{}")).await);
    }
}
