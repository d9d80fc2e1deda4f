//! All services on one set of adapters: the door for those who embed the library.

use std::sync::Arc;

use crate::admins::{AdminService, HashingLimits, SuperAdminSettings};
use crate::auditor::Auditor;
use crate::broker::{Broker, RefreshLimits};
use crate::consent::{ConsentLimits, ConsentService};
use crate::detached::Detached;
use crate::events::{Destination, EventLog, EventService, Events, Outlets};
use crate::gauges::Gauges;
use crate::handoff::HandOver;
use crate::integration::Integration;
use crate::keyring::KeyRing;
use crate::observed_client::ObservedClient;
use crate::overview::OverviewService;
use crate::ports::{
    Clock, EventSink, Observer, Random, SparkClient, Stores, SystemClock, SystemRandom, Unobserved,
    VaultStore,
};
use crate::vault::{VaultError, adopt_keys, open_vault};

/// What the services are made of.
#[derive(Clone, Debug)]
pub(crate) struct Parts {
    pub(crate) integration: Arc<Integration>,
    pub(crate) client: Arc<dyn SparkClient>,
    pub(crate) stores: Stores,
    pub(crate) ring: KeyRing,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) detached: Detached,
    pub(crate) events: Events,
    pub(crate) observer: Arc<dyn Observer>,
}

/// The services of spark-oauth. Cheap to clone: the clones share everything.
#[derive(Clone, Debug)]
pub struct SparkOauth {
    /// From the button "Grant access" to the stored token.
    pub consents: ConsentService,
    /// Tokens that are valid now.
    pub broker: Broker,
    /// Handing a token to the requester in a room.
    pub hand_over: HandOver,
    /// Those who manage the tokens.
    pub admins: AdminService,
    /// Carries events to where they must not be lost.
    pub events: EventService,
    /// Counts tokens and events for the observer.
    pub gauges: Gauges,
    /// How the tokens stand as a whole.
    pub overview: OverviewService,
    vault: Arc<dyn VaultStore>,
    ring: KeyRing,
    detached: Detached,
}

/// Puts a [`SparkOauth`] together.
#[derive(Debug)]
pub struct SparkOauthBuilder {
    parts: Parts,
    super_admin: Option<SuperAdminSettings>,
    hashing: HashingLimits,
    consent_limits: ConsentLimits,
    refresh_limits: RefreshLimits,
    include_refresh_token: bool,
    outlets: Outlets,
}

impl SparkOauth {
    /// Begins with what every application needs; the rest has defaults.
    pub fn builder(
        integration: Integration,
        client: Arc<dyn SparkClient>,
        stores: Stores,
        ring: KeyRing,
    ) -> SparkOauthBuilder {
        let detached = Detached::default();
        SparkOauthBuilder {
            parts: Parts {
                // The events are wired anew when all that they need is known.
                events: Events::new(
                    integration.client_id.clone(),
                    &stores,
                    Arc::new(SystemClock),
                    Arc::new(Unobserved),
                    detached.clone(),
                    Outlets::default(),
                ),
                integration: Arc::new(integration),
                client,
                stores,
                ring,
                clock: Arc::new(SystemClock),
                random: Arc::new(SystemRandom),
                detached,
                observer: Arc::new(Unobserved),
            },
            super_admin: None,
            hashing: HashingLimits::default(),
            consent_limits: ConsentLimits::default(),
            refresh_limits: RefreshLimits::default(),
            include_refresh_token: false,
            outlets: Outlets {
                sinks: vec![Arc::new(EventLog)],
                destinations: Vec::new(),
            },
        }
    }

    /// Takes over the keys of `newer` while the application runs: its first key
    /// seals from now on, and keys that only the present ring has still open what
    /// they sealed. `false` where that changes nothing.
    ///
    /// # Errors
    /// [`VaultError::Store`] where the store cannot record the new keys; the present
    /// ones stay in use then.
    pub async fn adopt_keys(&self, newer: &KeyRing) -> Result<bool, VaultError> {
        adopt_keys(&*self.vault, &self.ring, newer).await
    }

