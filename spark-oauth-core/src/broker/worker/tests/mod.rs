mod fairness;
mod pauses;
mod speed;

use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::*;
use crate::application::SparkOauth;
use crate::event::{Event, EventKind};
use crate::ports::{EventSink, SparkErrorKind, TokenAnswer};
use crate::testing::scene::{HOUR, MINUTE, NOW, Scene, answer, scene, scene_with, settle_down};
use crate::testing::{ProviderCall, Reply, StoreCall, StoreFault};
use crate::token::{ConsentLoss, LastRefresh, RefreshTrigger, StatusKind, Token};

/// A worker that runs.
struct Running {
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

impl Running {
    fn begin(scene: &Scene, concurrency: usize) -> Self {
        Self::of(&scene.oauth, concurrency)
    }

    fn of(oauth: &SparkOauth, concurrency: usize) -> Self {
        let (stop, stopped) = oneshot::channel();
        let settings = WorkerSettings {
            concurrency: NonZeroUsize::new(concurrency).unwrap(),
            poll: Duration::from_millis(100),
        };
        let worker = oauth.worker(settings);
        let task = tokio::spawn(worker.run(async {
            let _ = stopped.await;
        }));
        Self {
            stop: Some(stop),
            task,
        }
    }

    fn stop(&mut self) {
        self.stop.take().unwrap().send(()).unwrap();
    }

