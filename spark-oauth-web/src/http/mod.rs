//! What requests and answers have in common, whatever page they are about.

pub(crate) mod access;
mod address;
mod confirm;
mod cookies;
mod cross_site;
mod error_pages;
mod form;
mod headers;
mod host;
mod intent;
mod metrics;
mod page;
mod page_error;
mod request_id;
mod request_span;
mod trace_context;

pub(crate) use access::{KeySlot, Refusal};
pub(crate) use address::ClientAddress;
pub(crate) use confirm::is_confirmed;
pub(crate) use cookies::{Cookies, carry_cookies};
pub(crate) use cross_site::refuse_cross_site;
pub(crate) use error_pages::{ForPrograms, NavigationSlot, render_errors};
pub(crate) use form::{PageForm, SLOWEST_BODY};
pub(crate) use headers::{StartsConsent, no_store, security_headers};
pub(crate) use host::{PublicHost, require_public_host};
pub(crate) use intent::is_shown;
pub(crate) use metrics::{count_requests, recorder, register_refusals};
pub(crate) use page::{page, page_with_status};
pub(crate) use page_error::{PageError, explain_loss, explain_parked, explain_pause};
pub(crate) use request_id::RequestId;
pub(crate) use request_span::trace_request;
#[cfg(feature = "otel")]
pub(crate) use trace_context::trace_state;
pub(crate) use trace_context::{TraceContext, TraceId};
