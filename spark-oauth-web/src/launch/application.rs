//! The services and the router, from a configuration.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use spark_oauth_core::admins::{HashingLimits, Renaming};
use spark_oauth_core::events::Destination;
use spark_oauth_core::http_client::Proxies;
use spark_oauth_core::keyring::KeyRing;
use spark_oauth_core::ports::{Clock, Journal, Random, Stores, SystemClock, SystemRandom};
use spark_oauth_core::webex::{WebexClient, WebexSettings};
use spark_oauth_core::{SetUpCode, SparkOauth};

use crate::config::{Config, Keys, WebhookConfig};
use crate::launch::refreshing::{open_journal, refresh_limits, schedule};
use crate::launch::{OpenStores, StartError, open_stores};
use crate::metrics::{EngineMetrics, EventCounter};
use crate::router::router;
use crate::routes::management;
use crate::routes::people::FirstSight;
use crate::session::Sessions;
use crate::site::Site;
use crate::state::{AppState, Parts};
use crate::webhooks::{self, WebhookClient};

/// How long work that outlives its requests may take at the end: a call to the
/// provider, and the write of its answer.
pub(super) const SETTLE_LIMIT: Duration = Duration::from_secs(30);

/// What a test or an embedding program replaces.
#[derive(Clone, Debug)]
pub struct Overrides {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The source of randomness.
    pub random: Arc<dyn Random>,
    /// How long a call to the provider may take.
    pub provider_timeout: Duration,
}

impl Default for Overrides {
    fn default() -> Self {
        Self {
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom),
            provider_timeout: WebexSettings::DEFAULT_REQUEST_TIMEOUT,
        }
    }
}

/// An application that is ready to be served.
#[derive(Debug)]
pub struct Application {
    pub(super) state: AppState,
    pub(super) stores: OpenStores,
}

impl Application {
    /// Opens the store and the vault, and puts everything together, for commands that
    /// refresh nothing.
    ///
    /// # Errors
    /// [`StartError`] says what is wrong and what to do.
    pub async fn build(config: &Config, overrides: Overrides) -> Result<Self, StartError> {
        Self::put_together(config, overrides, None).await
    }

    /// The same for a server: it keeps a journal, and has stored what earlier
    /// processes left in theirs.
    ///
    /// # Errors
    /// [`StartError`] says what is wrong and what to do.
    pub async fn build_server(config: &Config, overrides: Overrides) -> Result<Self, StartError> {
        let journal = open_journal(&config.refresh, &overrides).await?;
        Self::put_together(config, overrides, journal).await
    }

    async fn put_together(
        config: &Config,
        overrides: Overrides,
        journal: Option<Arc<dyn Journal>>,
    ) -> Result<Self, StartError> {
        let opened = open_stores(&config.store).await?;
        let ring = key_ring(config, &opened.stores, overrides.random.clone()).await?;
        let services = services(config, &overrides, &opened.stores, ring, journal).await?;
        rename_super_admin(&services).await?;
        let sessions = Sessions::new(
            opened.stores.sessions.clone(),
            overrides.clock.clone(),
            overrides.random.clone(),
        );
        let state = AppState::new(Parts {
            sessions,
            services,
            vault: opened.stores.vault.clone(),
            clock: overrides.clock,
            random: overrides.random,
            site: Arc::new(site(config)),
            first_sight: FirstSight::default(),
        });
        Ok(Self {
            state,
            stores: opened,
        })
    }

    /// The services, for commands that need no server.
    pub fn services(&self) -> &SparkOauth {
        &self.state.services
    }

    /// Where the store is, without credentials.
    pub fn store(&self) -> &str {
        &self.stores.place
    }

    /// The public router: pages, health, assets.
    pub fn router(&self) -> Router {
        router(self.state.clone())
    }

    /// The router for the operator alone.
    pub fn management_router(&self) -> Router {
        management::router(self.state.clone())
    }

    /// The code of the set-up link; `None` once the super admin stands.
    ///
    /// # Errors
    /// The store's.
    pub async fn set_up_code(&self) -> Result<Option<SetUpCode>, StartError> {
        Ok(self.services().admins.set_up_code().await?)
    }

    /// Waits for work that outlives its requests, then closes the store.
    pub async fn close(self) {
        self.settle().await;
        self.close_store().await;
    }

    /// Waits for work that outlives its requests, with a limit.
    pub(super) async fn settle(&self) {
        let settled = tokio::time::timeout(SETTLE_LIMIT, self.state.services.settle()).await;
        if settled.is_err() {
            tracing::error!("work that waits for the store or the provider was given up");
        }
    }

    pub(super) async fn close_store(self) {
        self.stores.close().await;
    }
}

