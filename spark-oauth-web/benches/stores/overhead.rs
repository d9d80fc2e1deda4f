//! What a store costs beyond its driver.

use std::time::Duration;

use crate::pairs::{Pairs, median};
use crate::report::{Aim, Row};
use crate::side::{Operation, Side, take_turn};
use crate::{Outcome, Plan};

/// How much longer ours may take.
const AIM: Aim = Aim::AtMost(1.2);

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
    let mut rows = Vec::new();
    for operation in OPERATIONS {
        // What is prepared at the first request is not of the rest.
        take_turn(&mut ours, operation, plan.slice / 4).await?;
        take_turn(&mut bare, operation, plan.slice / 4).await?;
        let times = Pairs::interleave(
            plan.rounds,
            async || Ok(usual(&take_turn(&mut ours, operation, plan.slice).await?)),
            async || Ok(usual(&take_turn(&mut bare, operation, plan.slice).await?)),
        )
        .await?;
        let what = format!(
            "{store}, {}: time against the bare driver",
            operation.name()
        );
        rows.push(Row::ratio(what, &times, ("ours_us", "bare_us"), AIM));
    }
    Ok(rows)
}

/// The median, in microseconds.
fn usual(took: &[Duration]) -> f64 {
    median(took.iter().map(|took| took.as_secs_f64() * 1e6))
}
