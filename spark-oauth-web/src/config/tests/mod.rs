//! The configuration as a whole.

mod documentation;
mod environment;
mod keys;
mod mistakes;
mod never_panics;
mod sample;
mod settings;
mod telemetry;
mod webhooks;

use serde_json::{Value, json};

use super::*;

/// The file of the Node.js sample, as it stands in its repository.
const NODE_SAMPLE: &str = r#"{
  "server": { "host": "127.0.0.1", "port": "3000" },
  "oauth": {
    "responseType": "code",
    "grantType": "authorization_code",
    "refreshToken_type": "refresh_token",
    "clientID": "your_clientID",
    "redirectURI": "http%3A%2F%2F127.0.0.1%3A3000%2Fauth%2Fspark%2Fcallback",
    "redirectURIUnencoded": "http://127.0.0.1:3000/auth/spark/callback",
    "scope": "spark%3Arooms_read%20spark%3Amemberships_read%20spark%3Amessages_read%20spark%3Apeople_read%20spark%3Amemberships_write%20spark%3Amessages_write%20spark%3Arooms_write",
    "state": "state123",
    "contactEmail": "your_email@example.com",
    "clientSecret": "your_clientSecret"
  },
  "logLevel": "debug",
  "dbConfig": {
    "host": "127.0.0.1", "port": "27017",
    "adminDBName": "adminUsers", "tokenDBName": "tokenCenter"
  },
  "superAdminAccount": {
    "username": "admin", "password": "123456", "email": "your_email@example.com"
  }
}"#;

/// The least that works.
fn minimal() -> Value {
    json!({
        "oauth": {
            "clientID": "C0123",
            "clientSecret": "s3cr3t-of-the-client",
            "redirectURIUnencoded": "http://127.0.0.1:3000/auth/spark/callback",
            "scope": "spark:people_read spark:rooms_write",
            "contactEmail": "alice@example.com",
        },
    })
}

/// [`minimal`] with the setting at `path` (`server.port`) set to `value`.
fn with(path: &str, value: Value) -> Value {
    let mut json = minimal();
    match path.split_once('.') {
        Some((section, key)) => json[section][key] = value,
        None => json[path] = value,
    }
    json
}

fn load(json: &Value) -> Result<(Config, Vec<Warning>), ConfigErrors> {
    load_text(&json.to_string())
}

fn load_text(text: &str) -> Result<(Config, Vec<Warning>), ConfigErrors> {
    Config::from_json("config.json", text, &Environment::default())
}

fn load_with_environment(
    json: &Value,
    pairs: &[(&str, &str)],
) -> Result<(Config, Vec<Warning>), ConfigErrors> {
    let environment: Environment = pairs.iter().copied().collect();
    Config::from_json("config.json", &json.to_string(), &environment)
}

/// The mistakes, one line each.
fn mistakes(result: Result<(Config, Vec<Warning>), ConfigErrors>) -> Vec<String> {
    let errors = result.expect_err("a mistake");
    errors.problems().iter().map(ToString::to_string).collect()
}

/// The single mistake of [`minimal`] with one setting changed.
fn mistake(path: &str, value: Value) -> String {
    let found = mistakes(load(&with(path, value)));
    assert_eq!(found.len(), 1, "{found:#?}");
    found.into_iter().next().unwrap()
}

/// The places of the warnings.
fn places(warnings: &[Warning]) -> Vec<&str> {
    warnings
        .iter()
        .map(|warning| warning.place.as_str())
        .collect()
}
