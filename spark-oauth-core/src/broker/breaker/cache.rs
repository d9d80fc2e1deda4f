//! The pause, as this process knows it: read from the store at most once a second.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;

use crate::event::EventKind;
use crate::events::Events;
use crate::integration::ClientId;
use crate::ports::{Clock, Observer, Pause, PauseReason, PauseStore};
use crate::timestamp::Timestamp;

/// How long what was read counts.
const FRESH: Duration = Duration::from_secs(1);

/// No pause lasts longer, whatever its record says.
const LONGEST: Duration = Duration::from_mins(61);

/// A pause, with its end by the clock of this process.
#[derive(Clone, Debug)]
pub(super) struct LocalPause {
    pub(super) pause: Pause,
    pub(super) until: Timestamp,
}

impl LocalPause {
    /// Whether it has not expired.
    pub(super) fn is_open(&self, now: Timestamp) -> bool {
        !self.until.has_passed(now)
    }
}

#[derive(Debug)]
pub(super) struct Cache {
    integration: ClientId,
    store: Arc<dyn PauseStore>,
    events: Events,
    observer: Arc<dyn Observer>,
    clock: Arc<dyn Clock>,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    pause: Option<Pause>,
    /// The uptime at which this process first read this pause.
    first_seen: Duration,
    read_at: Option<Timestamp>,
    /// The store has not taken the pause: it stands in this process alone.
    unwritten: bool,
}

impl Cache {
    pub(super) fn new(
        integration: ClientId,
        store: Arc<dyn PauseStore>,
        events: Events,
        observer: Arc<dyn Observer>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            integration,
            store,
            events,
            observer,
            clock,
            known: Mutex::default(),
        }
    }

    /// The pause that stands, also one whose time is over.
    pub(super) async fn pause(&self, now: Timestamp) -> Option<LocalPause> {
        let mut known = self.known.lock().await;
        let is_fresh = known
            .read_at
            .is_some_and(|at| now.since(at).max(at.since(now)) < FRESH);
        if !is_fresh {
            self.read(&mut known, now).await;
        }
        self.local(&known, now)
    }

    /// The pause that this process knows of, without asking the store.
    pub(super) async fn known(&self) -> Option<LocalPause> {
        let known = self.known.lock().await;
        self.local(&known, self.clock.now())
    }

    /// The clock of the process that wrote a pause may be ahead, or this clock may have
    /// been set back. A pause therefore lasts no longer here than its own length, counted
    /// from when this process first read it.
    fn local(&self, known: &Known, now: Timestamp) -> Option<LocalPause> {
        let pause = known.pause.clone()?;
        let length = pause.until.since(pause.counted_from).min(LONGEST);
        let age = self.clock.uptime().saturating_sub(known.first_seen);
        let until = pause.until.min(now + length.saturating_sub(age));
        Some(LocalPause { pause, until })
    }

    async fn read(&self, known: &mut Known, now: Timestamp) {
        known.read_at = Some(now);
        if known.unwritten
            && let Some(pause) = known.pause.clone()
        {
            self.write(known, pause).await;
            return;
        }
        match self.store.pause(&self.integration).await {
            Ok(pause) => self.learn(known, pause),
            Err(error) => tracing::warn!(%error, "whether refreshing pauses could not be read"),
        }
    }

    fn learn(&self, known: &mut Known, pause: Option<Pause>) {
        if known.pause != pause {
            self.observer.pause_stands(pause.clone());
            known.pause = pause;
            known.first_seen = self.clock.uptime();
        }
    }

    /// Begins or prolongs a pause. `plan` makes it of the one that stands.
    ///
    /// A call that was under way when the pause began adds nothing to it, unless
    /// the provider asks for a longer one: only the try after a pause counts as
    /// another trip.
    pub(super) async fn prolong(
        &self,
        is_probe: bool,
        now: Timestamp,
        plan: impl FnOnce(Option<&Pause>, &ClientId) -> Pause + Send,
    ) {
        let mut known = self.known.lock().await;
        // Another process may have begun the pause a moment ago.
        self.read(&mut known, now).await;
        let standing = self.local(&known, now);
        let mut pause = plan(known.pause.as_ref(), &self.integration);
        let is_news = standing
            .as_ref()
            .is_none_or(|standing| standing.pause.reason != pause.reason);
        if let Some(standing) = standing {
            if standing.is_open(now) {
                if !is_probe {
                    let asks_for_more = pause.reason == PauseReason::RateLimited
                        && pause.reason == standing.pause.reason
                        && pause.until > standing.until;
                    if !asks_for_more {
                        return;
                    }
                    pause.trips = standing.pause.trips;
                }
                // The one that ends last stays.
                pause.until = pause.until.max(standing.until);
            }
            // The store keeps the pause that ends last. Where a clock that is ahead wrote
            // the earlier one, that would be the earlier one.
            let ahead = standing.pause.until.since(pause.until);
            pause.until = pause.until + ahead;
            pause.counted_from = pause.counted_from + ahead;
        }
        self.write(&mut known, pause.clone()).await;
        if known.pause.as_ref() == Some(&pause) {
            self.announce(&pause, is_news);
        }
    }

    /// Writes the pause, and learns which one stands. One that the store does not
    /// take counts in this process, until it does.
    async fn write(&self, known: &mut Known, pause: Pause) {
        match self.store.prolong_pause(&pause).await {
            Ok(stands) => {
                known.unwritten = false;
                self.learn(known, Some(stands));
            }
            Err(error) => {
                tracing::warn!(%error, "a pause could not be stored; only this process keeps it");
                known.unwritten = true;
                self.learn(known, Some(pause));
            }
        }
    }

    /// Ends the pause that was tried, unless somebody prolonged it meanwhile.
    pub(super) async fn clear(&self, tried: &Pause, now: Timestamp) {
        let mut known = self.known.lock().await;
        known.read_at = Some(now);
        known.unwritten = false;
        match self.store.clear_pause(&self.integration, tried.until).await {
            Ok(true) => {
                tracing::info!(reason = %tried.reason, "refreshing goes on");
                self.events.integration(EventKind::Resumed);
                self.learn(&mut known, None);
            }
            Ok(false) => self.read(&mut known, now).await,
            Err(error) => {
                // It is read again in a moment, and the next try ends it.
                tracing::warn!(%error, "the end of a pause could not be stored");
                self.learn(&mut known, None);
            }
        }
    }

    /// One alert for a pause, not one for each time it is prolonged.
    fn announce(&self, pause: &Pause, is_news: bool) {
        let tracking_id = pause.tracking_id.as_ref().map(tracing::field::display);
        let Pause {
            reason,
            until,
            trips,
            summary,
            ..
        } = pause;
        if !is_news {
            tracing::warn!(%reason, %until, trips, tracking_id, "refreshing still pauses: {summary}");
            return;
        }
        tracing::error!(%reason, %until, tracking_id, "refreshing pauses for all tokens: {summary}");
        self.events.integration(EventKind::Paused {
            reason: *reason,
            until: *until,
        });
    }
}
