//! Corrects the times in the store after the clock was moved back. Otherwise no record
//! would come due. One sweep reads every record.

use std::num::NonZeroU16;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::broker::worker::Worker;
use crate::ports::{Clock as _, PageRequest, StoreError, TokenFilter};
use crate::token::Token;

/// How many records are read at once.
const PAGE: NonZeroU16 = const { NonZeroU16::new(200).unwrap() };

/// The pause before a retry while the store fails.
const AFTER_FAILURE: Duration = Duration::from_secs(2);

/// Runs beside the worker's refreshes, and stops when it is dropped.
pub(super) struct Sweep {
    /// How often the clock had been moved back at the last sweep.
    moved_back: u64,
    running: JoinSet<()>,
}

impl Sweep {
    pub(super) fn new(worker: &Worker) -> Self {
        Self {
            moved_back: worker.clock.moved_back(),
            running: JoinSet::new(),
        }
    }

    pub(super) fn begin_where_needed(&mut self, worker: &Worker) {
        let moved_back = worker.clock.moved_back();
        if moved_back == self.moved_back {
            return;
        }
        self.moved_back = moved_back;
        // The new sweep covers the records that an aborted one did not reach.
        self.running.abort_all();
        let worker = worker.clone();
        self.running.spawn(async move {
            while let Err(error) = sweep(&worker).await {
                tracing::warn!(%error, "cannot correct token expiries after a clock step: retrying");
                sleep(AFTER_FAILURE).await;
            }
        });
    }
}

/// Corrects every record that needs it.
async fn sweep(worker: &Worker) -> Result<(), StoreError> {
    let mut page = PageRequest::first(PAGE);
    let mut corrected = 0_u64;
    loop {
        let found = worker.tokens.list(&TokenFilter::default(), &page).await?;
        for token in found.items {
            if token.integration == worker.integration && set_right(worker, token).await? {
                corrected += 1;
            }
        }
        page.after = found.next;
        if page.after.is_none() {
            tracing::info!(
                tokens = corrected,
                "token expiries corrected after a clock step"
            );
            return Ok(());
        }
    }
}

async fn set_right(worker: &Worker, mut token: Token) -> Result<bool, StoreError> {
    let moved = worker.clock.set_right(&mut token);
    let is_wrong = worker.schedule.set_right(&mut token, worker.clock.now());
    if !moved && !is_wrong {
        return Ok(false);
    }
    match worker.tokens.update(&token).await {
        Ok(_) => Ok(true),
        // Another task or process wrote the record meanwhile, by the current clock.
        Err(StoreError::Conflict | StoreError::NotFound) => Ok(false),
        Err(error) => Err(error),
    }
}
