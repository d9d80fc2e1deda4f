//! The state of the API on stores in memory, for the tests of its layers.

use std::sync::Arc;

use spark_oauth_core::keyring::{KeyRing, SealingKey};
use spark_oauth_core::ports::SeededRandom;
use spark_oauth_core::testing::{MemoryStores, ScriptedClient};
use spark_oauth_core::{
    ClientId, ClientSecret, EmailAddress, Integration, RedirectUri, Scopes, SparkOauth,
};
use url::Url;

use super::state::ApiState;
use crate::config::TrustedProxies;
use crate::site::Site;

/// The state, and the services below it.
pub(super) async fn state_on(stores: &MemoryStores) -> (ApiState, SparkOauth) {
    let random = Arc::new(SeededRandom::new(1));
    let integration = Integration {
        client_id: ClientId::new("C0ffee"),
        client_secret: ClientSecret::new("the-client-secret"),
        redirect_uri: RedirectUri::parse("http://127.0.0.1:3000/auth/spark/callback").unwrap(),
        scopes: Scopes::parse("spark:rooms_read").unwrap(),
        requester: EmailAddress::parse("owner@example.com").unwrap(),
    };
    let ring = KeyRing::new(SealingKey::generate(&*random), random);
    let client = Arc::new(ScriptedClient::new());
    let services = SparkOauth::builder(integration, client, stores.stores(), ring);
    let services = services.build().await.unwrap();
    let site = Site {
        public_url: Url::parse("http://127.0.0.1:3000").unwrap(),
        trusted_proxies: TrustedProxies::parse([]).unwrap(),
        hsts: None,
        placeholders: Vec::new(),
        hands_over_refresh_token: false,
    };
    let state = ApiState::new(&services, Arc::new(site));
    (state, services)
}
