//! All services on one set of adapters: the door for those who embed the library.

use std::sync::Arc;
use std::time::Duration;

use crate::admins::{AdminService, HashingLimits, SuperAdminSettings};
use crate::api_access::ApiAccess;
use crate::api_keys::ApiKeyService;
use crate::audit::AuditService;
use crate::auditor::Auditor;
use crate::broker::{
    Breaker, BreakerState, Broker, RefreshLimits, Schedule, ScheduleLimits, Worker, WorkerSettings,
};
use crate::consent::{ConsentLimits, ConsentService};
use crate::consent_links::{ConsentLinkService, ReturnRules};
use crate::corrected_clock::{ClockState, CorrectedClock};
use crate::detached::Detached;
use crate::events::{Destination, EventLog, EventService, Events, Outlets};
use crate::gauges::Gauges;
use crate::handoff::HandOver;
use crate::integration::Integration;
use crate::keyring::KeyRing;
use crate::observed_client::ObservedClient;
use crate::overview::OverviewService;
use crate::ports::{
    Clock, EventSink, Journal, Observer, Random, SparkClient, Stores, SystemClock, SystemRandom,
    Unobserved, VaultStore,
};
use crate::presence::Presence;
use crate::recent::Recent;
use crate::store_health::StoreHealth;
use crate::vault::{VaultError, adopt_keys, check_all_held, open_vault};
use crate::watched_tokens::{RecentTokens, watched};

/// How many records are remembered for the next checkout: some megabytes.
const MOST_RECENT: usize = 5_000;

/// What the services are made of.
#[derive(Clone, Debug)]
pub(crate) struct Parts {
    pub(crate) integration: Arc<Integration>,
    pub(crate) client: Arc<dyn SparkClient>,
    pub(crate) stores: Stores,
    pub(crate) ring: KeyRing,
    /// The local clock, for the expiry of keys, links, sessions and consents, and for
    /// housekeeping.
    pub(crate) clock: Arc<dyn Clock>,
    /// The same, corrected by the provider's time, for the expiry and refresh of tokens.
    pub(crate) corrected: CorrectedClock,
    pub(crate) health: StoreHealth,
    pub(crate) recent: RecentTokens,
    pub(crate) journal: Option<Arc<dyn Journal>>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) detached: Detached,
    pub(crate) events: Events,
    pub(crate) observer: Arc<dyn Observer>,
    pub(crate) schedule: Schedule,
    pub(crate) breaker: Breaker,
}

/// The services of spark-oauth. Cheap to clone: the clones share everything.
#[derive(Clone, Debug)]
pub struct SparkOauth {
    /// From the button "Grant access" to the stored token.
    pub consents: ConsentService,
    /// Links under which a person is asked to consent.
    pub links: ConsentLinkService,
    /// Tokens that are valid now.
    pub broker: Broker,
    /// Handing a token to the requester in a room.
    pub hand_over: HandOver,
    /// Those who manage the tokens.
    pub admins: AdminService,
    /// How services authenticate.
    pub api_keys: ApiKeyService,
    /// Who did what.
    pub audit: AuditService,
    /// What services may do under their keys.
    pub api_access: ApiAccess,
    /// Carries events to where they must not be lost.
    pub events: EventService,
    /// Counts tokens and events for the observer.
    pub gauges: Gauges,
    /// How the tokens stand as a whole.
    pub overview: OverviewService,
    vault: Arc<dyn VaultStore>,
    ring: KeyRing,
    auditor: Auditor,
    detached: Detached,
    worker: Worker,
    presence: Presence,
    breaker: Breaker,
    journal: Option<Arc<dyn Journal>>,
    clock: CorrectedClock,
}

/// Puts a [`SparkOauth`] together.
#[derive(Debug)]
pub struct SparkOauthBuilder {
    integration: Integration,
    client: Arc<dyn SparkClient>,
    stores: Stores,
    ring: KeyRing,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    observer: Arc<dyn Observer>,
    journal: Option<Arc<dyn Journal>>,
    super_admin: Option<SuperAdminSettings>,
    hashing: HashingLimits,
    consent_limits: ConsentLimits,
    refresh_limits: RefreshLimits,
    schedule_limits: ScheduleLimits,
    include_refresh_token: bool,
    audit_kept_for: Option<Duration>,
    return_rules: ReturnRules,
    issuer: Option<String>,
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
        SparkOauthBuilder {
            integration,
            client,
            stores,
            ring,
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom),
            observer: Arc::new(Unobserved),
            journal: None,
            super_admin: None,
            hashing: HashingLimits::default(),
            consent_limits: ConsentLimits::default(),
            refresh_limits: RefreshLimits::default(),
            schedule_limits: ScheduleLimits::default(),
            include_refresh_token: false,
            audit_kept_for: None,
            return_rules: ReturnRules::default(),
            issuer: None,
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

