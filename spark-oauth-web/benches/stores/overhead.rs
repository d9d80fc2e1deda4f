//! What a store costs beyond its driver.

use std::time::{Duration, Instant};

use crate::pairs::{Pairs, median};
use crate::report::{Aim, Row};
use crate::side::{Operation, Side, take_turn, take_turn_together};
use crate::{Outcome, Plan};

/// How much longer ours may take.
const AIM: Aim = Aim::AtMost(1.2);

/// A machine has moods of a tenth of a second; many short turns meet them alike.
const SHORTER: u32 = 4;

/// How many write at once.
const CALLERS: usize = 16;

const OPERATIONS: [Operation; 5] = [
    Operation::ById,
    Operation::ByEmail,
    Operation::Page,
    Operation::Insert,
    Operation::CompareAndSet,
];

pub(crate) async fn measure(
    plan: &Plan,
    store: &str,
    (mut ours, mut bare): (impl Side, impl Side),
) -> Outcome<Vec<Row>> {
    let slice = plan.slice / SHORTER;
    let mut rows = Vec::new();
    for operation in OPERATIONS {
        // What is prepared at the first request is not of the rest.
        take_turn(&mut ours, operation, slice).await?;
        take_turn(&mut bare, operation, slice).await?;
        let times = Pairs::interleave(
            plan.rounds * usize::try_from(SHORTER)?,
            async || Ok(usual(&take_turn(&mut ours, operation, slice).await?)),
            async || Ok(usual(&take_turn(&mut bare, operation, slice).await?)),
        )
        .await?;
        let what = format!(
            "{store}, {}: time against the bare driver",
            operation.name()
        );
        rows.push(Row::ratio(what, &times, ("ours_us", "bare_us"), AIM));
    }
    rows.extend(measure_together(plan, store, ours.split(CALLERS), bare.split(CALLERS)).await?);
    Ok(rows)
}

/// Writes of several callers at once, which a store may commit together.
async fn measure_together(
    plan: &Plan,
    store: &str,
    mut ours: Vec<impl Side>,
    mut bare: Vec<impl Side>,
) -> Outcome<Vec<Row>> {
    let mut rows = Vec::new();
    for operation in [Operation::Insert, Operation::CompareAndSet] {
        let times = Pairs::interleave(
            plan.rounds,
            async || time_of_each(&mut ours, operation, plan.slice).await,
            async || time_of_each(&mut bare, operation, plan.slice).await,
        )
        .await?;
        let name = operation.name();
        let what = format!("{store}, {name} by {CALLERS} at once: time against the bare driver");
        rows.push(Row::ratio(what, &times, ("ours_us", "bare_us"), AIM));
    }
    Ok(rows)
}

/// How long the store needs for each of the operations, in microseconds.
async fn time_of_each(
    callers: &mut [impl Side],
    operation: Operation,
    time: Duration,
) -> Outcome<f64> {
    let begun = Instant::now();
    let count = take_turn_together(callers, operation, time).await?;
    Ok(begun.elapsed().as_secs_f64() * 1e6 / f64::from(u32::try_from(count)?))
}

/// The median, in microseconds.
fn usual(took: &[Duration]) -> f64 {
    median(took.iter().map(|took| took.as_secs_f64() * 1e6))
}
