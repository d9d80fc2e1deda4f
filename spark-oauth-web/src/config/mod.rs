//! The configuration: `conf/config.json`, overridden by the environment.
//!
//! The file of the Node.js sample works as it is. Every key is described in
//! `conf/README.md`. All mistakes are reported at once, each with its path and with
//! what to do; what works but is doubtful becomes a [`Warning`].
//!
//! A relative path in the configuration counts from the working directory.
//!
//! One section, one file: each names its settings and reads them through the
//! `reader`, which knows the two sources and collects the mistakes.

mod audit;
mod consent_links;
mod document;
mod environment;
mod file;
mod handoff;
mod hsts;
mod key_file;
mod keys;
mod listen_address;
mod log;
mod mongo_uri;
mod oauth;
mod password_hash;
mod percent;
mod placeholder;
mod problem;
mod provider;
mod public_url;
mod reader;
mod redirect_uri;
mod refresh;
mod schema;
mod secret_text;
mod server;
mod store;
mod super_admin;
mod telemetry;
#[cfg(test)]
mod tests;
mod trusted_proxies;
mod webhooks;

use std::io;
use std::path::{Path, PathBuf};

use spark_oauth_core::Integration;
use spark_oauth_core::admins::SuperAdminSettings;
use spark_oauth_core::http_client::Proxies;
use url::Url;

pub use audit::AuditConfig;
pub use consent_links::ConsentLinksConfig;
pub use environment::Environment;
pub use handoff::HandoffConfig;
pub use hsts::Hsts;
pub use key_file::{KeyError, MissingKeyFile};
pub use keys::{KeySource, Keys};
pub use listen_address::{InvalidListenAddress, ListenAddress};
pub use log::{LogConfig, LogFormat};
pub use mongo_uri::{InvalidMongoUri, MongoUri};
pub use problem::{ConfigErrors, Problem, Warning};
pub use provider::ProviderConfig;
pub use refresh::{Journal, RefreshConfig};
pub use schema::{Setting, settings};
pub use server::ServerConfig;
pub use store::{InvalidStore, SampleDatabaseNames, SqlitePath, StoreChoice};
pub use telemetry::TelemetryConfig;
pub use trusted_proxies::{InvalidProxy, TrustedProxies};
pub use webhooks::WebhookConfig;

pub(crate) use secret_text::{UnusableSecret, secret_in};

use problem::Findings;
use reader::Reader;

/// Where the configuration is looked for when no file is named.
pub const DEFAULT_PATH: &str = "conf/config.json";

/// The whole configuration. Its `Debug` shows no secret.
#[derive(Clone, Debug)]
pub struct Config {
    /// The file that was read, as an absolute path; `None` where everything came from the
    /// environment.
    pub file: Option<PathBuf>,
    /// Where to listen, and whom to believe.
    pub server: ServerConfig,
    /// Under which address people reach us: scheme, host and port.
    pub public_url: Url,
    /// The integration and its requester.
    pub integration: Integration,
    /// Where the provider is.
    pub provider: ProviderConfig,
    /// Where the records are kept.
    pub store: StoreChoice,
    /// What the databases of the Node.js sample are called.
    pub sample_databases: SampleDatabaseNames,
    /// Where the keys come from that seal the tokens.
    pub keys: KeySource,
    /// Who manages the admins.
    pub super_admin: SuperAdminSettings,
    /// The logarithm of bcrypt's rounds.
    pub password_hash_cost: u32,
    /// What the requester is handed in a room.
    pub handoff: HandoffConfig,
    /// What consent links may do.
    pub consent_links: ConsentLinksConfig,
    /// How tokens are kept fresh.
    pub refresh: RefreshConfig,
    /// Who is told of events over HTTP, if anybody.
    pub webhooks: Option<WebhookConfig>,
    /// How long the audit log is kept.
    pub audit: AuditConfig,
    /// What is logged, how and where.
    pub log: LogConfig,
    /// Where traces are exported to, if anywhere.
    pub telemetry: Option<TelemetryConfig>,
    /// Which proxies requests to other machines go through.
    pub proxies: Proxies,
}

/// Where the configuration comes from.
#[derive(Debug)]
pub struct ConfigSources {
    /// The file; [`DEFAULT_PATH`] where none is named.
    pub path: Option<PathBuf>,
    /// The environment, which overrides the file.
    pub environment: Environment,
}

