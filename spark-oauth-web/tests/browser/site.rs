//! The whole application and its provider, on free ports of this process.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use spark_oauth_core::ports::{Clock as _, ManualClock, SystemClock};
use spark_oauth_web::config::{Config, Environment};
use spark_oauth_web::launch::{Listening, Overrides, Running};
use tempfile::TempDir;
use tokio::net::TcpListener;
use url::Url;
use webex_emulator::{Emulator, EmulatorOptions, Provider};

/// Who asks for the consents.
pub(crate) const REQUESTER: &str = "carol@example.com";
/// A person who consents.
pub(crate) const ALICE: &str = "alice@example.com";
/// Where links may lead back to.
pub(crate) const RETURN_TO: &str = "https://app.example.com/connected";
/// The super admin's name.
pub(crate) const SUPER_ADMIN: &str = "root_admin";
/// The super admin's password.
pub(crate) const PASSWORD: &str = "walrus-quartz-76";

const CLIENT_ID: &str = "C80fb9c7096bd8474627317ee1d7a817eff372ca9c9cee3ce43c3ea3e8d1511ec";
const SCOPES: &str = "spark:people_read spark:rooms_read spark:rooms_write \
    spark:memberships_read spark:memberships_write spark:messages_read spark:messages_write \
    identity:tokens_write";

/// How far the configuration is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Setting {
    /// Complete, with [`PASSWORD`] for the super admin.
    Complete,
    /// It holds the sample's password, for which the set-up page takes another.
    SamplePassword,
    /// It holds the sample's client ID too, with which nobody can consent.
    SampleClient,
}

/// A running application with a provider of its own.
#[derive(Debug)]
pub(crate) struct Site {
    /// The address of the application.
    pub(crate) url: Url,
    /// The link under which the super admin is created.
    pub(crate) set_up_link: String,
    emulator: Emulator,
    running: Running,
    clock: Arc<ManualClock>,
    _folder: TempDir,
}

impl Site {
    /// Starts both, with nothing stored.
    pub(crate) async fn start(setting: Setting) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let emulator = Emulator::start(EmulatorOptions::default()).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let config = config(&url, &emulator, &folder, setting);
        let clock = Arc::new(ManualClock::at(SystemClock.now()));
        let overrides = Overrides {
            clock: clock.clone(),
            ..Overrides::default()
        };
        let running = Running::start(&config, Listening::on(listener), overrides)
            .await
            .unwrap();
        Self {
            url: url.parse().unwrap(),
            set_up_link: running.set_up_link.clone().unwrap(),
            emulator,
            running,
            clock,
            _folder: folder,
        }
    }

    /// An address of the application.
    pub(crate) fn at(&self, path: &str) -> Url {
        self.url.join(path).unwrap()
    }

    /// The base URL of the provider.
    pub(crate) fn provider_url(&self) -> String {
        self.emulator.base_url()
    }

    /// The provider's state.
    pub(crate) fn provider(&self) -> &Provider {
        self.emulator.provider()
    }

    /// Lets time pass here and at the provider.
    pub(crate) fn pass(&self, time: Duration) {
        self.clock.advance(time);
        self.provider().advance_clock(time);
    }

    /// Whether the provider's page answers at once for a person, and for whom.
    pub(crate) fn consents_at_once(&self, person: Option<&str>) {
        self.provider()
            .update_settings(|settings| settings.auto_approve = person.map(str::to_owned));
    }

    /// Ends both.
    pub(crate) async fn shut_down(self) {
        self.running.shut_down().await;
        self.emulator.shutdown().await;
    }
}

fn config(url: &str, emulator: &Emulator, folder: &TempDir, setting: Setting) -> Config {
    let path = |name: &str| folder.path().join(name).display().to_string();
    let text = json!({
        "server": {"host": "127.0.0.1", "port": 0},
        "oauth": {
            "clientID": match setting {
                Setting::SampleClient => "your_clientID",
                _ => CLIENT_ID,
            },
            "clientSecret": "5ecc5cb2b8a4eb1bd8a9f8ff8ed0a4b5",
            "contactEmail": REQUESTER,
            "redirectURIUnencoded": format!("{url}/auth/spark/callback"),
            "scope": SCOPES,
        },
        "consentLinks": {"returnTo": [RETURN_TO]},
        "provider": {"apiBase": emulator.base_url()},
        "store": format!("sqlite:{}", path("spark-oauth.db")),
        "keyFile": path("spark-oauth.keys"),
        "refresh": {"journalDirectory": path("journal")},
        "superAdminAccount": {
            "username": SUPER_ADMIN,
            "email": "root@example.com",
            "password": match setting {
                Setting::Complete => PASSWORD,
                _ => "123456",
            },
        },
        // What bcrypt costs is measured elsewhere.
        "passwordHashCost": 4,
    });
    let (config, _) =
        Config::from_json("config.json", &text.to_string(), &Environment::default()).unwrap();
    config
}
