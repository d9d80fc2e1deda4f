//! Many tokens that are due at once, against the time that the provider alone takes.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::{TryStreamExt as _, stream};
use spark_oauth_core::broker::WorkerSettings;
use spark_oauth_core::ports::{Claim, Clock as _, SystemClock, SystemRandom, TokenStore};
use spark_oauth_core::token::{Attempt, LastRefresh, Lease, RefreshTrigger};
use spark_oauth_core::{ProcessId, TokenId};
use tokio::sync::oneshot;

use crate::engine::Engine;
use crate::pairs::{Pairs, median};
use crate::place::{Kind, Place};
use crate::provider::Provider;
use crate::report::{Aim, Row};
use crate::stock::Stock;
use crate::{Outcome, Plan, usage};

const CONCURRENCY: NonZeroUsize = NonZeroUsize::new(64).unwrap();
const LATENCY: Duration = Duration::from_millis(50);

/// How long the new tokens live: none comes due again meanwhile.
const LIFE: Duration = Duration::from_hours(14 * 24);

/// How often the worker looks for what is due. It begins up to this long after its
/// start, which counts here.
const POLL: Duration = Duration::from_millis(100);

/// One run through the backlog.
struct Run {
    /// In seconds.
    took: f64,
    /// The processor time of this process meanwhile, in seconds.
    processor: f64,
}

pub(crate) async fn measure(plan: &Plan, kind: Kind) -> Outcome<Vec<Row>> {
    let due = plan.backlog;
    let ideal = LATENCY.as_secs_f64() * to_f64(due)? / to_f64(CONCURRENCY.get())?;
    let (mut to_ideal, mut to_floor) = (Pairs::default(), Pairs::default());
    let mut processor = Vec::new();
    for _ in 0..backlogs(kind) {
        let run = Box::pin(run(kind, due)).await?;
        let alone = store_alone(kind, due).await?;
        to_ideal.push(run.took, ideal);
        to_floor.push(run.took, ideal.max(alone));
        processor.push(run.processor);
    }
    let what = format!("{}, {due} due tokens: time against the", kind.name());
    let sides = ("took_s", "other_s");
    let aim = Aim::AtMost(1.15);
    Ok(vec![
        Row::ratio(format!("{what} ideal"), &to_ideal, sides, aim).with("cpu_s", median(processor)),
        Row::ratio(
            format!("{what} store alone, or the ideal"),
            &to_floor,
            sides,
            aim,
        ),
    ])
}

/// How often a backlog is worked through: a server for tests that makes every write
/// durable by itself takes minutes for one.
const fn backlogs(kind: Kind) -> usize {
    match kind {
        Kind::Sqlite => 3,
        Kind::Mongo(_) => 1,
    }
}

async fn run(kind: Kind, due: usize) -> Outcome<Run> {
    let stock = Stock { tokens: due, due };
    let place = Place::with(kind, stock).await?;
    let provider = Arc::new(Provider::new(LATENCY, LIFE));
    let engine = Engine::start(&place.way(), provider.clone()).await?;
    let worker = engine.services.worker(WorkerSettings {
        concurrency: CONCURRENCY,
        poll: POLL,
    });
    let (stop, stopped) = oneshot::channel::<()>();
    let (begun, used) = (Instant::now(), usage::processor("self")?.as_secs_f64());
    let working = tokio::spawn(worker.run(async move {
        // An error says that the run has ended.
        let _ = stopped.await;
    }));
    engine.progress.reaches(due).await;
    let run = Run {
        took: begun.elapsed().as_secs_f64(),
        processor: usage::processor("self")?.as_secs_f64() - used,
    };
    drop(stop);
    working.await?;
    let counts = engine.progress.counts();
    engine.stop().await;
    if counts.refreshed != due || provider.calls() != due {
        return Err(format!("not every token was refreshed once: {counts:?}").into());
    }
    if provider.most_under_way() > CONCURRENCY.get() {
        return Err("the provider was called more often at once than it may be".into());
    }
    Ok(run)
}

/// How long the store takes for what it must do for each token, whatever the
/// provider does: the lease, the marker and the answer, by as many at once as the
/// engine has under way. In seconds.
async fn store_alone(kind: Kind, due: usize) -> Outcome<f64> {
    let place = Place::with(kind, Stock { tokens: due, due }).await?;
    let store = place.way().open().await?;
    let tokens = store.stores().tokens;
    let owner = ProcessId::generate(SystemClock.now(), &SystemRandom);
    let begun = Instant::now();
    stream::iter(place.tokens.iter().copied().map(Ok))
        .try_for_each_concurrent(CONCURRENCY.get() * 2, |id| {
            let tokens = tokens.clone();
            // A task of its own, as each refresh is.
            async move { tokio::spawn(write_thrice(tokens, id, owner)).await? }
        })
        .await?;
    let took = begun.elapsed().as_secs_f64();
    store.close().await;
    Ok(took)
}

async fn write_thrice(tokens: Arc<dyn TokenStore>, id: TokenId, owner: ProcessId) -> Outcome {
    let now = SystemClock.now();
    let lease = Lease {
        owner,
        expires_at: now + LIFE,
    };
    let Claim::Taken(mut token) = tokens.claim(id, lease, now).await? else {
        return Err("a token is not free".into());
    };
    token.attempt = Some(Attempt { owner, at: now });
    token.version = tokens.update(&token).await?;
    token.obtained_at = now;
    token.access_expires_at = now + LIFE;
    token.last_refresh = Some(LastRefresh {
        at: now,
        by: RefreshTrigger::Worker,
    });
    token.generation += 1;
    token.upkeep.due_at = Some(now + LIFE);
    token.lease = None;
    token.attempt = None;
    tokens.update(&token).await?;
    Ok(())
}

fn to_f64(count: usize) -> Outcome<f64> {
    Ok(f64::from(u32::try_from(count)?))
}
