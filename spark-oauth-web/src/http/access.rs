//! The access log: one line for each request of the API.
//!
//! A line names the key, never its text, and the route as a template, never the
//! path or the query: both may hold an e-mail address, or what somebody pasted
//! into the wrong place.

use std::sync::{Arc, OnceLock};

use axum::http::Extensions;
use spark_oauth_core::ApiKeyId;
use spark_oauth_core::api_keys::{ApiKey, KeyName};

/// What filter directives name the lines by, as in `info,spark_oauth_web::access=off`.
pub(crate) const TARGET: &str = "spark_oauth_web::access";

/// Where the API's authentication leaves whose key a request came with. Every
/// request has one among its extensions.
#[derive(Clone, Debug, Default)]
pub(crate) struct KeySlot(Arc<OnceLock<KeyLabel>>);

/// What may be said of a key.
#[derive(Debug)]
pub(crate) struct KeyLabel {
    pub(crate) id: ApiKeyId,
    pub(crate) name: KeyName,
}

impl KeySlot {
    /// Notes the key of a request, once it is known and whether or not it may do
    /// what was asked; the first one stays.
    pub(crate) fn note(request: &Extensions, key: &ApiKey) {
        if let Some(slot) = request.get::<Self>() {
            slot.0.get_or_init(|| KeyLabel {
                id: key.id,
                name: key.name.clone(),
            });
        }
    }

    /// The key, if the request came with one that is known.
    pub(crate) fn get(&self) -> Option<&KeyLabel> {
        self.0.get()
    }
}

/// Why a request of the API was refused: the `code` of its problem. The API puts it
/// among the extensions of the answer, for the access log and the metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refusal(pub(crate) &'static str);

/// Whether a path is the API's.
pub(crate) fn is_api(path: &str) -> bool {
    path.strip_prefix("/api")
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