    /// Checks that every key that the store may need is at hand. One may be missing
    /// that another process has begun to seal with.
    ///
    /// # Errors
    /// [`VaultError`] names the key that is missing, or says why the store does not.
    pub async fn check_keys(&self) -> Result<(), VaultError> {
        check_all_held(&self.vault.key_fingerprints().await?, &self.ring)
    }

    /// For how long the background worker of this process has not gone round, which
    /// it does every few seconds; `None` where none runs.
    pub fn worker_silence(&self) -> Option<Duration> {
        self.worker.silence()
    }

    /// The background worker, which refreshes what comes due. Let one run in every
    /// process on the store: [`Worker::run`].
    pub fn worker(&self, settings: WorkerSettings) -> Worker {
        self.worker.clone().with(settings)
    }

    /// What shows this process to the others on the store, at `place`: words by
    /// which an operator finds it, such as host name and process number. Let it run
    /// in every process that writes tokens: [`Presence::run`].
    pub fn presence(&self, place: impl Into<String>) -> Presence {
        self.presence.clone().at(place.into())
    }

    /// Whether the provider is asked to refresh tokens now. Cheap: the store is read
    /// once a second at most, however often this is called.
    pub async fn refreshing(&self) -> BreakerState {
        self.breaker.state(self.clock.now()).await
    }

    /// Whether the local clock agrees with the provider's.
    pub fn clock_state(&self) -> ClockState {
        self.clock.state()
    }

    /// How many answers of the provider wait in this process's journal for the
    /// store; `None` without a journal.
    pub fn journal_length(&self) -> Option<usize> {
        self.journal.as_deref().map(Journal::waiting)
    }

    /// Waits until the work that outlives its callers is done: a consent whose
    /// browser hung up, a refresh whose answer is not yet stored.
    ///
    /// Call it when nothing new comes in any more and before the runtime ends, with
    /// a time limit: a store that stays away keeps a refresh waiting.
    pub async fn settle(&self) {
        self.detached.settle().await;
        self.auditor.settle().await;
    }
}

impl SparkOauthBuilder {
    /// Takes the time from another clock. If several answers of the provider agree
    /// that it is wrong by more than a few seconds, tokens use their time. Keys, links,
    /// sessions and the audit log always use this clock.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Takes randomness from another source.
    #[must_use]
    pub fn random(mut self, random: Arc<dyn Random>) -> Self {
        self.random = random;
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

    /// When tokens are refreshed without anybody asking, and how long is waited
    /// after failures.
    #[must_use]
    pub const fn refresh_schedule(mut self, limits: ScheduleLimits) -> Self {
        self.schedule_limits = limits;
        self
    }

    /// Whether a hand-over includes the refresh token, as the Node.js sample's
    /// did. Two holders of one refresh token end each other's.
    #[must_use]
    pub const fn include_refresh_token(mut self, include: bool) -> Self {
        self.include_refresh_token = include;
        self
    }

    /// How long an entry of the audit log is kept, where
    /// [`AuditService::remove_expired`] is called now and then; without it for ever.
    #[must_use]
    pub const fn audit_kept_for(mut self, time: Duration) -> Self {
        self.audit_kept_for = Some(time);
        self
    }

    /// Where consent links may return to when a consent is done. Without it, nowhere.
    #[must_use]
    pub fn return_rules(mut self, rules: ReturnRules) -> Self {
        self.return_rules = rules;
        self
    }

    /// The issuer identifier that every callback must name (`iss`, RFC 9207), compared
    /// byte by byte. Without it, `iss` is ignored.
    #[must_use]
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuer = Some(issuer.into());
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

    /// Keeps in `journal` what the provider has handed out while the store fails:
    /// see [`FileJournal`](crate::journal::FileJournal). Without one, new tokens that
    /// wait for the store are lost with the process.
    #[must_use]
    pub fn journal(mut self, journal: Arc<dyn Journal>) -> Self {
        self.journal = Some(journal);
        self
    }

    /// Lets `observer` measure what the engine does.
    #[must_use]
    pub fn observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observer = observer;
        self
    }

