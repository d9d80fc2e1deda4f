//! A running server takes over the keys that an operator puts into its key file.

use std::sync::Arc;
use std::time::Duration;

use spark_oauth_core::SparkOauth;
use spark_oauth_core::keyring::KeyRing;
use spark_oauth_core::ports::Random;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::config::{KeySource, Keys};

/// How often the file is looked at.
const EVERY: Duration = Duration::from_secs(3);

/// Looks at the keys now and then, until it is told to stop. Keys are never dropped
/// while the process runs: what it sealed with them must open.
pub(super) async fn watch_keys(
    source: KeySource,
    services: SparkOauth,
    random: Arc<dyn Random>,
    stop: CancellationToken,
) {
    if matches!(source, KeySource::Variable(_)) {
        // The environment of a process does not change.
        return;
    }
    let mut turns = interval(EVERY);
    turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut complaint = None;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = turns.tick() => {}
        }
        let trouble = look(&source, &services, random.clone()).await.err();
        if trouble.is_some() && trouble != complaint {
            tracing::warn!(
                file = %source, cause = trouble,
                "the keys cannot be read anew; those in use stay in use"
            );
        }
        complaint = trouble;
    }
}

async fn look(
    source: &KeySource,
    services: &SparkOauth,
    random: Arc<dyn Random>,
) -> Result<(), String> {
    let (reading, place) = (source.clone(), source.to_string());
    let read = tokio::task::spawn_blocking(move || reading.read(random)).await;
    let ring = match read.map_err(|error| error.to_string())? {
        Ok(Keys::Ring(ring)) => ring,
        Ok(Keys::Missing(_)) => return Err(format!("{place} is not there")),
        Err(error) => return Err(with_cause(&error)),
    };
    match services.adopt_keys(&ring).await {
        Ok(true) => {
            tracing::info!(
                file = place,
                keys = fingerprints(&ring),
                "new keys are in use"
            );
            Ok(())
        }
        Ok(false) => Ok(()),
        Err(error) => Err(with_cause(&error)),
    }
}

fn fingerprints(ring: &KeyRing) -> String {
    let all: Vec<_> = ring.fingerprints().map(|key| key.to_string()).collect();
    all.join(" ")
}

fn with_cause(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}
