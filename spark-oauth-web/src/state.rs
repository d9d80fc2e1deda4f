//! What handlers are given: each takes just the parts it uses.

use std::ops::Deref;
use std::sync::Arc;

use axum::extract::FromRef;
use spark_oauth_core::SparkOauth;
use spark_oauth_core::admins::AdminService;
use spark_oauth_core::api_keys::ApiKeyService;
use spark_oauth_core::audit::AuditService;
use spark_oauth_core::broker::Broker;
use spark_oauth_core::consent::ConsentService;
use spark_oauth_core::consent_links::ConsentLinkService;
use spark_oauth_core::events::EventService;
use spark_oauth_core::handoff::HandOver;
use spark_oauth_core::overview::OverviewService;
use spark_oauth_core::ports::{Clock, Random, VaultStore};

use crate::routes::people::FirstSight;
use crate::session::Sessions;
use crate::site::Site;

/// All parts behind one pointer: each request clones it several times.
#[derive(Clone, Debug)]
pub struct AppState(Arc<Parts>);

/// What there is.
#[derive(Debug)]
pub struct Parts {
    pub(crate) services: SparkOauth,
    pub(crate) vault: Arc<dyn VaultStore>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) site: Arc<Site>,
    pub(crate) first_sight: FirstSight,
    pub(crate) sessions: Sessions,
}

impl AppState {
    pub(crate) fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }
}

impl Deref for AppState {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

macro_rules! part {
    ($part:ty, $state:ident => $value:expr) => {
        impl FromRef<AppState> for $part {
            fn from_ref($state: &AppState) -> Self {
                $value
            }
        }
    };
}

part!(ConsentService, state => state.services.consents.clone());
part!(ConsentLinkService, state => state.services.links.clone());
part!(Broker, state => state.services.broker.clone());
part!(HandOver, state => state.services.hand_over.clone());
part!(OverviewService, state => state.services.overview.clone());
part!(ApiKeyService, state => state.services.api_keys.clone());
part!(AuditService, state => state.services.audit.clone());
part!(EventService, state => state.services.events.clone());
part!(AdminService, state => state.services.admins.clone());
part!(Arc<dyn VaultStore>, state => state.vault.clone());
part!(Arc<dyn Clock>, state => state.clock.clone());
part!(Arc<dyn Random>, state => state.random.clone());
part!(Arc<Site>, state => state.site.clone());
part!(FirstSight, state => state.first_sight.clone());
part!(Sessions, state => state.sessions.clone());
