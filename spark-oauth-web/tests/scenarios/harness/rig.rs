//! The application, running, with all that it needs.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use spark_oauth_core::ClientId;
use spark_oauth_core::ports::{Clock, ManualClock, SystemClock};
use spark_oauth_web::config::Config;
use spark_oauth_web::launch::{Listening, Overrides, Running, StartError};
use spark_oauth_web::telemetry::Telemetry;
use tempfile::TempDir;
use tokio::net::TcpListener;
use url::Url;

use super::log::Log;
use super::setup::Setup;
use super::store::database;
use super::{ALICE, Browser, Database, Page, Site, Upstream};

/// One application, one emulator, one clock.
pub(crate) struct Rig {
    pub(crate) upstream: Upstream,
    pub(crate) log: Log,
    clock: Arc<ManualClock>,
    /// On the heap: it is large, and a rig is moved with every future that holds it.
    config: Box<Config>,
    running: Running,
    telemetry: Telemetry,
    site: Site,
    // Last: the others may still use the folder and the databases.
    folder: TempDir,
    setup: Setup,
}

fn site(upstream: &Upstream, config: &Config, running: &Running) -> Site {
    let link = running.set_up_link.as_deref();
    Site::new(
        upstream.clone(),
        config.public_url.clone(),
        running.address,
        link.map(|link| Url::parse(link).unwrap()),
    )
}

impl Rig {
    /// An application whose records live in memory.
    pub(crate) async fn start() -> Self {
        Self::with(Setup::default()).await
    }

    pub(crate) async fn with(setup: Setup) -> Self {
        install_crypto();
        let upstream = Upstream::start().await;
        let folder = tempfile::tempdir().unwrap();
        let config = Box::new(setup.config(folder.path(), &upstream.base_url()));
        let clock = Arc::new(ManualClock::at(SystemClock.now()));
        let telemetry = Telemetry::start(config.telemetry.as_ref(), &config.proxies).unwrap();
        let log = Log::start(&config.log, clock.clone(), telemetry.layer());
        let running = launch(&config, &clock, setup.provider_timeout)
            .await
            .unwrap();
        Self {
            site: site(&upstream, &config, &running),
            upstream,
            log,
            clock,
            config,
            running,
            telemetry,
            folder,
            setup,
        }
    }

    async fn launch(&self) -> Result<Running, StartError> {
        launch(&self.config, &self.clock, self.setup.provider_timeout).await
    }

    /// Another application on the same store, with the same keys.
    pub(crate) async fn second(&self) -> Running {
        self.launch().await.unwrap()
    }

    /// The same, with another client ID in the configuration.
    pub(crate) async fn restart_as(mut self, client_id: &str) -> Self {
        self.config.integration.client_id = ClientId::new(client_id);
        self.restart().await
    }

    /// Ends the application in an orderly way and starts it again.
    pub(crate) async fn restart(mut self) -> Self {
        Box::pin(self.running.shut_down()).await;
        let running = launch(&self.config, &self.clock, self.setup.provider_timeout).await;
        self.running = running.unwrap();
        self.site = site(&self.upstream, &self.config, &self.running);
        self
    }

    /// The same, where settings have changed meanwhile.
    pub(crate) async fn restart_with(mut self, change: impl FnOnce(Setup) -> Setup) -> Self {
        self.setup = change(self.setup);
        let config = self
            .setup
            .config(self.folder.path(), &self.upstream.base_url());
        *self.config = config;
        self.restart().await
    }

    /// The application as people see it.
    pub(crate) fn site(&self) -> Site {
        self.site.clone()
    }

    /// A browser without a cookie.
    pub(crate) fn browser(&self) -> Browser {
        self.site.browser()
    }

    pub(crate) fn running(&self) -> &Running {
        &self.running
    }

    /// Ends the application in an orderly way.
    pub(crate) async fn shut_down(self) {
        Box::pin(self.running.shut_down()).await;
        self.telemetry.shut_down().await;
    }

    /// The same, with what was logged until the very end.
    #[cfg(feature = "otel")]
    pub(crate) async fn shut_down_to_log(self) -> Log {
        Box::pin(self.running.shut_down()).await;
        self.telemetry.shut_down().await;
        self.log
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The set-up link, as a path of ours.
    pub(crate) fn set_up_path(&self) -> String {
        self.site.set_up_path()
    }

    /// Sets up the super admin of the configuration, who is signed in then.
    pub(crate) async fn super_admin(&self) -> Browser {
        self.site.super_admin().await
    }

    /// Somebody for whom every page is open: the super admin, with a receipt.
    pub(crate) async fn insider(&self) -> Browser {
        let browser = self.super_admin().await;
        browser.grant(ALICE).await;
        browser
    }

    /// That the application goes on, and that nothing of it panicked.
    pub(crate) async fn assert_alive(&self) {
        assert_eq!(self.browser().get("/livez").await.text(), "alive");
        let ready = self.browser().get("/readyz").await;
        assert_eq!(ready.text(), "ready");
        self.log.request(ready.request_id()).await;
        let log = self.log.so_far();
        assert!(!log.contains("panicked"), "{log}");
    }

    /// Lets time pass, here and at the provider.
    pub(crate) fn advance(&self, by: Duration) {
        self.clock.advance(by);
        self.upstream.provider.advance_clock(by);
    }

    /// Sets the local clock back, as an operator does; the provider's stays.
    pub(crate) fn set_clock_back(&self, by: Duration) {
        self.clock.set(self.clock.now() - by);
    }

    /// Sets the local clock forward; the provider's stays.
    pub(crate) fn set_clock_forward(&self, by: Duration) {
        self.clock.set(self.clock.now() + by);
    }

    /// How many records of a kind are stored, as somebody else counts them.
    pub(crate) async fn count(&self, kind: &str) -> u64 {
        self.setup.store.count(self.folder(), kind).await
    }

    /// The records on disk, as SQL sees them.
    pub(crate) async fn database(&self) -> Database {
        Database::open(&database(self.folder())).await
    }

    /// The page of the only token, as an admin sees it.
    pub(crate) async fn only_token(&self, admin: &Browser) -> Page {
        let list = admin.open("/admin/tokens").await;
        let hrefs = list.hrefs("/admin/tokens/");
        assert_eq!(hrefs.len(), 1, "{list:?}");
        admin.open(&hrefs[0]).await
    }
}

async fn launch(
    config: &Config,
    clock: &Arc<ManualClock>,
    provider_timeout: Duration,
) -> Result<Running, StartError> {
    let overrides = Overrides {
        clock: clock.clone(),
        provider_timeout,
        ..Overrides::default()
    };
    // The port of the configuration is the public one; the browser knows the real one.
    let listening = if config.server.management.is_some() {
        Listening::bind(config).await?
    } else {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await;
        Listening::on(listener.unwrap())
    };
    Running::start(config, listening, overrides).await
}

/// reqwest asks for it even where nothing is encrypted.
pub(super) fn install_crypto() {
    // Another test of this process may have installed it before.
    drop(rustls::crypto::ring::default_provider().install_default());
}
