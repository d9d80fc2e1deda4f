//! Sessions of browsers: kept in the store, named by a cookie, of which the store
//! knows only the hash.

mod removal;
mod store;
mod unsaved;
mod visit;

use std::sync::Arc;

use spark_oauth_core::ports::{Clock, SessionStore};
use tower_sessions::cookie::SameSite;
use tower_sessions::{Expiry, SessionManagerLayer};

pub(crate) use removal::complete_removal;
pub(crate) use store::SessionAdapter;
pub(crate) use unsaved::explain_unsaved;
pub(crate) use visit::{Receipt, Room, Visitor};

use crate::site::Site;

/// The name of the session's cookie, before any prefix.
pub(crate) const COOKIE: &str = "spark_oauth_session";

/// Loads the session of each request, and saves it where it changed.
pub(crate) fn layer(
    store: Arc<dyn SessionStore>,
    clock: Arc<dyn Clock>,
    site: &Site,
) -> SessionManagerLayer<SessionAdapter> {
    SessionManagerLayer::new(SessionAdapter::new(store, clock))
        .with_name(site.cookie_name(COOKIE))
        .with_path("/")
        .with_secure(site.is_secure())
        .with_http_only(true)
        // `Lax`: the callback comes from the provider's site.
        .with_same_site(SameSite::Lax)
        // The cookie goes with the browser; the end of a session is the store's.
        .with_expiry(Expiry::OnSessionEnd)
}
