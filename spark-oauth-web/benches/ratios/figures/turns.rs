//! Two servers under the same load, in turn.

use std::fs;

use crate::Outcome;
use crate::bare::Role;
use crate::connection::Connection;
use crate::database::Database;
use crate::figures::{CONNECTIONS, Plan};
use crate::load::{By, Load, get};
use crate::pairs::Pairs;
use crate::report::{Aim, Row};
use crate::server::Server;

/// A server and what it is asked for.
#[derive(Debug)]
pub(super) struct Side<'a> {
    pub(super) server: &'a Server,
    pub(super) load: Load,
}

/// What two sides achieved.
#[derive(Debug, Default)]
pub(super) struct Turns {
    /// Requests a second.
    pub(super) rates: Pairs,
    /// Processor time of the server for one request, in microseconds.
    pub(super) costs: Pairs,
}

impl Side<'_> {
    async fn turn(&self, plan: &Plan) -> Outcome<(f64, f64)> {
        let before = self.server.cpu()?;
        let rate = self.load.throughput(CONNECTIONS, plan.slice).await?;
        let spent = self.server.cpu()?.saturating_sub(before);
        let answered = rate * plan.slice.as_secs_f64();
        Ok((rate, spent.as_secs_f64() * 1e6 / answered))
    }
}

impl Turns {
    pub(super) async fn take(plan: &Plan, ours: &Side<'_>, other: &Side<'_>) -> Outcome<Self> {
        // What is made at the first request is not of the rest.
        for side in [ours, other] {
            side.load.throughput(CONNECTIONS, plan.slice / 4).await?;
        }
        let mut costs = (Vec::new(), Vec::new());
        let rates = Pairs::interleave(
            plan.rounds,
            async || {
                let (rate, cost) = ours.turn(plan).await?;
                costs.0.push(cost);
                Ok(rate)
            },
            async || {
                let (rate, cost) = other.turn(plan).await?;
                costs.1.push(cost);
                Ok(rate)
            },
        )
        .await?;
        Ok(Self {
            rates,
            costs: costs.0.into_iter().zip(costs.1).collect(),
        })
    }

    /// The ratio of the rates.
    pub(super) fn row(&self, what: &str, sides: (&'static str, &'static str), aim: Aim) -> Row {
        Row::ratio(what, &self.rates, sides, aim)
            .with("ours_us_cpu", self.costs.ours())
            .with("other_us_cpu", self.costs.other())
    }
}

/// A bare server that answers the bytes that ours answers to this request.
pub(super) async fn bare_twin(
    ours: &Server,
    path: &str,
    by: By<'_>,
    database: &Database,
) -> Outcome<Server> {
    let mut connection = Connection::open(ours.address).await?;
    let request = get(ours.address, path, by);
    let answer = connection.answer_to(&request).await?;
    if answer.status != 200 {
        return Err(format!("{path} was answered with {}", answer.status).into());
    }
    let body = tempfile::NamedTempFile::new_in(database.folder())?
        .into_temp_path()
        .keep()?;
    fs::write(&body, answer.body)?;
    Server::bare(Role::Page, &body, database.folder())
}
