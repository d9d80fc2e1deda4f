//! The demo's configuration: what an owner writes into `conf/config.json`.

use serde_json::json;
use spark_oauth_web::config::{Config, Environment};
use webex_emulator::{Registration, Scopes};

use crate::{DemoError, Folder};

/// The requester. The emulator has no account of this name: a requester cannot hand a
/// token over to themselves.
pub(crate) const REQUESTER: &str = "dana@example.com";

/// The name of the super admin.
pub(crate) const SUPER_ADMIN: &str = "admin";

/// What the emulator compares the integration's secret with. It guards nothing.
const CLIENT_SECRET: &str = "the-demo-needs-no-real-secret";

/// The sample's scopes, and the one with which a token may revoke itself.
const SCOPES: &str = "spark:people_read spark:rooms_read spark:rooms_write \
                      spark:memberships_read spark:memberships_write \
                      spark:messages_read spark:messages_write identity:tokens_write";

/// `C` and 64 hexadecimal digits, as Webex writes client IDs. The same at every
/// start, since the stored tokens belong to it.
pub(crate) fn client_id() -> String {
    format!("C{}", "de30".repeat(16))
}

fn redirect_uri(port: u16) -> String {
    format!("http://127.0.0.1:{port}/auth/spark/callback")
}

/// The integration, as its owner registers it with the provider.
pub(crate) fn registration(port: u16) -> Registration {
    Registration {
        client_secret: Some(CLIENT_SECRET.to_owned()),
        redirect_uris: vec![redirect_uri(port)],
        scopes: Scopes::parse(SCOPES).ok(),
        ..Registration::new(client_id())
    }
}

/// The file in the folder by which commands of the product find the demo's store.
pub(crate) const FILE: &str = "config.json";

/// The configuration for pages on `port`, with the provider at `api_base`.
pub(crate) fn config(folder: &Folder, port: u16, api_base: &str) -> Result<Config, DemoError> {
    let document = json!({
        "server": { "host": "127.0.0.1", "port": port },
        "oauth": {
            "clientID": client_id(),
            "clientSecret": CLIENT_SECRET,
            "contactEmail": REQUESTER,
            "redirectURIUnencoded": redirect_uri(port),
            "scope": SCOPES,
        },
        "provider": { "apiBase": api_base },
        "store": format!("sqlite:{}", folder.file("spark-oauth.db")),
        "keyFile": folder.file("spark-oauth.keys"),
        "superAdminAccount": { "username": SUPER_ADMIN, "email": REQUESTER },
        "refresh": { "journalDirectory": folder.file("journal") },
        "log": { "directory": folder.file("logs") },
    });
    let text = format!("{document:#}\n");
    let path = folder.path().join(FILE);
    std::fs::write(&path, &text).map_err(|source| DemoError::Folder {
        path: folder.path().to_owned(),
        source,
    })?;
    // An empty environment: what is set for the product must not reach the demo.
    match Config::from_json(FILE, &text, &Environment::default()) {
        Ok((config, _)) => Ok(config),
        Err(errors) => Err(DemoError::Config(errors.into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configuration_holds_no_sample_value_and_stays_in_the_folder() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::take(&place.path().join("d"), false).unwrap();
        let config = config(&folder, 3100, "http://127.0.0.1:3210/v1").unwrap();
        assert!(config.placeholders().is_empty());
        assert_eq!(config.public_url.as_str(), "http://127.0.0.1:3100/");
        assert_eq!(config.log.directory.unwrap(), folder.path().join("logs"));
        assert!(
            config
                .store
                .to_string()
                .starts_with(&format!("sqlite:{}", folder.file("")))
        );
        assert!(config.keys.to_string().starts_with(&folder.file("")));
    }

    #[test]
    fn the_registration_knows_every_scope() {
        let known = registration(3000);
        assert!(known.scopes.is_some());
        assert_eq!(known.client_id.len(), 65);
    }
}
