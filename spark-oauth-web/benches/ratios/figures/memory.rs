//! The memory of the process: idle, and while nobody but new visitors comes.

use std::time::{Duration, Instant};

use sqlx::{Connection as _, SqliteConnection};
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::Outcome;
use crate::database::Database;
use crate::figures::Plan;
use crate::load::{By, Load};
use crate::report::{Aim, Row};
use crate::server::Server;

/// How many visitors there are at a time.
const AT_ONCE: usize = 16;

/// How long a fresh process is left alone before it counts as idle.
const SETTLING: Duration = Duration::from_secs(1);

pub(crate) async fn measure(plan: &Plan, database: &Database) -> Outcome<Vec<Row>> {
    let server = Server::ours(database, None)?;
    sleep(SETTLING).await;
    let idle = server.resident_mib()?;
    let home = Load::of_gets(server.address, ["/".to_owned()], By::Nobody);
    let mut visits = visitors(&home, plan.visitors / 4).await?;
    let early = server.resident_mib()?;
    visits += visitors(&home, plan.visitors * 3 / 4).await?;
    let late = server.resident_mib()?;
    let sessions = sessions_in(database).await?;
    let most = Aim::AtMost(30.0);
    Ok(vec![
        Row::new("memory, idle", idle, "MiB", most),
        Row::new("memory, new visitors", late, "MiB", most)
            .with("visitors", f64::from(visits))
            .with("after_a_quarter", early),
        Row::new(
            "memory growth over the last three quarters",
            late / early,
            "ratio",
            Aim::AtMost(1.05),
        ),
        Row::new(
            "stored sessions of new visitors",
            sessions,
            "rows",
            Aim::AtMost(0.0),
        ),
    ])
}

/// Visitors come for so long, each over a connection of its own.
async fn visitors(home: &Load, time: Duration) -> Outcome<u32> {
    let begin = Instant::now();
    let mut clients = JoinSet::new();
    for _ in 0..AT_ONCE {
        let home = home.clone();
        clients.spawn(async move {
            let mut visits = 0;
            while begin.elapsed() < time {
                home.visit().await?;
                visits += 1;
            }
            Outcome::Ok(visits)
        });
    }
    let mut all = 0;
    while let Some(client) = clients.join_next().await {
        all += client??;
    }
    Ok(all)
}

async fn sessions_in(database: &Database) -> Outcome<f64> {
    let url = format!("sqlite:{}", database.path().display());
    let mut connection = SqliteConnection::connect(&url).await?;
    let count: i32 = sqlx::query_scalar("SELECT count(*) FROM sessions")
        .fetch_one(&mut connection)
        .await?;
    connection.close().await?;
    Ok(f64::from(count))
}
