//! What the number of stored tokens costs.

use std::time::Duration;

use crate::report::{Aim, Row};
use crate::side::{Operation, Side, take_turn};
use crate::{FEW, Outcome, Plan};

/// How much longer the slowest of a hundred may take.
const AIM: Aim = Aim::AtMost(1.5);

const OPERATIONS: [Operation; 2] = [Operation::ByEmail, Operation::Page];

/// A machine has moods of a tenth of a second; many short turns meet them alike.
const TURNS: usize = 8;

pub(crate) async fn measure(
    plan: &Plan,
    store: &str,
    (mut few, mut many): (impl Side, impl Side),
) -> Outcome<Vec<Row>> {
    let slice = plan.slice / 4;
    let mut rows = Vec::new();
    for operation in OPERATIONS {
        // What is prepared at the first request is not of the rest.
        take_turn(&mut few, operation, slice).await?;
        take_turn(&mut many, operation, slice).await?;
        let (mut of_few, mut of_many) = (Vec::new(), Vec::new());
        for turn in 0..plan.rounds * TURNS {
            if turn % 2 == 0 {
                of_few.extend(take_turn(&mut few, operation, slice).await?);
                of_many.extend(take_turn(&mut many, operation, slice).await?);
            } else {
                of_many.extend(take_turn(&mut many, operation, slice).await?);
                of_few.extend(take_turn(&mut few, operation, slice).await?);
            }
        }
        let (of_few, of_many) = (p99(of_few), p99(of_many));
        let what = format!(
            "{store}, {}: p99 with {} against {FEW}",
            operation.name(),
            plan.many
        );
        let row = Row::new(what, of_many / of_few, "ratio", AIM);
        rows.push(row.with("many_us", of_many).with("few_us", of_few));
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
