//! Every request has an identifier: in the log, in the answer and on error pages.

use std::fmt;
use std::sync::Arc;

use axum::http::HeaderValue;
use axum::http::header::HeaderName;
use spark_oauth_core::AuditId;
use spark_oauth_core::ports::{Clock, Random};

/// The header that carries the identifier to the client.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The identifier of one request. It is always ours: one that a client brings
/// could forge lines of the log.
#[derive(Clone, Debug)]
pub(crate) struct RequestId(Arc<str>);

impl RequestId {
    pub(super) fn generate(clock: &dyn Clock, random: &dyn Random) -> Self {
        Self(AuditId::generate(clock.now(), random).to_string().into())
    }

    pub(super) fn header(&self) -> Option<HeaderValue> {
        HeaderValue::from_str(&self.0).ok()
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