/// The keys; a new key file only where the store knows of no key yet.
pub(crate) async fn key_ring(
    config: &Config,
    stores: &Stores,
    random: Arc<dyn Random>,
) -> Result<KeyRing, StartError> {
    let missing = match config.keys.read(random.clone())? {
        Keys::Ring(ring) => return Ok(ring),
        Keys::Missing(missing) => missing,
    };
    let place = config.keys.to_string();
    if let Some(fingerprint) = stores.vault.key_fingerprints().await?.first().copied() {
        // Another process that starts now may have created the file, and recorded
        // its key, since we looked for it.
        return match config.keys.read(random)? {
            Keys::Ring(ring) => Ok(ring),
            Keys::Missing(_) => Err(StartError::MissingKey { fingerprint, place }),
        };
    }
    let ring = missing.create(random)?;
    tracing::warn!(
        file = place,
        "a new key file was created; keep a copy of it apart from the database: without it \
         no stored token opens"
    );
    Ok(ring)
}

async fn services(
    config: &Config,
    overrides: &Overrides,
    stores: &Stores,
    ring: KeyRing,
    journal: Option<Arc<dyn Journal>>,
) -> Result<SparkOauth, StartError> {
    let mut settings = WebexSettings::at(config.provider.api_base.clone());
    settings.authorize_url = config.provider.authorize_url.clone();
    settings.token_url = config.provider.token_url.clone();
    settings.token_auth = config.provider.token_auth;
    settings.proxies = Some(config.proxies.clone());
    settings.request_timeout = overrides.provider_timeout;
    let client = WebexClient::with_clock(settings, overrides.clock.clone())
        .map_err(|error| StartError::Client(error.into()))?;
    let hashing = HashingLimits {
        cost: config.password_hash_cost,
        ..HashingLimits::default()
    };
    let mut builder = SparkOauth::builder(
        config.integration.clone(),
        Arc::new(client),
        stores.clone(),
        ring,
    )
    .clock(overrides.clock.clone())
    .random(overrides.random.clone())
    .super_admin(config.super_admin.clone())
    .hashing(hashing)
    .refresh_limits(refresh_limits(&config.refresh, overrides.provider_timeout))
    .refresh_schedule(schedule(&config.refresh))
    .include_refresh_token(config.handoff.include_refresh_token)
    .return_rules(config.consent_links.return_to.clone())
    .observer(Arc::new(EngineMetrics))
    .event_sink(Arc::new(EventCounter));
    if let Some(issuer) = &config.provider.issuer {
        builder = builder.issuer(issuer);
    }
    if let Some(time) = config.audit.kept_for() {
        builder = builder.audit_kept_for(time);
    }
    if let Some(journal) = journal {
        builder = builder.journal(journal);
    }
    if let Some(webhooks) = &config.webhooks {
        builder = builder.destination(destination(
            webhooks,
            &config.proxies,
            overrides.clock.clone(),
        )?);
    }
    builder
        .build()
        .await
        .map_err(|error| StartError::vault(error, config.keys.to_string()))
}

/// Where events are posted to.
fn destination(
    webhooks: &WebhookConfig,
    proxies: &Proxies,
    clock: Arc<dyn Clock>,
) -> Result<Destination, StartError> {
    let (url, secrets) = (webhooks.url.clone(), webhooks.secrets.clone());
    let client = WebhookClient::new(url, secrets, proxies, clock)
        .map_err(|error| StartError::Client(error.into()))?;
    let events = webhooks.events.iter().copied();
    let endpoint = webhooks.secrets.fingerprint(&webhooks.url);
    Ok(Destination::new(webhooks::DESTINATION, Arc::new(client))
        .endpoint(endpoint)
        .only(events))
}

async fn rename_super_admin(services: &SparkOauth) -> Result<(), StartError> {
    match services.admins.rename_super_admin().await? {
        Renaming::Unneeded => {}
        Renaming::Done { from } => tracing::warn!(
            setting = "superAdminAccount.username",
            %from,
            "the super admin was renamed as the configuration says"
        ),
        Renaming::Taken { keeps } => tracing::error!(
            setting = "superAdminAccount.username",
            %keeps,
            "the super admin was not renamed: another admin has that name; rename or remove \
             that admin, or correct the setting"
        ),
    }
    Ok(())
}

fn site(config: &Config) -> Site {
    Site {
        public_url: config.public_url.clone(),
        trusted_proxies: config.server.trusted_proxies.clone(),
        hsts: config.server.hsts.clone(),
        placeholders: config
            .placeholders()
            .into_iter()
            .map(str::to_owned)
            .collect(),
        hands_over_refresh_token: config.handoff.include_refresh_token,
    }
}
