//! `GET /api/v1/tokens/{id}/access-token` of tokens that are valid.

use spark_oauth_core::TokenId;

use crate::Outcome;
use crate::database::Database;
use crate::figures::turns::{Side, Turns, bare_twin};
use crate::figures::{CONNECTIONS, Plan};
use crate::load::{By, Load};
use crate::pairs::Pairs;
use crate::report::{Aim, Row};
use crate::server::Server;

/// How many different tokens are fetched: more than a process remembers.
const FETCHED: usize = 20_000;

/// How often each connection asks where the time of an answer is measured.
const PAUSE: std::time::Duration = std::time::Duration::from_millis(20);

pub(crate) async fn measure(plan: &Plan, few: &Database, many: &Database) -> Outcome<Vec<Row>> {
    let few = Ours::start(few)?;
    let many = Ours::start(many)?;
    let mut rows = Vec::new();
    for (ours, stored) in [(&few, "few"), (&many, "many")] {
        let bare = ours.bare_twin().await?;
        for (count, which) in [(1, "one token"), (FETCHED, "each time another")] {
            let bare_side = Side {
                server: &bare,
                load: ours.load(&bare, count),
            };
            let turns = Turns::take(plan, &ours.side(count), &bare_side).await?;
            let what = format!("access-token, {stored} stored, {which}: requests/s against axum");
            // A service asks for the tokens of its persons: not for another one each time.
            let aim = if count == 1 {
                Aim::AtLeast(0.7)
            } else {
                Aim::None
            };
            rows.push(turns.row(&what, ("ours/s", "bare/s"), aim));
        }
    }
    let p99 = Pairs::interleave(
        plan.rounds,
        async || many.p99(plan).await,
        async || few.p99(plan).await,
    )
    .await?;
    let what = "access-token, each time another: p99 in ms with many against few stored";
    rows.push(Row::ratio(
        what,
        &p99,
        ("many_ms", "few_ms"),
        Aim::AtMost(1.2),
    ));
    Ok(rows)
}

/// Ours on a database.
#[derive(Debug)]
struct Ours<'a> {
    database: &'a Database,
    server: Server,
}

impl<'a> Ours<'a> {
    fn start(database: &'a Database) -> Outcome<Self> {
        Ok(Self {
            database,
            server: Server::ours(database, None)?,
        })
    }

    async fn bare_twin(&self) -> Outcome<Server> {
        let path = self.paths(1).next().ok_or("a database without tokens")?;
        bare_twin(&self.server, &path, self.key(), self.database).await
    }

    fn key(&self) -> By<'_> {
        By::Key(self.database.api_key())
    }

    fn paths(&self, count: usize) -> impl Iterator<Item = String> {
        let tokens = self.database.some_tokens(count);
        tokens.map(|id: TokenId| format!("/api/v1/tokens/{id}/access-token"))
    }

    fn load(&self, server: &Server, count: usize) -> Load {
        Load::of_gets(server.address, self.paths(count), self.key())
    }

    fn side(&self, count: usize) -> Side<'_> {
        Side {
            server: &self.server,
            load: self.load(&self.server, count),
        }
    }

    async fn p99(&self, plan: &Plan) -> Outcome<f64> {
        let load = self.load(&self.server, FETCHED);
        let latencies = load.paced(CONNECTIONS, PAUSE, plan.slice).await?;
        Ok(latencies.p99_ms())
    }
}
