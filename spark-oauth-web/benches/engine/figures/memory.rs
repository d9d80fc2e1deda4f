//! The memory of a process that refreshes and checks out, with few and many tokens in
//! its store.

use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use spark_oauth_core::TokenId;
use spark_oauth_core::audit::Caller;
use spark_oauth_core::broker::WorkerSettings;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use crate::engine::Engine;
use crate::pairs::Pairs;
use crate::place::{Kind, Place, Way};
use crate::provider::Provider;
use crate::report::{Aim, Row, say};
use crate::usage;
use crate::{FEW, Outcome, Plan};

/// How many clients check out at once.
const CLIENTS: usize = 8;

/// How long new tokens live: each comes due again while the process works.
const LIFE: Duration = Duration::from_secs(3);

const LATENCY: Duration = Duration::from_millis(50);

/// What a process is to do.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Job {
    way: Way,
    /// The tokens that are checked out. The same number however many are stored: the
    /// process keeps their identifiers in memory.
    tokens: Vec<TokenId>,
    time: Duration,
}

/// What it did, and what it needed.
#[derive(Debug, Serialize, Deserialize)]
struct Done {
    resident_mib: f64,
    checked_out: u32,
    refreshed: u32,
}

pub(crate) async fn measure(
    plan: &Plan,
    kind: Kind,
    few: &Place,
    many: &Place,
) -> Outcome<Vec<Row>> {
    let (mut checked_out, mut refreshed) = (0, 0);
    let mut work = async |place: &Place| {
        let done = start_process(place, plan.working).await?;
        checked_out += done.checked_out;
        refreshed += done.refreshed;
        Outcome::Ok(done.resident_mib)
    };
    let mut resident = Pairs::default();
    for _ in 0..plan.processes {
        let of_many = work(many).await?;
        resident.push(of_many, work(few).await?);
    }
    let what = format!(
        "{}, memory with {} tokens against {FEW}",
        kind.name(),
        plan.many
    );
    let row = Row::ratio(what, &resident, ("many_mib", "few_mib"), Aim::AtMost(1.1));
    Ok(vec![
        row.with("check_outs", f64::from(checked_out))
            .with("refreshes", f64::from(refreshed)),
    ])
}

/// Has a process of its own work on the store.
async fn start_process(place: &Place, time: Duration) -> Outcome<Done> {
    let apart = place.tokens.len() / FEW;
    let job = Job {
        way: place.way(),
        tokens: place.tokens.iter().copied().step_by(apart).collect(),
        time,
    };
    let mut process = Command::new(std::env::current_exe()?)
        .arg("work")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let mut input = process.stdin.take().ok_or("a process without input")?;
    input.write_all(&serde_json::to_vec(&job)?).await?;
    drop(input);
    let output = process.wait_with_output().await?;
    if !output.status.success() {
        return Err("the process that works failed".into());
    }
    let done: Done = serde_json::from_slice(&output.stdout)?;
    if done.refreshed == 0 || done.checked_out == 0 {
        return Err(format!("the process did not work: {done:?}").into());
    }
    Ok(done)
}

/// Works as such a process: reads its job, and tells what it did.
pub(crate) async fn work() -> Outcome {
    let job: Job = serde_json::from_reader(std::io::stdin())?;
    say(&serde_json::to_string(&Box::pin(job.carry_out()).await?)?);
    Ok(())
}

impl Job {
    async fn carry_out(self) -> Outcome<Done> {
        let provider = Arc::new(Provider::new(LATENCY, LIFE));
        let engine = Engine::start(&self.way, provider).await?;
        let worker = engine.services.worker(WorkerSettings::default());
        let (stop, stopped) = oneshot::channel::<()>();
        let working = tokio::spawn(worker.run(async move {
            // An error says that it is time to stop.
            let _ = stopped.await;
        }));
        let checked_out = self.check_out(&engine).await?;
        let resident_mib = usage::resident_mib("self")?;
        drop(stop);
        working.await?;
        let refreshed = u32::try_from(engine.progress.counts().refreshed)?;
        engine.stop().await;
        Ok(Done {
            resident_mib,
            checked_out,
            refreshed,
        })
    }

    async fn check_out(self, engine: &Engine) -> Outcome<u32> {
        let end = Instant::now() + self.time;
        let tokens = Arc::new(self.tokens);
        let mut clients = JoinSet::new();
        for client in 0..CLIENTS {
            let (tokens, broker) = (tokens.clone(), engine.services.broker.clone());
            clients.spawn(async move {
                let caller = Caller::service("benchmark");
                let mut count = 0;
                let first = client * tokens.len() / CLIENTS;
                for id in tokens.iter().cycle().skip(first) {
                    if Instant::now() >= end {
                        break;
                    }
                    broker.check_out(*id, Duration::ZERO, &caller).await?;
                    count += 1;
                }
                Outcome::Ok(count)
            });
        }
        let mut all = 0;
        while let Some(client) = clients.join_next().await {
            all += client??;
        }
        Ok(all)
    }
}
