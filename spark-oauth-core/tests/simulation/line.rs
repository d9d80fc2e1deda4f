//! The line between one process and its surroundings: what is sent may be late, lost
//! on the way there or back, and the process may crash before it is sent, while it
//! is on its way, or before the answer is read.

use std::future::pending;
use std::time::Duration;

use spark_oauth_core::ProcessId;
use spark_oauth_core::ports::StoreError;
use spark_oauth_core::testing::MemoryJournals;
use tokio::time::sleep;

use super::dice::Dice;
use super::power::Power;
use super::world::World;

/// An operation at a port, as the five steps of a refresh know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Read,
    Claim,
    Mark,
    Ask,
    WriteBack,
    Extend,
    Release,
    /// Another change of a record.
    Change,
    Grant,
    /// Another call of the provider.
    Call,
    Remove,
    Pause,
    /// The journal takes an answer.
    Keep,
    /// The journal is asked for something else.
    Journal,
}

/// Where a crash hits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Point {
    /// Nothing was sent.
    Before,
    /// It was sent, and takes effect although nobody waits for it any more.
    UnderWay,
    /// It took effect, and the answer is not read.
    After,
}

/// What happens to one operation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Trip {
    crash: Option<Point>,
    fault: Option<Fault>,
    pub(crate) there: Duration,
    pub(crate) back: Duration,
}

/// How a store operation fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Away,
    AnswerLost,
    Conflict,
}

/// One process and its surroundings.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) world: World,
    pub(crate) replica: usize,
    pub(crate) process: usize,
    pub(crate) id: ProcessId,
    pub(crate) power: Power,
    /// The disk of its journal.
    pub(crate) disk: MemoryJournals,
}

impl Line {
    /// Decides what happens to an operation. Never comes back where the process
    /// has ended, or ends before anything is sent.
    pub(crate) async fn begin(&self, step: Step) -> Trip {
        self.power.needed().await;
        let trip = self.draw(step);
        if let Some(point @ Point::Before) = trip.crash {
            self.crash(step, point);
            pending::<()>().await;
        }
        trip
    }

    /// Lets the operation travel; where this comes back, it arrives.
    pub(crate) async fn send(&self, step: Step, trip: &Trip) {
        if let Some(point @ Point::UnderWay) = trip.crash {
            self.crash(step, point);
        }
        sleep_for(trip.there).await;
        if trip.crash.is_none() && !self.power.is_on() {
            // Somebody pulled the plug while it was on its way.
            let arrives = self.world.roll(|dice| dice.chance(500));
            if !arrives {
                pending::<()>().await;
            }
        }
    }

    /// The same for the disk of this machine: nothing is on its way when the
    /// process has ended.
    pub(crate) async fn at_disk<T>(&self, step: Step, effect: impl Future<Output = T> + Send) -> T {
        let trip = self.begin(step).await;
        sleep_for(trip.there).await;
        self.power.needed().await;
        let done = effect.await;
        if let Some(point @ Point::UnderWay) = trip.crash {
            self.crash(step, point);
        }
        self.come_back(step, &trip).await;
        done
    }

    /// Brings the answer back.
    pub(crate) async fn come_back(&self, step: Step, trip: &Trip) {
        self.power.needed().await;
        if let Some(point @ Point::After) = trip.crash {
            self.crash(step, point);
        }
        self.power.needed().await;
        sleep_for(trip.back).await;
        self.power.needed().await;
    }

    fn draw(&self, step: Step) -> Trip {
        let plan = &self.world.plan;
        let is_stormy = self.world.state().weather.is_stormy;
        self.world.roll(|dice| {
            let crash = (is_stormy && dice.chance(plan.crashes * step.weight()))
                .then(|| dice.pick(&[Point::Before, Point::UnderWay, Point::After]));
            let fault = if is_stormy {
                draw_fault(dice, plan)
            } else {
                None
            };
            Trip {
                crash,
                fault,
                there: draw_delay(dice, is_stormy),
                back: draw_delay(dice, is_stormy),
            }
        })
    }

    /// Ends the process in this moment.
    pub(crate) fn crash(&self, step: Step, point: Point) {
        self.world.count(format!("crash {step:?} {point:?}"));
        self.world
            .note(|| format!("process {} crashes at {step:?} {point:?}", self.process));
        self.end();
    }

