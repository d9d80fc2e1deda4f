//! Durable writes: those that come together share the flush of the disk.

use std::time::{Duration, Instant};

use spark_oauth_core::ports::{
    Clock as _, SessionKey, SessionRecord, SessionStore as _, SystemClock,
};
use spark_oauth_store_sqlite::SqliteStore;
use tokio::task::JoinSet;

use crate::Outcome;
use crate::figures::Plan;
use crate::pairs::{Pairs, median};
use crate::report::{Aim, Row};

/// How many write at once.
const WRITERS: u32 = 64;

pub(crate) async fn measure(plan: &Plan) -> Outcome<Vec<Row>> {
    let folder = tempfile::tempdir()?;
    let store = SqliteStore::open_path(folder.path().join("writes.db")).await?;
    let mut shares = Vec::new();
    let rates = Pairs::interleave(
        plan.rounds,
        async || {
            let before = store.write_counts();
            let rate = write(&store, WRITERS, plan.slice).await?;
            let after = store.write_counts();
            let commits = to_f64(after.commits - before.commits);
            shares.push(commits / to_f64(after.writes - before.writes));
            Ok(rate)
        },
        async || write(&store, 1, plan.slice).await,
    )
    .await?;
    store.close().await;
    Ok(vec![
        Row::new(
            "commits for each of 64 concurrent writes",
            median(shares),
            "ratio",
            Aim::AtMost(0.1),
        ),
        Row::ratio(
            "durable writes/s by 64 against 1",
            &rates,
            ("together/s", "alone/s"),
            Aim::None,
        ),
    ])
}

async fn write(store: &SqliteStore, writers: u32, time: Duration) -> Outcome<f64> {
    let begin = Instant::now();
    let mut tasks = JoinSet::new();
    for number in 0..writers {
        let store = store.clone();
        tasks.spawn(async move {
            let session = session(number);
            store.create(&session).await?;
            let mut written = 0;
            while begin.elapsed() < time {
                store.replace(&session.data, &session).await?;
                written += 1;
            }
            store.remove(session.key).await?;
            Outcome::Ok(written + 2)
        });
    }
    let mut written = 0;
    while let Some(task) = tasks.join_next().await {
        written += task??;
    }
    Ok(f64::from(written) / begin.elapsed().as_secs_f64())
}

fn session(number: u32) -> SessionRecord {
    let mut key = [0; 32];
    key[..4].copy_from_slice(&number.to_be_bytes());
    SessionRecord {
        key: SessionKey(key),
        data: vec![0x20; 400],
        expires_at: SystemClock.now() + Duration::from_hours(1),
    }
}

/// Counts of one run are far below 2⁵³.
#[expect(clippy::cast_precision_loss, reason = "they are small")]
fn to_f64(count: u64) -> f64 {
    count as f64
}
