//! Which processes work on the store: each shows itself now and then, so that a
//! command which must not run beside a server, or must wait for one, can tell.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use crate::application::Parts;
use crate::ids::ProcessId;
use crate::keyring::{KeyFingerprint, KeyRing};
use crate::ports::{Clock, ProcessRecord, ProcessRegistry, StoreError};
use crate::timestamp::Timestamp;

/// How often a process shows itself.
const EVERY: Duration = Duration::from_secs(15);

/// How long a process that does not show itself any more counts as alive.
const EXPIRES_AFTER: Duration = Duration::from_mins(1);

/// How often it is looked whether another key seals, and how soon a store that
/// failed is told again.
const LOOK: Duration = Duration::from_secs(1);

/// How long the end of a process may wait for a store that is away: the record
/// expires by itself.
const WITHDRAWAL_LIMIT: Duration = Duration::from_secs(5);

/// Shows this process to the others on the store.
#[derive(Clone, Debug)]
pub struct Presence {
    process: ProcessId,
    place: String,
    started_at: Timestamp,
    registry: Arc<dyn ProcessRegistry>,
    ring: KeyRing,
    clock: Arc<dyn Clock>,
}

/// The processes that work on the store, oldest first: those that showed themselves
/// within the last minute and have not ended in good order.
///
/// # Errors
/// The store's.
pub async fn live(
    registry: &dyn ProcessRegistry,
    now: Timestamp,
) -> Result<Vec<ProcessRecord>, StoreError> {
    let mut processes = registry.processes().await?;
    processes.retain(|process| !process.expires_at.has_passed(now));
    Ok(processes)
}

impl Presence {
    pub(crate) fn new(parts: &Parts, process: ProcessId) -> Self {
        Self {
            process,
            place: String::new(),
            started_at: parts.clock.now(),
            registry: parts.stores.processes.clone(),
            ring: parts.ring.clone(),
            clock: parts.clock.clone(),
        }
    }

    pub(crate) fn at(mut self, place: String) -> Self {
        self.place = place;
        self
    }

    /// Shows the process once. A server does so before it takes the first request,
    /// so that nothing is ever sealed by a process that nobody sees.
    ///
    /// # Errors
    /// The store's.
    pub async fn announce(&self) -> Result<(), StoreError> {
        self.show(self.ring.sealing_fingerprint()).await
    }

    async fn show(&self, sealing_key: KeyFingerprint) -> Result<(), StoreError> {
        let now = self.clock.now();
        let record = ProcessRecord {
            id: self.process,
            place: self.place.clone(),
            started_at: self.started_at,
            seen_at: now,
            expires_at: now + EXPIRES_AFTER,
            sealing_key,
        };
        self.registry.announce_process(&record).await
    }

    /// Shows the process every 15 seconds, and at once when another key seals, until
    /// `stop` is ready; then takes it away. Stop it last, right before the store is
    /// closed. One that is not stopped counts as alive for another minute.
    pub async fn run(self, stop: impl Future<Output = ()> + Send) {
        tokio::select! {
            biased;
            () = stop => {}
            () = self.keep_showing() => {}
        }
        let withdrawn = timeout(
            WITHDRAWAL_LIMIT,
            self.registry.withdraw_process(self.process),
        );
        match withdrawn.await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => {
                tracing::warn!(%error, "the end of this process could not be told to the others");
            }
            Err(_) => tracing::warn!("the end of this process could not be told to the others"),
        }
    }

    async fn keep_showing(&self) {
        let mut shown: Option<(KeyFingerprint, Instant)> = None;
        let mut failing = false;
        loop {
            let key = self.ring.sealing_fingerprint();
            let is_known = shown.is_some_and(|(of, at)| of == key && at.elapsed() < EVERY);
            if !is_known {
                match self.show(key).await {
                    Ok(()) => {
                        shown = Some((key, Instant::now()));
                        failing = false;
                    }
                    Err(error) => {
                        if !failing {
                            tracing::warn!(%error, "this process could not show itself to the others");
                        }
                        failing = true;
                    }
                }
            }
            sleep(LOOK).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::sync::oneshot;
    use tokio::task::JoinHandle;

    use super::*;
    use crate::keyring::SealingKey;
    use crate::ports::SeededRandom;
    use crate::testing::scene::{MINUTE, NOW, Scene, scene};

    const PLACE: &str = "host 7";

    fn registry(scene: &Scene) -> Arc<dyn ProcessRegistry> {
        scene.stores.stores().processes
    }

    fn run(scene: &Scene) -> (oneshot::Sender<()>, JoinHandle<()>) {
        let (stop, stopped) = oneshot::channel();
        let presence = scene.oauth.presence(PLACE);
        let running = tokio::spawn(presence.run(async {
            let _ = stopped.await;
        }));
        (stop, running)
    }

    async fn seen(scene: &Scene) -> Vec<ProcessRecord> {
        live(&*registry(scene), scene.clock.now()).await.unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_process_shows_itself_until_it_ends() {
        let scene = scene().await;
        assert_eq!(seen(&scene).await, []);
        scene.oauth.presence(PLACE).announce().await.unwrap();
        let (stop, running) = run(&scene);
        for beat in 0..5 {
            sleep(EVERY + LOOK * 2).await;
            let [process] = seen(&scene).await.try_into().unwrap();
            assert_eq!(process.id, scene.oauth.broker.process());
            assert_eq!(process.place, PLACE);
            assert_eq!(process.started_at, NOW);
            assert_eq!(process.seen_at, NOW + (EVERY + LOOK * 2) * beat);
            assert_eq!(process.expires_at, process.seen_at + MINUTE);
            assert_eq!(process.sealing_key, scene.ring.sealing_fingerprint());
            scene.clock.advance(EVERY + LOOK * 2);
        }
        stop.send(()).unwrap();
        running.await.unwrap();
        assert_eq!(registry(&scene).processes().await.unwrap(), []);
    }

    #[tokio::test(start_paused = true)]
    async fn a_process_that_was_killed_is_seen_for_a_minute() {
        let scene = scene().await;
        let (_stop, running) = run(&scene);
        sleep(LOOK).await;
        running.abort();
        scene.clock.advance(Duration::from_millis(59_999));
        assert_eq!(seen(&scene).await.len(), 1);
        scene.clock.advance(Duration::from_millis(1));
        assert_eq!(seen(&scene).await, []);
    }

    #[tokio::test(start_paused = true)]
    async fn another_key_is_told_at_once() {
        let scene = scene().await;
        let (_stop, _running) = run(&scene);
        sleep(LOOK / 2).await;
        let newer = KeyRing::new(
            SealingKey::generate(&SeededRandom::new(7)),
            Arc::new(SeededRandom::new(8)),
        );
        assert!(scene.oauth.adopt_keys(&newer).await.unwrap());
        sleep(LOOK).await;
        let [process] = seen(&scene).await.try_into().unwrap();
        assert_eq!(process.sealing_key, newer.sealing_fingerprint());
    }
}
