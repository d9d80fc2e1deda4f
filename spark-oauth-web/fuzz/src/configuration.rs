//! The configuration: a file, and variables of the environment.
//!
//! The input is the text of the file and, behind a zero byte each, `NAME=VALUE` pairs.
//! Every refusal says what is wrong, and no message repeats the client secret.

use spark_oauth_web::config::{Config, Environment};

const SECRET: &str = "4fuzz-client-secret";

/// Runs one input.
pub fn run(input: &[u8]) {
    let mut parts = input.split(|byte| *byte == 0);
    let Ok(text) = std::str::from_utf8(parts.next().unwrap_or_default()) else {
        return;
    };
    let pairs = parts.filter_map(|pair| std::str::from_utf8(pair).ok()?.split_once('='));
    let environment: Environment = pairs
        .map(|(name, value)| (format!("SPARK_OAUTH__{name}"), value.to_owned()))
        .collect();
    match Config::from_json("config.json", text, &environment) {
        Ok((config, warnings)) => {
            let told = format!("{} {config:?} {warnings:?}", config.summary());
            assert!(!told.contains(SECRET), "{told}");
        }
        Err(errors) => {
            assert!(!errors.problems().is_empty());
            let told = errors.to_string();
            assert!(!told.trim().is_empty());
            // A name may hold anything; a value of the secret's own setting is not shown.
            let is_value = text.contains(&format!("\"clientSecret\":\"{SECRET}\""));
            let shown = told.matches(SECRET).count();
            let given = text.matches(SECRET).count();
            assert!(!is_value || shown < given, "{told}");
        }
    }
}
