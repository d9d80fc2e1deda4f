//! Lists in pages: `max`, and a `Link` header with `rel="next"` (RFC 8288).
//!
//! A page starts after the sort key of the last item of the previous page. Items that are
//! added or deleted meanwhile cause no duplicates and no gaps.

use axum::Json;
use axum::extract::FromRequestParts;
use axum::http::header::{HOST, LINK};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Uri};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use url::form_urlencoded;

use crate::errors::ApiError;
use crate::provider::Provider;

/// The largest page. A larger `max` is cut down to it, as the vendor documents.
const LARGEST: usize = 1000;

/// Which way a list runs through the sort keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Ascending,
    Descending,
}

/// The requested address, from which the address of the next page is derived.
#[derive(Debug)]
pub(crate) struct Address {
    origin: String,
    uri: Uri,
}

#[derive(Debug, Serialize)]
struct Items<T> {
    items: Vec<T>,
}

impl FromRequestParts<Provider> for Address {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &Provider) -> Result<Self, ApiError> {
        let host = parts.headers.get(HOST);
        let host = host.and_then(|host| host.to_str().ok()).unwrap_or_default();
        Ok(Self {
            origin: format!("http://{host}"),
            uri: parts.uri.clone(),
        })
    }
}

impl Address {
    /// Returns the requested page of `items`. Each item has its sort key.
    pub(super) fn page<T: Serialize>(
        &self,
        mut items: Vec<(String, T)>,
        order: Order,
        usual: usize,
    ) -> Result<Response, ApiError> {
        let size = self.size(usual)?;
        let after = self.cursor()?;
        items.sort_unstable_by(|(one, _), (other, _)| match order {
            Order::Ascending => one.cmp(other),
            Order::Descending => other.cmp(one),
        });
        if let Some(after) = after {
            items.retain(|(key, _)| match order {
                Order::Ascending => *key > after,
                Order::Descending => *key < after,
            });
        }
        let more = items.len() > size;
        items.truncate(size);
        let next = items.last().filter(|_| more).map(|(key, _)| self.next(key));
        let items = items.into_iter().map(|(_, item)| item).collect();
        let mut response = Json(Items { items }).into_response();
        if let Some(Ok(link)) = next.map(HeaderValue::try_from) {
            response.headers_mut().insert(LINK, link);
        }
        Ok(response)
    }

    fn parameter(&self, name: &str) -> Option<String> {
        let query = self.uri.query().unwrap_or_default().as_bytes();
        let mut pairs = form_urlencoded::parse(query);
        pairs
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    }

    fn size(&self, usual: usize) -> Result<usize, ApiError> {
        let Some(max) = self.parameter("max") else {
            return Ok(usual);
        };
        let max = max.parse().ok().filter(|max| *max >= 1);
        max.map(|max: usize| max.min(LARGEST))
            .ok_or_else(|| ApiError::bad_request("The max must be a number from 1 on."))
    }

    fn cursor(&self) -> Result<Option<String>, ApiError> {
        let Some(cursor) = self.parameter("cursor") else {
            return Ok(None);
        };
        let key = URL_SAFE_NO_PAD.decode(cursor).ok();
        key.and_then(|key| String::from_utf8(key).ok())
            .map(Some)
            .ok_or_else(|| ApiError::bad_request("The cursor is invalid."))
    }

    /// The whole address of the next page: SDKs neither resolve a relative one nor add
    /// the filters again.
    fn next(&self, key: &str) -> String {
        let query = self.uri.query().unwrap_or_default().as_bytes();
        let kept = form_urlencoded::parse(query).filter(|(name, _)| name != "cursor");
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(kept)
            .append_pair("cursor", &URL_SAFE_NO_PAD.encode(key))
            .finish();
        format!("<{}{}?{query}>; rel=\"next\"", self.origin, self.uri.path())
    }
}
