//! What the check-out of a valid token costs beyond the read of its record and one
//! unseal.

use std::sync::Arc;
use std::time::{Duration, Instant};

use spark_oauth_core::TokenId;
use spark_oauth_core::audit::Caller;
use spark_oauth_core::broker::Broker;
use spark_oauth_core::keyring::KeyRing;
use spark_oauth_core::ports::TokenStore;

use crate::engine::Engine;
use crate::pairs::{Pairs, median};
use crate::place::{Kind, Place};
use crate::provider::Provider;
use crate::report::{Aim, Row};
use crate::stock::Stock;
use crate::walk::Walk;
use crate::{Outcome, Plan, usage};

/// How many tokens there are. Each fetch is of another one, since several of the same
/// within a second would share an entry of the audit log; of more than these the
/// log would be waited for.
const TOKENS: usize = 10_000;

/// A machine has moods of a tenth of a second; many short turns meet them alike. The
/// entries of one turn are not written before it ends.
const SHORTER: u32 = 2;

/// What the turns of a side came to.
#[derive(Debug, Default)]
struct Work {
    calls: u32,
    /// The processor time of this process, with what is left to do after the calls.
    processor: Duration,
}

pub(crate) async fn measure(plan: &Plan, kind: Kind) -> Outcome<Vec<Row>> {
    let stock = Stock {
        tokens: TOKENS,
        due: 0,
    };
    let place = Place::with(kind, stock).await?;
    let way = place.way();
    let provider = Arc::new(Provider::new(Duration::ZERO, Duration::ZERO));
    let engine = Engine::start(&way, provider.clone()).await?;
    let caller = Caller::service("benchmark");
    let mut ours = Ours {
        engine: &engine,
        broker: engine.services.broker.clone(),
        caller,
        tokens: &place.tokens,
        walk: Walk::through(TOKENS),
        work: Work::default(),
    };
    let mut bare = Bare {
        store: engine.store.stores().tokens,
        ring: way.ring()?,
        tokens: &place.tokens,
        walk: Walk::through(TOKENS),
        work: Work::default(),
    };
    let slice = plan.slice / SHORTER;
    // What is prepared at the first request is not of the rest.
    ours.turn(slice).await?;
    bare.turn(slice).await?;
    let times = Pairs::interleave(
        plan.rounds * usize::try_from(SHORTER)?,
        async || ours.turn(slice).await,
        async || bare.turn(slice).await,
    )
    .await?;
    let (ours, bare) = (ours.work.of_each(), bare.work.of_each());
    engine.stop().await;
    if provider.calls() > 0 {
        return Err("a token was refreshed".into());
    }
    let what = format!("{}, check-out: time against read and unseal", kind.name());
    let with_log = format!(
        "{}, check-out and its audit entry: processor time against the same",
        kind.name()
    );
    Ok(vec![
        Row::ratio(what, &times, ("ours_us", "bare_us"), Aim::AtMost(1.1)),
        Row::new(with_log, ours / bare, "ratio", Aim::None)
            .with("ours_us", ours)
            .with("bare_us", bare),
    ])
}

/// The broker.
struct Ours<'p> {
    engine: &'p Engine,
    broker: Broker,
    caller: Caller,
    tokens: &'p [TokenId],
    walk: Walk,
    work: Work,
}

/// The port and the key ring alone.
struct Bare<'p> {
    store: Arc<dyn TokenStore>,
    ring: KeyRing,
    tokens: &'p [TokenId],
    walk: Walk,
    work: Work,
}

impl Ours<'_> {
    async fn turn(&mut self, time: Duration) -> Outcome<f64> {
        let (end, worked) = (Instant::now() + time, usage::processor("self")?);
        let mut took = Vec::new();
        while Instant::now() < end {
            let id = self.tokens[self.walk.step()];
            let begun = Instant::now();
            let life = Duration::from_mins(1);
            let token = self.broker.check_out(id, life, &self.caller).await?;
            took.push(begun.elapsed());
            std::hint::black_box(token);
        }
        // The entries of the log are not written into the turn of the other side.
        self.engine.services.settle().await;
        self.work
            .add(&took, usage::processor("self")?.saturating_sub(worked))?;
        Ok(usual(&took))
    }
}

impl Bare<'_> {
    async fn turn(&mut self, time: Duration) -> Outcome<f64> {
        let (end, worked) = (Instant::now() + time, usage::processor("self")?);
        let mut took = Vec::new();
        while Instant::now() < end {
            let id = self.tokens[self.walk.step()];
            let begun = Instant::now();
            let token = self.store.get(id).await?.ok_or("a token is missing")?;
            let access = self.ring.open_access(id, &token.access)?;
            took.push(begun.elapsed());
            std::hint::black_box((token, access));
        }
        self.work
            .add(&took, usage::processor("self")?.saturating_sub(worked))?;
        Ok(usual(&took))
    }
}

impl Work {
    fn add(&mut self, took: &[Duration], processor: Duration) -> Outcome {
        self.calls += u32::try_from(took.len())?;
        self.processor += processor;
        Ok(())
    }

    /// For each call, in microseconds.
    fn of_each(&self) -> f64 {
        self.processor.as_secs_f64() * 1e6 / f64::from(self.calls)
    }
}

/// The median, in microseconds.
fn usual(took: &[Duration]) -> f64 {
    median(took.iter().map(|took| took.as_secs_f64() * 1e6))
}
