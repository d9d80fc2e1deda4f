//! What the calls of the API are given: one pointer, so that a request costs little.

use std::sync::Arc;

use axum::extract::FromRef;
use spark_oauth_core::SparkOauth;
use spark_oauth_core::api_access::ApiAccess;
use spark_oauth_core::consent_links::ConsentLinkService;

use super::rate_limit::RateLimits;
use crate::site::Site;
use crate::state::AppState;

/// Everything, cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct ApiState(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    access: ApiAccess,
    limits: RateLimits,
    site: Arc<Site>,
    links: ConsentLinkService,
}

impl ApiState {
    pub(super) fn of(state: &AppState) -> Self {
        Self::new(&state.services, state.site.clone())
    }

    pub(super) fn new(services: &SparkOauth, site: Arc<Site>) -> Self {
        Self(Arc::new(Parts {
            access: services.api_access.clone(),
            limits: RateLimits::default(),
            site,
            links: services.links.clone(),
        }))
    }

    pub(super) fn access(&self) -> &ApiAccess {
        &self.0.access
    }

    pub(super) fn limits(&self) -> &RateLimits {
        &self.0.limits
    }

    pub(super) fn links(&self) -> &ConsentLinkService {
        &self.0.links
    }

    pub(super) fn site(&self) -> &Arc<Site> {
        &self.0.site
    }
}

impl FromRef<ApiState> for ApiAccess {
    fn from_ref(state: &ApiState) -> Self {
        state.access().clone()
    }
}

impl FromRef<ApiState> for Arc<Site> {
    fn from_ref(state: &ApiState) -> Self {
        state.site().clone()
    }
}