    /// Waits until the work that outlives its callers is done: a consent whose
    /// browser hung up, a refresh whose answer is not yet stored.
    ///
    /// Call it when nothing new comes in any more and before the runtime ends, with
    /// a time limit: a store that stays away keeps a refresh waiting.
    pub async fn settle(&self) {
        self.detached.settle().await;
    }
}

impl SparkOauthBuilder {
    /// Takes the time from another clock.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.parts.clock = clock;
        self
    }

    /// Takes randomness from another source.
    #[must_use]
    pub fn random(mut self, random: Arc<dyn Random>) -> Self {
        self.parts.random = random;
        self
    }

    /// Who the super admin will be. Without it the admin centre cannot be set up.
    #[must_use]
    pub fn super_admin(mut self, settings: SuperAdminSettings) -> Self {
        self.super_admin = Some(settings);
        self
    }

    /// The cost of password hashes, and how many are computed at once.
    #[must_use]
    pub const fn hashing(mut self, limits: HashingLimits) -> Self {
        self.hashing = limits;
        self
    }

    /// The bounds of consents that were begun.
    #[must_use]
    pub const fn consent_limits(mut self, limits: ConsentLimits) -> Self {
        self.consent_limits = limits;
        self
    }

    /// The times that bound a refresh.
    #[must_use]
    pub const fn refresh_limits(mut self, limits: RefreshLimits) -> Self {
        self.refresh_limits = limits;
        self
    }

    /// Whether a hand-over includes the refresh token, as the Node.js sample's
    /// did. Two holders of one refresh token end each other's.
    #[must_use]
    pub const fn include_refresh_token(mut self, include: bool) -> Self {
        self.include_refresh_token = include;
        self
    }

    /// Tells `sink` of every event of this process too, beside the log.
    #[must_use]
    pub fn event_sink(mut self, sink: Arc<dyn EventSink>) -> Self {
        self.outlets.sinks.push(sink);
        self
    }

    /// Adds a destination that loses no event. Let
    /// [`SparkOauth::events`] run then, in every process on the store.
    #[must_use]
    pub fn destination(mut self, destination: Destination) -> Self {
        self.outlets.destinations.push(destination);
        self
    }

    /// Lets `observer` measure what the engine does.
    #[must_use]
    pub fn observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.parts.observer = observer;
        self
    }

    /// Opens the vault and puts the services together.
    ///
    /// # Errors
    /// [`VaultError`] where the store needs a key that is not in the ring, or does
    /// not answer.
    pub async fn build(self) -> Result<SparkOauth, VaultError> {
        let Self { mut parts, .. } = self;
        open_vault(&*parts.stores.vault, &parts.ring).await?;
        parts.client = Arc::new(ObservedClient {
            client: parts.client,
            observer: parts.observer.clone(),
        });
        parts.events = Events::new(
            parts.integration.client_id.clone(),
            &parts.stores,
            parts.clock.clone(),
            parts.observer.clone(),
            parts.detached.clone(),
            self.outlets,
        );
        let auditor = Auditor::new(
            parts.stores.audit.clone(),
            parts.clock.clone(),
            parts.random.clone(),
            parts.detached.clone(),
        );
        let broker = Broker::new(parts.clone(), self.refresh_limits, auditor.clone());
        Ok(SparkOauth {
            consents: ConsentService::new(parts.clone(), self.consent_limits, auditor.clone()),
            hand_over: HandOver::new(
                parts.clone(),
                broker.clone(),
                auditor.clone(),
                self.include_refresh_token,
            ),
            admins: AdminService::new(&parts, self.super_admin, self.hashing, auditor),
            broker,
            events: EventService::new(parts.events.clone(), parts.random.clone()),
            gauges: Gauges::new(&parts),
            overview: OverviewService::new(&parts),
            vault: parts.stores.vault,
            ring: parts.ring,
            detached: parts.detached,
        })
    }
}

#[cfg(test)]
mod tests;
