//! `spark-oauth-web rotate-key`: seals everything again under the newest key.

mod progress;
mod summary;

use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use spark_oauth_core::key_rotation::{KeyRotation, Rotated, RotationError};
use spark_oauth_core::keyring::KeyRing;
use spark_oauth_core::ports::{SystemClock, SystemRandom};

use super::trouble::{WRONG_CALL, complain, not_started, say, tell};
use crate::config::{Config, ConfigSources};
use crate::launch::{OpenStores, StartError, key_ring, open_existing};

use progress::Progress;
use summary::Summary;

/// How long servers may take to seal with the newest key, and then the refreshes
/// that are under way to end. A server looks at its key file every few seconds and
/// shows itself at least four times a minute.
const PATIENCE: Duration = Duration::from_secs(90);

/// Seals every token again under the first key of the ring, while servers run.
pub async fn rotate_key(sources: &ConfigSources) -> ExitCode {
    let config = match Config::load(sources) {
        Ok((config, _)) => config,
        Err(errors) => return complain(&errors, WRONG_CALL),
    };
    let opened = match open_existing(&config).await {
        Ok(opened) => opened,
        Err(error) => return not_started(&error),
    };
    let code = match key_ring(&config, &opened.stores, Arc::new(SystemRandom)).await {
        Ok(ring) => rotate(&config, &opened, ring).await,
        Err(error) => not_started(&error),
    };
    opened.close().await;
    code
}

async fn rotate(config: &Config, opened: &OpenStores, ring: KeyRing) -> ExitCode {
    let keys = ring.fingerprints().count();
    let (clock, random) = (Arc::new(SystemClock), Arc::new(SystemRandom));
    let begun = KeyRotation::begin(&opened.stores, ring, clock, random).await;
    let rotation = match begun {
        Ok(rotation) => rotation,
        Err(error) => return not_started(&StartError::vault(error, config.keys.to_string())),
    };
    let mut progress = Progress::default();
    let outcome = rotation.run(PATIENCE, |step| progress.show(&step)).await;
    progress.finish();
    match outcome {
        Ok(rotated) => {
            let summary = Summary {
                rotated: &rotated,
                store: config.store.place(),
                place: config.keys.to_string(),
                keys,
            };
            tell(&summary.to_string());
            exit_code(&rotated)
        }
        Err(error) => failed(&error),
    }
}

fn exit_code(rotated: &Rotated) -> ExitCode {
    if rotated.is_complete() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn failed(error: &RotationError) -> ExitCode {
    let code = complain(error as &dyn Error, 1);
    if let RotationError::OlderKeyInUse(processes) = error {
        for process in processes {
            say(&format!(
                "  the server at {} (process {}) seals with the key {}\n",
                process.place, process.id, process.sealing_key
            ));
        }
        say(
            "put the newest key first in the key file of each; restart servers that get their keys \
             from SPARK_OAUTH_KEYS or a systemd credential, which they read at start-up alone; then \
             run this again\n",
        );
    }
    say("what was sealed again stays so; the next run goes on from there\n");
    code
}