impl Config {
    /// Reads the configuration. Without a named file, the default one may be absent
    /// where the environment sets everything that is needed.
    ///
    /// # Errors
    /// [`ConfigErrors`] holds every mistake that was found.
    pub fn load(sources: &ConfigSources) -> Result<(Self, Vec<Warning>), ConfigErrors> {
        let environment = &sources.environment;
        let path = sources.path.as_deref().unwrap_or(Path::new(DEFAULT_PATH));
        let name = path.display().to_string();
        let error = match file::read_text(path) {
            Ok(text) => {
                let (mut config, warnings) = Self::from_json(&name, &text, environment)?;
                config.file = Some(absolute(path));
                return Ok((config, warnings));
            }
            Err(error) => error,
        };
        let mut problems = vec![unreadable(&name, &error)];
        let absent = error.kind() == io::ErrorKind::NotFound && sources.path.is_none();
        if absent && environment.names_a_setting() {
            match Self::from_json(&name, "{}", environment) {
                Ok((config, mut warnings)) => {
                    let text = "does not exist; everything is taken from the environment";
                    warnings.push(Warning {
                        place: name,
                        text: text.to_owned(),
                    });
                    return Ok((config, warnings));
                }
                Err(errors) => problems.extend_from_slice(errors.problems()),
            }
        }
        Err(ConfigErrors::new(problems))
    }

    /// Reads a configuration from the text of a file, called `name` in messages.
    ///
    /// # Errors
    /// [`ConfigErrors`] holds every mistake that was found.
    pub fn from_json(
        name: &str,
        text: &str,
        environment: &Environment,
    ) -> Result<(Self, Vec<Warning>), ConfigErrors> {
        let mut findings = Findings::default();
        let tree = match document::parse(text) {
            Ok(tree) => tree,
            Err(error) => {
                let advice = "correct it there; JSON knows neither comments nor a comma \
                              behind the last entry";
                findings.problem(name, error.to_string(), advice);
                return Err(ConfigErrors::new(findings.problems));
            }
        };
        let of_file = document::flatten(name, tree, &mut findings);
        let of_environment = environment.values(&mut findings);
        let mut reader = Reader::new(of_file, of_environment, findings);
        let config = Self::read(&mut reader, environment);
        let Findings { problems, warnings } = reader.into_findings();
        match config {
            Some(config) if problems.is_empty() => Ok((config, warnings)),
            _ => Err(ConfigErrors::new(problems)),
        }
    }

    /// Reads every section, so that every mistake is found, and joins them only then.
    fn read(reader: &mut Reader, environment: &Environment) -> Option<Self> {
        let server = server::read(reader);
        let integration = oauth::read(reader);
        let public_url = public_url::read(
            reader,
            integration.as_ref().map(|oauth| &oauth.redirect_uri),
            server.as_ref().map(|server| &server.listen),
        );
        let provider = provider::read(reader);
        let store = store::read(reader);
        let keys = keys::read(reader, environment);
        let super_admin = super_admin::read(reader);
        let password_hash_cost = password_hash::read(reader);
        let handoff = handoff::read(reader);
        let consent_links = consent_links::read(reader);
        let refresh = refresh::read(reader);
        let webhooks = webhooks::read(reader);
        let audit = audit::read(reader);
        let log = log::read(reader, environment);
        let telemetry = telemetry::read(reader);
        let proxies = environment.proxies(reader.findings());
        let (store, sample_databases) = store?;
        Some(Self {
            file: None,
            server: server?,
            public_url: public_url?,
            integration: integration?,
            provider: provider?,
            store,
            sample_databases,
            keys: keys?,
            super_admin: super_admin?,
            password_hash_cost,
            handoff,
            consent_links,
            refresh,
            webhooks,
            audit,
            log,
            telemetry,
            proxies: proxies?,
        })
    }

    /// The main choices in one line, without a secret, for the log at start.
    pub fn summary(&self) -> String {
        format!(
            "listening on {}, management on {}, public URL {}, client ID {}, scopes {}, \
             provider {}, store {}, keys from {}, proxy {}",
            self.server.listen,
            self.server
                .management
                .as_ref()
                .map_or_else(|| "none".to_owned(), ToString::to_string),
            self.public_url,
            self.integration.client_id,
            self.integration.scopes,
            self.provider.api_base,
            self.store,
            self.keys,
            self.proxies,
        )
    }
}

/// The path from the root, for a message; as it is where the working directory is gone.
fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

fn unreadable(name: &str, error: &io::Error) -> Problem {
    let (fault, advice) = match error.kind() {
        io::ErrorKind::NotFound => (
            format!(
                "there is no such file ({})",
                absolute(Path::new(name)).display()
            ),
            "copy conf/config.json of the repository there and fill it in, or name your file \
             with --config PATH; relative paths count from the working directory",
        ),
        io::ErrorKind::InvalidData => (error.to_string(), "save it as JSON in UTF-8"),
        _ => (error.to_string(), "make it a file that this user can read"),
    };
    Problem {
        place: name.to_owned(),
        fault,
        advice: advice.to_owned(),
    }
}
