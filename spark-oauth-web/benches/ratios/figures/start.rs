//! From the start of the process to its first answer, on a database that exists.

use std::fs;
use std::time::Instant;

use crate::Outcome;
use crate::bare::Role;
use crate::database::Database;
use crate::figures::Plan;
use crate::pairs::Pairs;
use crate::report::{Aim, Row};
use crate::server::{Server, free_address};

/// How often it is started for each turn of the other figures.
const STARTS: usize = 4;

pub(crate) async fn measure(plan: &Plan, database: &Database) -> Outcome<Vec<Row>> {
    let body = database.folder().join("start.html");
    fs::write(&body, "bare")?;
    let pairs = Pairs::interleave(
        plan.rounds * STARTS,
        async || {
            let address = free_address()?;
            first_answer(|| Server::launch_ours(database, None, address))
        },
        async || {
            let address = free_address()?;
            let folder = database.folder();
            first_answer(|| Server::launch_bare(Role::Page, &body, folder, address))
        },
    )
    .await?;
    Ok(vec![
        Row::new(
            "start to first answer",
            pairs.ours(),
            "ms",
            Aim::AtMost(50.0),
        ),
        Row::ratio(
            "start to first answer against bare axum",
            &pairs,
            ("ours_ms", "bare_ms"),
            Aim::None,
        ),
    ])
}

fn first_answer(start: impl FnOnce() -> Outcome<Server>) -> Outcome<f64> {
    let begin = Instant::now();
    let server = start()?;
    let elapsed = server.time_to_answer(begin, "/")?;
    server.stop()?;
    Ok(elapsed.as_secs_f64() * 1e3)
}