    /// The process is no more; what it had in memory alone is lost.
    pub(crate) fn end(&self) {
        if !self.power.cut() {
            return;
        }
        self.disk.crash(self.id);
        let mut state = self.world.state();
        state.running[self.replica] = None;
        let cost = state.ledger.crashed(self.process);
        if cost > 0 {
            state.coverage.count("crash between the call and the write");
        }
    }

    /// One operation of a store that changes a record.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        step: Step,
        effect: impl Future<Output = Result<T, StoreError>> + Send + 'static,
    ) -> Result<T, StoreError> {
        let line = self.clone();
        let (time, is_late) = self.world.roll(|dice| {
            let time = dice.between(Duration::from_millis(100), Duration::from_secs(30));
            (time, dice.chance(line.world.plan.late_writes))
        });
        if !is_late || !self.world.state().weather.is_stormy {
            return self.at_store(step, effect).await;
        }
        self.at_store(step, async move {
            line.world.count("write late");
            tokio::spawn(async move {
                sleep(time).await;
                let is_done = effect.await.is_ok();
                line.world
                    .note(|| format!("process {} {step:?} late: {is_done}", line.process));
                line.world.look_at_records();
            });
            Err(unavailable())
        })
        .await
    }

    /// One operation of a store.
    pub(crate) async fn at_store<T>(
        &self,
        step: Step,
        effect: impl Future<Output = Result<T, StoreError>> + Send,
    ) -> Result<T, StoreError> {
        let trip = self.begin(step).await;
        self.send(step, &trip).await;
        let is_away = self.world.state().weather.store_away[self.replica];
        let fault = if is_away {
            Some(Fault::Away)
        } else {
            trip.fault
        };
        let outcome = match fault {
            Some(Fault::Away) => Err(unavailable()),
            Some(Fault::Conflict) if step.may_conflict() => Err(StoreError::Conflict),
            _ => {
                let outcome = effect.await;
                self.world.look_at_records();
                outcome
            }
        };
        if let Some(fault) = fault {
            self.world.count(format!("store {fault:?}"));
        }
        self.world.note(|| {
            let word = match &outcome {
                Ok(_) => "done".to_owned(),
                Err(error) => error.to_string(),
            };
            format!("process {} {step:?}: {word} {fault:?}", self.process)
        });
        self.come_back(step, &trip).await;
        let heard = match fault {
            Some(Fault::AnswerLost) => outcome.and(Err(unavailable())),
            _ => outcome,
        };
        let now = self.world.now();
        let ledger = &mut self.world.state().ledger;
        if matches!(heard, Err(StoreError::Unavailable { .. })) {
            ledger.saw_failure(self.process, now);
        }
        if step == Step::Extend {
            ledger.extended(self.process, heard.is_ok());
        }
        heard
    }
}

impl Step {
    /// How much likelier than at others a crash is: reading is what happens most,
    /// and decides least.
    const fn weight(self) -> u64 {
        match self {
            Self::Keep => 40,
            Self::Ask | Self::Mark | Self::WriteBack | Self::Extend | Self::Release => 5,
            _ => 1,
        }
    }

    const fn may_conflict(self) -> bool {
        matches!(self, Self::Mark | Self::WriteBack | Self::Change)
    }
}

fn draw_fault(dice: &mut Dice, plan: &super::plan::Plan) -> Option<Fault> {
    if dice.chance(plan.store_failures) {
        Some(Fault::Away)
    } else if dice.chance(plan.store_answers_lost) {
        Some(Fault::AnswerLost)
    } else if dice.chance(plan.conflicts) {
        Some(Fault::Conflict)
    } else {
        None
    }
}

/// Most are quick, some are slow, and a few very slow.
fn draw_delay(dice: &mut Dice, is_stormy: bool) -> Duration {
    let most = match dice.below(100) {
        0 if is_stormy => 2_500,
        1..5 if is_stormy => 400,
        5..30 => 10,
        _ => 2,
    };
    Duration::from_millis(dice.below(most))
}

async fn sleep_for(time: Duration) {
    if !time.is_zero() {
        sleep(time).await;
    }
}

fn unavailable() -> StoreError {
    StoreError::Unavailable {
        store: "simulated",
        source: "the connection failed".into(),
    }
}