    async fn end(mut self) {
        self.stop();
        self.task.await.unwrap();
    }
}

/// Lets the worker look and act for so long of its own time.
async fn let_work(time: Duration) {
    tokio::time::sleep(time).await;
    settle_down().await;
}

/// A token of its own person that is due now.
fn due(scene: &Scene, name: &str) -> Token {
    let mut token = scene.token_of(name, "spark:rooms_read");
    token.upkeep.due_at = Some(NOW);
    scene.stores.put_token(token.clone());
    token
}

fn due_many(scene: &Scene, count: usize) -> Vec<Token> {
    (0..count)
        .map(|number| due(scene, &format!("p{number}")))
        .collect()
}

fn fresh() -> Reply<TokenAnswer> {
    Reply::of(answer("new-access", Some("new-refresh")))
}

fn is_refreshed(scene: &Scene, token: &Token) -> bool {
    scene.token(token.id).generation == token.generation + 1
}

fn due_at(scene: &Scene, token: &Token) -> crate::timestamp::Timestamp {
    scene.token(token.id).upkeep.due_at.unwrap()
}

#[tokio::test(start_paused = true)]
async fn what_comes_due_is_refreshed_once_and_planned_anew() {
    let scene = scene().await;
    let token = due(&scene, "ann");
    let mut later = scene.token_of("bob", "spark:rooms_read");
    later.upkeep.due_at = Some(NOW + MINUTE);
    scene.stores.put_token(later.clone());
    scene.client.on_refresh(fresh()).on_refresh(fresh());

    let worker = Running::begin(&scene, 4);
    let_work(2 * MINUTE).await;
    let refreshed = scene.token(token.id);
    let by = RefreshTrigger::Worker;
    assert_eq!(refreshed.last_refresh, Some(LastRefresh { at: NOW, by }));
    assert_eq!(refreshed.lease, None);
    let due = due_at(&scene, &token);
    assert!(due > NOW + HOUR && due < NOW + 2 * HOUR, "{due}");
    assert_eq!(scene.client.count(ProviderCall::Refresh), 1);
    assert!(!is_refreshed(&scene, &later));

    scene.clock.advance(MINUTE);
    let_work(MINUTE).await;
    assert!(is_refreshed(&scene, &later));
    worker.end().await;
    assert_eq!(scene.client.count(ProviderCall::Refresh), 2);
}

/// A clock that was two days ahead is set right while the worker runs, or while the
/// store is away too.
#[tokio::test(start_paused = true)]
async fn after_the_clock_is_set_back_what_was_planned_before_comes_due_in_time() {
    for store_is_away in [false, true] {
        let scene = scene().await;
        let token = due(&scene, "ann");
        scene.clock.set(NOW + 48 * HOUR);
        scene.client.on_refresh(fresh()).on_refresh(fresh());
        let worker = Running::begin(&scene, 4);
        let_work(MINUTE).await;
        assert!(is_refreshed(&scene, &token));
        assert!(due_at(&scene, &token) > NOW + 48 * HOUR);

        if store_is_away {
            scene.stores.fail(StoreCall::TokenList, StoreFault::Away, 3);
        }
        scene.clock.set(NOW);
        let_work(MINUTE).await;
        let due = due_at(&scene, &token);
        assert!(due > NOW + HOUR && due < NOW + 2 * HOUR, "{due}");
        assert_eq!(scene.token(token.id).access_expires_at, NOW + 2 * HOUR);
        assert_eq!(scene.client.count(ProviderCall::Refresh), 1);

        scene.clock.advance(2 * HOUR);
        let_work(MINUTE).await;
        assert_eq!(scene.client.count(ProviderCall::Refresh), 2);
        worker.end().await;
    }
}

/// The worker marks a token without a refresh token as needing consent when it expires,
/// before a caller asks for it.
#[tokio::test(start_paused = true)]
async fn a_token_that_cannot_be_renewed_needs_consent_when_it_expires() {
    let scene = scene().await;
    let mut token = scene.token_of("ann", "spark:rooms_read");
    token.refresh = None;
    scene
        .oauth
        .worker(WorkerSettings::default())
        .schedule
        .plan(&mut token, NOW);
    scene.stores.put_token(token.clone());
    let worker = Running::begin(&scene, 4);
    scene.clock.advance(59 * MINUTE);
    let_work(MINUTE).await;
    assert_eq!(scene.token(token.id).status.kind(), StatusKind::Active);
    scene.clock.advance(MINUTE);
    let_work(MINUTE).await;
    assert_eq!(
        scene.token(token.id).status.kind(),
        StatusKind::NeedsConsent
    );
    assert_eq!(scene.client.calls(), []);
    worker.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_stop_waits_for_the_refreshes_under_way_and_begins_no_other() {
    let scene = scene().await;
    let tokens = due_many(&scene, 3);
    let gate = Arc::new(Semaphore::new(0));
    for _ in 0..3 {
        scene.client.on_refresh(fresh().behind(&gate));
    }
    let mut worker = Running::begin(&scene, 1);
    scene.client.called(ProviderCall::Refresh, 1).await;
    worker.stop();
    let_work(MINUTE).await;
    assert!(!worker.task.is_finished());
    // Those that have a lease are under way, and end too.
    gate.add_permits(3);
    worker.task.await.unwrap();
    let refreshed = tokens.iter().filter(|token| is_refreshed(&scene, token));
    assert_eq!(refreshed.count(), scene.client.count(ProviderCall::Refresh));
    for token in &tokens {
        assert_eq!(scene.token(token.id).lease, None);
    }
    assert!(scene.client.count(ProviderCall::Refresh) < 3);
}

#[tokio::test(start_paused = true)]
async fn a_refresh_token_that_died_unused_needs_a_consent_and_no_more_visits() {
    let scene = scene().await;
    let token = due(&scene, "ann");
    scene.stores.change_token(token.id, |token| {
        token.refresh_expires_at = Some(NOW - MINUTE);
    });
    scene
        .client
        .on_refresh(Reply::error(SparkErrorKind::GrantRefused));
    let worker = Running::begin(&scene, 4);
    let_work(MINUTE).await;
    worker.end().await;
    let ended = scene.token(token.id);
    assert_eq!(ended.status.kind(), StatusKind::NeedsConsent);
    let reason = ConsentLoss::RefreshTokenExpired;
    assert!(
        matches!(ended.status, crate::token::Status::NeedsConsent { reason: lost, .. } if lost == reason)
    );
    assert_eq!(ended.upkeep.due_at, None);
    assert_eq!(scene.client.count(ProviderCall::Refresh), 1);
}

#[derive(Debug, Default)]
struct Heard(std::sync::Mutex<Vec<EventKind>>);

impl EventSink for Heard {
    fn publish(&self, event: &Event) {
        self.0.lock().unwrap().push(event.kind.clone());
    }
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_refresh_token_that_only_counts_down_is_told_once() {
    let heard = Arc::new(Heard::default());
    let scene = scene_with(|builder| builder.event_sink(heard.clone())).await;
    let token = due(&scene, "ann");
    let end = NOW + 24 * HOUR;
    scene.stores.change_token(token.id, |token| {
        token.granted_at = NOW - 24 * 89 * HOUR;
        token.refresh_expires_at = Some(end);
    });
    // The answer has no refresh token: the old one stays, with its end.
    for _ in 0..2 {
        scene
            .client
            .on_refresh(Reply::of(answer("new-access", None)));
    }
    let worker = Running::begin(&scene, 4);
    let_work(MINUTE).await;
    scene.clock.set(due_at(&scene, &token));
    let_work(MINUTE).await;
    worker.end().await;
    assert_eq!(scene.client.count(ProviderCall::Refresh), 2);
    let expiring = EventKind::RefreshTokenExpiring {
        refresh_expires_at: end,
    };
    let heard = heard.0.lock().unwrap();
    assert_eq!(heard.iter().filter(|kind| **kind == expiring).count(), 1);
    assert_eq!(scene.token(token.id).upkeep.expiry_warned_at, Some(NOW));
}

#[tokio::test(start_paused = true)]
async fn processes_share_the_work_and_refresh_each_token_once() {
    let scene = scene().await;
    let other = scene.another_process().await;
    let tokens = due_many(&scene, 60);
    for _ in 0..60 {
        scene.client.on_refresh(fresh());
        other.client.on_refresh(fresh());
    }
    let workers = [Running::begin(&scene, 4), Running::begin(&other, 4)];
    let_work(MINUTE).await;
    for worker in workers {
        worker.end().await;
    }
    assert!(tokens.iter().all(|token| is_refreshed(&scene, token)));
    let calls = [&scene, &other].map(|one| one.client.count(ProviderCall::Refresh));
    assert_eq!(calls.iter().sum::<usize>(), 60, "{calls:?}");
}
