//! What the number of stored tokens costs.

use std::time::Duration;

use crate::pairs::Pairs;
use crate::report::{Aim, Row};
use crate::side::{Operation, Side, take_turn};
use crate::{FEW, Outcome, Plan};

/// How much longer the slowest of a hundred may take.
const AIM: Aim = Aim::AtMost(1.5);

const OPERATIONS: [Operation; 3] = [Operation::ById, Operation::ByEmail, Operation::Page];

/// A p99 needs more answers than a median.
const LONGER: u32 = 3;

pub(crate) async fn measure(
    plan: &Plan,
    store: &str,
    (mut few, mut many): (impl Side, impl Side),
) -> Outcome<Vec<Row>> {
    let slice = plan.slice * LONGER;
    let mut rows = Vec::new();
    for operation in OPERATIONS {
        take_turn(&mut few, operation, plan.slice).await?;
        take_turn(&mut many, operation, plan.slice).await?;
        let times = Pairs::interleave(
            plan.rounds,
            async || Ok(p99(take_turn(&mut many, operation, slice).await?)),
            async || Ok(p99(take_turn(&mut few, operation, slice).await?)),
        )
        .await?;
        let what = format!(
            "{store}, {}: p99 with {} against {FEW}",
            operation.name(),
            plan.many
        );
        rows.push(Row::ratio(what, &times, ("many_us", "few_us"), AIM));
    }
    Ok(rows)
}

/// In microseconds.
fn p99(mut took: Vec<Duration>) -> f64 {
    took.sort_unstable();
    let place = (took.len() * 99 / 100).min(took.len().saturating_sub(1));
    took.get(place)
        .map_or(f64::NAN, |took| took.as_secs_f64() * 1e6)
}
