//! The store that is imported into.

use std::sync::Arc;

use spark_oauth_core::VaultError;
use spark_oauth_core::import::{ImportError, Importer, Progress, Report, Sample, SampleCleaner};
use spark_oauth_core::ports::SystemRandom;

use crate::config::{Config, SqlitePath, StoreChoice};
use crate::launch::{OpenStores, StartError, key_ring, open_stores, store_exists};

/// Why there is no plan, or an import ended early.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error(transparent)]
    Start(#[from] StartError),
    #[error(transparent)]
    Import(ImportError),
    #[error(
        "the store sqlite::memory: is gone when this command ends: set `store` to one that stays, \
         or try --dry-run"
    )]
    Memory,
}

/// What an import would do. Nothing is written: no store and no key is made.
pub(super) async fn plan(config: &Config, sample: &Sample) -> Result<Report, Failure> {
    if !store_exists(&config.store).await? {
        return Ok(plan_for_new_store(config, sample));
    }
    let opened = open_stores(&config.store).await?;
    let report = plan_in(config, &opened, sample).await;
    opened.close().await;
    report
}

async fn plan_in(config: &Config, opened: &OpenStores, sample: &Sample) -> Result<Report, Failure> {
    let known = opened.stores.vault.key_fingerprints().await;
    if known.map_err(StartError::from)?.is_empty() {
        // No server ever started on it: there is neither a token nor an admin.
        return Ok(plan_for_new_store(config, sample));
    }
    let importer = importer(config, opened).await?;
    let report = importer.plan(sample).await;
    report.map_err(|error| StartError::from(error).into())
}

fn plan_for_new_store(config: &Config, sample: &Sample) -> Report {
    Importer::plan_for_new_store(&config.integration, Some(&config.super_admin), sample)
}

/// Imports. `report` tells what was done also where it ends early.
pub(super) async fn carry_out(
    config: &Config,
    sample: &Sample,
    cleaner: Option<&dyn SampleCleaner>,
    progress: &dyn Progress,
    report: &mut Report,
) -> Result<(), Failure> {
    if matches!(config.store, StoreChoice::Sqlite(SqlitePath::Memory)) {
        return Err(Failure::Memory);
    }
    let opened = open_stores(&config.store).await?;
    let done = match importer(config, &opened).await {
        Ok(importer) => importer.run(sample, cleaner, progress, report).await,
        Err(error) => {
            opened.close().await;
            return Err(error.into());
        }
    };
    opened.close().await;
    done.map_err(|error| match error {
        ImportError::Vault(VaultError::MissingKey(fingerprint)) => {
            let missing = VaultError::MissingKey(fingerprint);
            StartError::vault(missing, config.keys.to_string()).into()
        }
        error => Failure::Import(error),
    })
}

async fn importer(config: &Config, opened: &OpenStores) -> Result<Importer, StartError> {
    let ring = key_ring(config, &opened.stores, Arc::new(SystemRandom)).await?;
    Ok(Importer::new(
        config.integration.clone(),
        Some(config.super_admin.clone()),
        opened.stores.clone(),
        ring,
    ))
}
