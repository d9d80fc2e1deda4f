//! Keeping tokens fresh: the background worker, and what bounds it.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use spark_oauth_core::broker::{RefreshLimits, ScheduleLimits, WorkerSettings};
use spark_oauth_core::journal::FileJournal;
use spark_oauth_core::ports::Journal;
use spark_oauth_core::{ProcessId, SparkOauth};
use tokio_util::sync::CancellationToken;

use crate::config::{self, RefreshConfig};
use crate::launch::application::SETTLE_LIMIT;
use crate::launch::{Overrides, StartError};

/// Opens the journal of this process, unless it is switched off.
pub(super) async fn open_journal(
    config: &RefreshConfig,
    overrides: &Overrides,
) -> Result<Option<Arc<dyn Journal>>, StartError> {
    let directory = match &config.journal {
        config::Journal::Directory(directory) => directory,
        config::Journal::Off => return Ok(None),
    };
    let process = ProcessId::generate(overrides.clock.now(), &*overrides.random);
    let journal = FileJournal::open(directory, process).await?;
    Ok(Some(Arc::new(journal)))
}

/// How long a checkout believes what it read a moment ago: a token that another
/// process removed or revoked is refused here within a second.
const BELIEVED_FOR: Duration = Duration::from_millis(500);

/// The times that bound a refresh: a lease outlives every call under it.
pub(super) fn refresh_limits(config: &RefreshConfig, longest_call: Duration) -> RefreshLimits {
    RefreshLimits {
        recovery_grace: config.recovery_grace,
        believed_for: BELIEVED_FOR,
        ..RefreshLimits::default()
    }
    .outliving(longest_call)
}

/// When tokens are refreshed.
pub(super) fn schedule(config: &RefreshConfig) -> ScheduleLimits {
    ScheduleLimits {
        margin: config.margin,
        ..ScheduleLimits::default()
    }
}

/// How the background worker works.
pub(super) fn worker_settings(config: &RefreshConfig) -> WorkerSettings {
    let usual = WorkerSettings::default();
    WorkerSettings {
        concurrency: NonZeroUsize::new(config.concurrency).unwrap_or(usual.concurrency),
        ..usual
    }
}

/// Refreshes what comes due until `stop`, and lets refreshes under way end, unless
/// they take too long or `abort` cuts them off. What the provider has handed out by
/// then is written, or waits in the journal.
pub(super) async fn keep_fresh(
    services: SparkOauth,
    settings: WorkerSettings,
    stop: CancellationToken,
    abort: CancellationToken,
) {
    let too_long = async {
        stop.cancelled().await;
        tokio::time::sleep(SETTLE_LIMIT).await;
    };
    tokio::select! {
        () = services.worker(settings).run(stop.clone().cancelled_owned()) => {
            tracing::debug!("the background worker has ended");
        }
        () = too_long => tracing::warn!("some refreshes took too long to be waited for"),
        () = abort.cancelled() => {}
    }
}
