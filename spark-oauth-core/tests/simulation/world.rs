//! Everything that the processes of a schedule share: time, chance, the provider,
//! the records, and the book that is kept of what happens.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use spark_oauth_core::keyring::{KeyRing, SealingKey};
use spark_oauth_core::ports::SeededRandom;
use spark_oauth_core::testing::MemoryStores;
use spark_oauth_core::{SparkOauth, Timestamp};
use tokio::time::sleep;

use super::clock::TrueTime;
use super::coverage::Coverage;
use super::dice::Dice;
use super::ledger::Ledger;
use super::plan::{Plan, Sabotage};
use super::power::Power;
use super::provider::Provider;
use super::weather::Weather;

/// A process that takes calls.
#[derive(Clone, Debug)]
pub(crate) struct Running {
    /// The how-manieth process of the schedule it is.
    pub(crate) process: usize,
    pub(crate) oauth: SparkOauth,
    pub(crate) power: Power,
}

/// What changes.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) weather: Weather,
    pub(crate) provider: Provider,
    pub(crate) ledger: Ledger,
    pub(crate) coverage: Coverage,
    /// The process of each replica that takes calls.
    pub(crate) running: Vec<Option<Running>>,
    pub(crate) processes: usize,
    violations: Vec<String>,
    trace: Option<Vec<String>>,
}

/// The surroundings of all processes. The clones share everything.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) plan: Arc<Plan>,
    pub(crate) truth: TrueTime,
    pub(crate) stores: MemoryStores,
    state: Arc<Mutex<State>>,
    /// Everybody has an own one: what happens in the same moment has no order that
    /// anything may depend on.
    dice: Arc<Mutex<Dice>>,
    seed: u64,
}

/// What a schedule has shown.
#[derive(Debug)]
pub(crate) struct Shown {
    pub(crate) coverage: Coverage,
    pub(crate) violations: Vec<String>,
    pub(crate) trace: Vec<String>,
}

impl World {
    pub(crate) fn new(seed: u64, sabotage: Option<Sabotage>, is_traced: bool) -> Self {
        let mut dice = Dice::of(seed, 0);
        let plan = Plan::draw(&mut dice, sabotage);
        let world = Self {
            truth: TrueTime::begin(),
            stores: MemoryStores::new(),
            state: Arc::new(Mutex::new(State {
                weather: Weather::calm(plan.replicas),
                provider: Provider::default(),
                ledger: Ledger::new(Self::ring(0)),
                coverage: Coverage::default(),
                running: vec![None; plan.replicas],
                processes: 0,
                violations: Vec::new(),
                trace: is_traced.then(Vec::new),
            })),
            plan: Arc::new(plan),
            dice: Arc::new(Mutex::new(dice)),
            seed,
        };
        world.note(|| format!("seed {seed}: {:?}", world.plan));
        world
    }

    /// The same world, for somebody with dice of his own.
    pub(crate) fn with_dice(&self, number: u64) -> Self {
        Self {
            dice: Arc::new(Mutex::new(Dice::of(self.seed, number))),
            ..self.clone()
        }
    }

    /// The keys, with a source of nonces of one's own.
    pub(crate) fn ring(number: u64) -> KeyRing {
        let key = SealingKey::generate(&SeededRandom::new(99));
        KeyRing::new(key, Arc::new(SeededRandom::new((number + 1) << 40)))
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.truth.now()
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn roll<T>(&self, draw: impl FnOnce(&mut Dice) -> T) -> T {
        draw(&mut self.dice.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) async fn wait_between(&self, least: Duration, most: Duration) {
        let time = self.roll(|dice| dice.between(least, most));
        sleep(time).await;
    }

    pub(crate) fn count(&self, what: impl Into<String>) {
        self.state().coverage.count(what);
    }

    /// Writes into the trace, where there is one.
    pub(crate) fn note(&self, line: impl FnOnce() -> String) {
        let mut state = self.state();
        let Some(trace) = &mut state.trace else {
            return;
        };
        let millis = self.truth.millis();
        trace.push(format!(
            "{:>8}.{:03}  {}",
            millis / 1_000,
            millis % 1_000,
            line()
        ));
    }

    /// A law was broken.
    pub(crate) fn violate(&self, law: impl Into<String>) {
        let law = law.into();
        self.note(|| format!("BROKEN: {law}"));
        let at = self.truth.millis();
        self.state().violations.push(format!("at {at} ms: {law}"));
    }

    pub(crate) fn is_broken(&self) -> bool {
        !self.state().violations.is_empty()
    }

    /// A process that takes calls, by chance.
    pub(crate) fn anybody(&self) -> Option<Running> {
        let running: Vec<_> = self.state().running.iter().flatten().cloned().collect();
        let end = u64::try_from(running.len()).unwrap();
        let chosen = usize::try_from(self.roll(|dice| dice.below(end))).unwrap();
        running.into_iter().nth(chosen)
    }

    pub(crate) fn shown(&self) -> Shown {
        let mut state = self.state();
        let mut coverage = state.coverage.clone();
        for _ in 0..state.ledger.taken_over {
            coverage.count("taken over from a process that was cut off or away");
        }
        Shown {
            coverage,
            violations: std::mem::take(&mut state.violations),
            trace: state.trace.take().unwrap_or_default(),
        }
    }
}
