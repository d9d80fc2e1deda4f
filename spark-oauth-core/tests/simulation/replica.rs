//! The life of one replica: a process after the other, on one machine.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use spark_oauth_core::broker::{RefreshLimits, ScheduleLimits, WorkerSettings};
use spark_oauth_core::ports::SeededRandom;
use spark_oauth_core::testing::MemoryJournals;
use spark_oauth_core::{
    ClientId, ClientSecret, EmailAddress, Integration, ProcessId, RedirectUri, Scopes, SparkOauth,
};
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

use super::client::DistantProvider;
use super::clock::SkewedClock;
use super::journal::LocalJournal;
use super::ledger::GRACE;
use super::line::Line;
use super::plan::Journals;
use super::power::Power;
use super::store::DistantStore;
use super::world::{Running, World};

/// How long a process that is stopped may take.
const STOP_LIMIT: Duration = Duration::from_mins(1);

/// A machine on which one process runs after the other.
#[derive(Clone, Debug)]
pub(crate) struct Machine {
    pub(crate) world: World,
    pub(crate) replica: usize,
    pub(crate) disk: MemoryJournals,
    pub(crate) skew: Arc<AtomicI64>,
    /// Asks the process to end in good order.
    pub(crate) stop: Arc<Notify>,
}

impl Machine {
    pub(crate) fn new(world: &World, replica: usize, disk: MemoryJournals) -> Self {
        let machine = Self {
            world: world.with_dice(100 + u64::try_from(replica).unwrap()),
            replica,
            disk,
            skew: Arc::default(),
            stop: Arc::default(),
        };
        machine.set_clock();
        machine
    }

    /// Sets the machine's clock, a little wrong.
    pub(crate) fn set_clock(&self) {
        let skew = self.world.plan.skew;
        let range = skew.unsigned_abs() * 2 + 1;
        let drawn = self.world.roll(|dice| dice.below(range));
        let drawn = i64::try_from(drawn).unwrap() - skew;
        self.skew.store(drawn, Ordering::SeqCst);
    }

    /// Runs processes, for ever.
    pub(crate) async fn run(self) {
        loop {
            let line = self.line();
            let is_planned = tokio::select! {
                biased;
                () = line.power.cut_off() => false,
                () = self.live(&line) => true,
            };
            let pause = self.world.roll(|dice| {
                let most = match dice.below(20) {
                    // Somebody had to come and mend it.
                    0 => 150,
                    _ if is_planned => 3,
                    _ => 12,
                };
                dice.between(Duration::from_millis(200), Duration::from_secs(most))
            });
            sleep(pause).await;
        }
    }

    fn line(&self) -> Line {
        let mut state = self.world.state();
        state.processes += 1;
        let process = state.processes;
        drop(state);
        let number = u64::try_from(process).unwrap();
        let random = SeededRandom::new(number << 32);
        let id = ProcessId::generate(self.world.now(), &random);
        self.world.state().ledger.processes.insert(id, process);
        Line {
            world: self.world.with_dice(1_000 + number),
            replica: self.replica,
            process,
            id,
            power: Power::default(),
            disk: self.disk.clone(),
        }
    }

    /// One process, from its start to its planned end.
    async fn live(&self, line: &Line) {
        let (world, process) = (&self.world, line.process);
        world.note(|| format!("process {process} starts as replica {}", self.replica));
        let oauth = self.build(line).await;
        // Without a journal it has given itself a name.
        let name = oauth.broker.process();
        world.state().ledger.processes.insert(name, process);
        world.state().running[self.replica] = Some(Running {
            process,
            oauth: oauth.clone(),
            power: line.power.clone(),
        });
        let stopped = self.stop.notified();
        if world.plan.has_worker {
            oauth.worker(worker_settings()).run(stopped).await;
        } else {
            stopped.await;
        }
        world.state().running[self.replica] = None;
        world.note(|| format!("process {process} is stopped"));
        let settled = timeout(STOP_LIMIT, oauth.settle()).await.is_ok();
        if settled {
            world.count("stopped in good order");
            let lost = world.state().ledger.in_memory_alone(process);
            if lost > 0 {
                world.violate(format!("process {process} was stopped with {lost} answers"));
            }
        } else {
            world.count("stopped before it settled");
        }
        line.end();
    }

    async fn build(&self, line: &Line) -> SparkOauth {
        let number = u64::try_from(line.process).unwrap();
        let stores = DistantStore { line: line.clone() }.stores();
        let client = DistantProvider { line: line.clone() };
        let mut builder =
            SparkOauth::builder(integration(), Arc::new(client), stores, World::ring(number))
                .clock(Arc::new(SkewedClock {
                    truth: self.world.truth,
                    skew: self.skew.clone(),
                }))
                .random(Arc::new(SeededRandom::new(number << 20)))
                .refresh_limits(RefreshLimits {
                    lease: self.world.plan.lease,
                    recovery_grace: GRACE,
                    ..RefreshLimits::default()
                })
                .refresh_schedule(ScheduleLimits {
                    longest_retry: Duration::from_mins(2),
                    ..ScheduleLimits::default()
                });
        if self.world.plan.journals != Journals::Off {
            builder = builder.journal(LocalJournal::open(line));
        }
        builder.build().await.unwrap()
    }
}

fn worker_settings() -> WorkerSettings {
    WorkerSettings {
        concurrency: NonZeroUsize::new(4).unwrap(),
        poll: Duration::from_secs(4),
    }
}

fn integration() -> Integration {
    Integration {
        client_id: ClientId::new("C0ffee"),
        client_secret: ClientSecret::new("the-client-secret"),
        redirect_uri: RedirectUri::parse("http://127.0.0.1:3000/auth/spark/callback").unwrap(),
        scopes: Scopes::parse("spark:rooms_read").unwrap(),
        requester: EmailAddress::parse("owner@example.com").unwrap(),
    }
}