    /// Opens the vault, puts the services together, and stores what processes left in
    /// their journals that have ended.
    ///
    /// # Errors
    /// [`VaultError`] where the store needs a key that is not in the ring, or does
    /// not answer.
    pub async fn build(self) -> Result<SparkOauth, VaultError> {
        open_vault(&*self.stores.vault, &self.ring).await?;
        let (super_admin, hashing) = (self.super_admin.clone(), self.hashing);
        let (consent_limits, refresh_limits) = (self.consent_limits, self.refresh_limits);
        let include_refresh_token = self.include_refresh_token;
        let audit_kept_for = self.audit_kept_for;
        let return_rules = self.return_rules.clone();
        let issuer = self.issuer.clone();
        let parts = self.into_parts();
        let auditor = Auditor::new(
            parts.stores.audit.clone(),
            parts.clock.clone(),
            parts.random.clone(),
            parts.detached.clone(),
        );
        let broker = Broker::new(parts.clone(), refresh_limits, auditor.clone());
        let links =
            ConsentLinkService::new(parts.clone(), broker.clone(), auditor.clone(), return_rules);
        broker.recover().await;
        let api_keys = ApiKeyService::new(
            parts.stores.api_keys.clone(),
            parts.clock.clone(),
            parts.random.clone(),
            auditor.clone(),
            parts.detached.clone(),
        );
        Ok(SparkOauth {
            consents: ConsentService::new(parts.clone(), consent_limits, auditor.clone(), issuer),
            hand_over: HandOver::new(
                parts.clone(),
                broker.clone(),
                auditor.clone(),
                include_refresh_token,
            ),
            audit: AuditService::new(
                parts.stores.audit.clone(),
                parts.clock.clone(),
                auditor.clone(),
                audit_kept_for,
            ),
            api_access: ApiAccess::new(
                api_keys.clone(),
                broker.clone(),
                links.clone(),
                auditor.clone(),
            ),
            links,
            api_keys,
            admins: AdminService::new(&parts, super_admin, hashing, auditor.clone()),
            auditor: auditor.clone(),
            worker: Worker::new(broker.clone(), &parts, WorkerSettings::default()),
            presence: Presence::new(&parts, broker.process()),
            broker,
            events: EventService::new(parts.events.clone(), parts.random.clone(), auditor),
            gauges: Gauges::new(&parts),
            overview: OverviewService::new(&parts),
            vault: parts.stores.vault,
            ring: parts.ring,
            breaker: parts.breaker,
            journal: parts.journal,
            clock: parts.corrected,
            detached: parts.detached,
        })
    }

    /// Gives every part what it needs of the others.
    fn into_parts(self) -> Parts {
        let detached = Detached::default();
        let clock = self.clock;
        let corrected = CorrectedClock::new(clock.clone(), self.random.clone());
        let tokens_clock: Arc<dyn Clock> = Arc::new(corrected.clone());
        let health = StoreHealth::new(clock.clone());
        let mut stores = self.stores;
        let recent = Recent::new(self.refresh_limits.believed_for, MOST_RECENT);
        stores.tokens = watched(
            stores.tokens,
            health.clone(),
            recent.clone(),
            corrected.clone(),
        );
        let client_id = self.integration.client_id.clone();
        let events = Events::new(
            client_id.clone(),
            &stores,
            tokens_clock.clone(),
            self.observer.clone(),
            detached.clone(),
            self.outlets,
        );
        let breaker = Breaker::new(
            client_id,
            stores.pauses.clone(),
            tokens_clock,
            self.random.clone(),
            events.clone(),
            self.observer.clone(),
        );
        Parts {
            client: Arc::new(ObservedClient {
                client: self.client,
                observer: self.observer.clone(),
                clock: corrected.clone(),
            }),
            schedule: Schedule::new(self.schedule_limits, self.random.clone()),
            breaker,
            events,
            integration: Arc::new(self.integration),
            stores,
            ring: self.ring,
            clock,
            corrected,
            health,
            recent,
            journal: self.journal,
            random: self.random,
            detached,
            observer: self.observer,
        }
    }
}

#[cfg(test)]
mod tests;
