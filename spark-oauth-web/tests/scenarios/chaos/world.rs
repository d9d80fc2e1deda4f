//! The store with its tokens, and what stands in it when the dust has settled.

use std::num::NonZeroU16;
use std::sync::Arc;
use std::time::Duration;

use spark_oauth_core::audit::Caller;
use spark_oauth_core::broker::TokenError;
use spark_oauth_core::ports::{PageRequest, Random as _, SeededRandom, TokenFilter};
use spark_oauth_core::token::{RefreshTrigger, StatusKind, Token};
use spark_oauth_core::{ProcessId, SparkOauth, TokenId};
use spark_oauth_web::launch::{Application, Overrides};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::harness::{Command, Server, Setup, Upstream, journal_is_used, until};

/// How long the access tokens live usually, in seconds.
const LIFE: u64 = 8;

/// How long the provider takes for an answer, in milliseconds.
const LATENCY: u64 = 400;

/// How many people consent at once, or are looked after at the end.
const AT_ONCE: usize = 16;

/// How long everything may take to be well again.
const PATIENCE: Duration = Duration::from_mins(1);

pub(super) struct World {
    pub(super) upstream: Upstream,
    pub(super) command: Command,
    pub(super) ids: Vec<TokenId>,
    /// With which services fetch tokens.
    pub(super) key: String,
    pub(super) seconds: u64,
    /// One more process on the store, which looks on: the test's own.
    application: Box<Application>,
    random: SeededRandom,
    folder: Arc<tempfile::TempDir>,
}

/// What stands in the store at the end.
#[derive(Debug, Default)]
pub(super) struct After {
    /// Refreshes whose process ended before it had written the answer.
    pub(super) interrupted: u64,
    pub(super) needs_consent: u64,
    /// Tokens that a background worker refreshed last.
    pub(super) by_worker: u64,
}

fn number(variable: &str, usual: u64) -> u64 {
    std::env::var(variable)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(usual)
}

impl World {
    pub(super) async fn new(setup: &Setup) -> Self {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let upstream = Upstream::start().await;
        upstream.provider.update_settings(|settings| {
            settings.rotate_refresh_tokens = true;
            settings.access_ttl_s = number("SPARK_OAUTH_CHAOS_LIFE", LIFE);
        });
        let command = Command::new(folder.path(), setup, &upstream);
        let server = command.serve().await;
        server.site.super_admin().await;
        let people = number("SPARK_OAUTH_CHAOS_TOKENS", 60);
        let mut granting = JoinSet::new();
        for n in 0..people {
            while granting.len() >= AT_ONCE {
                granting.join_next().await.unwrap().unwrap();
            }
            let browser = server.browser();
            granting.spawn(async move { browser.grant(&format!("person_{n}@example.com")).await });
        }
        granting.join_all().await;
        server.shut_down().await;
        let create = [
            "api-key",
            "create",
            "--name",
            "chaos",
            "--scope",
            "tokens:use",
        ];
        let key = command.run(&create, "").await;
        assert_eq!(key.code, Some(0), "{key:?}");
        // So that a kill meets refreshes in flight.
        upstream
            .provider
            .update_settings(|settings| settings.latency_ms = LATENCY);
        let config = setup.config(folder.path(), &upstream.base_url());
        let application = Application::build_server(&config, Overrides::default()).await;
        let seed = number("SPARK_OAUTH_CHAOS_SEED", 7);
        let mut world = Self {
            upstream,
            command,
            ids: Vec::new(),
            key: key.out.trim().to_owned(),
            seconds: number("SPARK_OAUTH_CHAOS_SECONDS", 8),
            application: Box::new(application.unwrap()),
            random: SeededRandom::new(seed),
            folder,
        };
        world.ids = world.tokens().await.iter().map(|token| token.id).collect();
        assert_eq!(world.ids.len() as u64, people);
        println!("seed {seed}");
        world
    }

    pub(super) fn services(&self) -> &SparkOauth {
        self.application.services()
    }

    /// One of so many.
    pub(super) fn pick(&self, many: usize) -> usize {
        let mut bytes = [0; 8];
        self.random.fill(&mut bytes);
        usize::try_from(u64::from_be_bytes(bytes) % many as u64).unwrap()
    }

    /// Whether a process holds an answer that the store has not taken.
    pub(super) fn journal_is_used(&self) -> bool {
        journal_is_used(self.folder.path())
    }

    async fn tokens(&self) -> Vec<Token> {
        let broker = &self.services().broker;
        let mut request = PageRequest::first(NonZeroU16::new(500).unwrap());
        let mut tokens = Vec::new();
        loop {
            let page = broker
                .list(&TokenFilter::default(), &request)
                .await
                .unwrap();
            tokens.extend(page.items);
            match page.next {
                Some(next) => request.after = Some(next),
                None => return tokens,
            }
        }
    }

    /// The processes that have refreshes in flight, once for each, by the markers in
    /// the store.
    async fn refreshing(&self) -> Vec<ProcessId> {
        let tokens = self.tokens().await;
        let attempts = tokens.iter().filter_map(|token| token.attempt);
        attempts.map(|attempt| attempt.owner).collect()
    }

    /// Waits until one of the processes has refreshes in flight, and answers which,
    /// and how many.
    pub(super) async fn caught(&self, servers: &[Server]) -> (usize, usize) {
        until("a process refreshes", async || {
            let refreshing = self.refreshing().await;
            let mut caught = Vec::new();
            for (index, server) in servers.iter().enumerate() {
                let process = server.process().await;
                let many = refreshing.iter().filter(|owner| **owner == process).count();
                caught.extend((many > 0).then_some((index, many)));
            }
            (!caught.is_empty()).then(|| caught[self.pick(caught.len())])
        })
        .await
    }

    /// Every token that is active can be checked out in the end.
    pub(super) async fn after_the_dust_has_settled(&self) -> After {
        let deadline = Instant::now() + PATIENCE;
        let mut asking = JoinSet::new();
        for id in &self.ids {
            while asking.len() >= AT_ONCE {
                asking.join_next().await.unwrap().unwrap();
            }
            asking.spawn(is_well_by(self.services().clone(), *id, deadline));
        }
        asking.join_all().await;
        let mut after = After::default();
        for token in self.tokens().await {
            after.interrupted += token.upkeep.interrupted;
            let last = token.last_refresh.map(|last| last.by);
            after.by_worker += u64::from(last == Some(RefreshTrigger::Worker));
            let kind = token.status.kind();
            after.needs_consent += u64::from(kind == StatusKind::NeedsConsent);
        }
        after
    }

    pub(super) async fn end(self) {
        Box::pin(self.application.close()).await;
    }
}

/// Asks until the token is given, or its person must consent again.
async fn is_well_by(services: SparkOauth, id: TokenId, deadline: Instant) {
    let (caller, life) = (Caller::service("chaos"), Duration::from_secs(1));
    loop {
        let trouble = match services.broker.check_out(id, life, &caller).await {
            Ok(_) | Err(TokenError::NeedsConsent { .. }) => return,
            Err(trouble) => trouble,
        };
        if Instant::now() >= deadline {
            let token = services.broker.get(id).await.unwrap();
            panic!("not well again, {trouble}: {token:#?}");
        }
        sleep(Duration::from_millis(50)).await;
    }
}
