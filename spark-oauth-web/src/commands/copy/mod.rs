//! `spark-oauth-web copy --to STORE`: everything from one store into another.

mod summary;

use std::process::ExitCode;
use std::sync::Arc;

use spark_oauth_core::ports::{ProcessRecord, SystemClock, SystemRandom};
use spark_oauth_core::store_copy::{Copied, CopyError, Side, StoreCopy};

use super::spinner::Spinner;
use super::trouble::{WRONG_CALL, complain, not_started, say, tell};
use crate::cli::CopyArguments;
use crate::config::{Config, ConfigSources, SqlitePath, StoreChoice};
use crate::launch::{OpenStores, StartError, key_ring, open_existing, open_stores};

use summary::Summary;

/// Copies everything from the configured store into another.
pub async fn copy(sources: &ConfigSources, arguments: &CopyArguments) -> ExitCode {
    let config = match Config::load(sources) {
        Ok((config, _)) => config,
        Err(errors) => return complain(&errors, WRONG_CALL),
    };
    let target = match target(&config, arguments) {
        Ok(target) => target,
        Err(code) => return code,
    };
    match open(&config, &target).await {
        Ok((from, into)) => {
            let code = carry_out(&config, &target, &from, &into).await;
            from.close().await;
            into.close().await;
            code
        }
        Err(error) => not_started(&error),
    }
}

/// The store to copy into; where there is none, the exit code after a complaint.
fn target(config: &Config, arguments: &CopyArguments) -> Result<StoreChoice, ExitCode> {
    let wrong = |text: &str| {
        say(&format!("error: --to: {text}\n"));
        Err(ExitCode::from(WRONG_CALL))
    };
    let Some(text) = arguments.target.expose_secret().to_str() else {
        return wrong("not a text; give sqlite:PATH or a mongodb:// URI");
    };
    let target = match StoreChoice::parse(text, &config.sample_databases) {
        Ok(target) => target,
        Err(error) => return wrong(&format!("{error}; give sqlite:PATH or a mongodb:// URI")),
    };
    if matches!(target, StoreChoice::Sqlite(SqlitePath::Memory)) {
        return wrong("a store in memory is gone when this command ends");
    }
    Ok(target)
}

async fn open(
    config: &Config,
    target: &StoreChoice,
) -> Result<(OpenStores, OpenStores), StartError> {
    let from = open_existing(config).await?;
    match open_stores(target).await {
        Ok(into) => Ok((from, into)),
        Err(error) => {
            from.close().await;
            Err(error)
        }
    }
}

async fn carry_out(
    config: &Config,
    target: &StoreChoice,
    from: &OpenStores,
    into: &OpenStores,
) -> ExitCode {
    let ring = match key_ring(config, &from.stores, Arc::new(SystemRandom)).await {
        Ok(ring) => ring,
        Err(error) => return not_started(&error),
    };
    let copy = StoreCopy::new(
        from.stores.clone(),
        into.stores.clone(),
        ring,
        Arc::new(SystemClock),
        Arc::new(SystemRandom),
    );
    let mut spinner = Spinner::default();
    let outcome = copy
        .run(|step| {
            spinner.show(|| format!("{}: {}", step.kind, step.seen));
        })
        .await;
    spinner.finish();
    match outcome {
        Ok(copied) => {
            let summary = Summary {
                copied: &copied,
                source: config.store.place(),
                target: target.place(),
            };
            tell(&summary.to_string());
            exit_code(&copied)
        }
        Err(error) => failed(config, error),
    }
}

fn exit_code(copied: &Copied) -> ExitCode {
    if copied.is_complete() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn failed(config: &Config, error: CopyError) -> ExitCode {
    match error {
        CopyError::ServersAtWork(side, processes) => {
            say(&format!(
                "error: nothing was copied, since servers work on the {side}: two stores that \
                 refresh the same token end each other's\n"
            ));
            for process in &processes {
                say(&format!("  {}\n", at_work(side, process)));
            }
            say(
                "stop them, then run this again; one that was killed counts as gone at the time \
                 above\n",
            );
            ExitCode::FAILURE
        }
        CopyError::Vault(Side::Source, error) => {
            not_started(&StartError::vault(error, config.keys.to_string()))
        }
        CopyError::OneStore => complain(&error, WRONG_CALL),
        error => {
            let code = complain(&error, 1);
            say("what was copied stays; the next run goes on from there\n");
            code
        }
    }
}

fn at_work(side: Side, process: &ProcessRecord) -> String {
    format!(
        "{side}: the server at {}, last seen at {}, gone at {} unless it shows itself again",
        process.place, process.seen_at, process.expires_at
    )
}
