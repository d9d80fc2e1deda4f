//! The stores against their bare drivers: the same queries on the same kind of
//! database, in turn, so that whatever else the machine does meets both. See
//! `benches/README.md`.
//!
//! `cargo bench -p spark-oauth-web --bench stores`

#[path = "../ratios/fill.rs"]
mod fill;
mod growth;
mod mongo;
mod ours;
mod overhead;
#[path = "../ratios/pairs.rs"]
mod pairs;
#[expect(dead_code, reason = "the other benchmark has other aims")]
#[path = "../ratios/report.rs"]
mod report;
mod side;
mod sqlite;
#[path = "../ratios/tokens.rs"]
mod tokens;
#[path = "../ratios/walk.rs"]
mod walk;

use std::error::Error;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use spark_oauth_store_mongo::testing;

use crate::mongo::MongoPlace;
use crate::report::{Report, say};
use crate::sqlite::SqlitePlace;

/// What can go wrong ends the run, with its text.
pub(crate) type Outcome<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

/// How many tokens a small store holds.
const FEW: usize = 1_000;

#[derive(Debug, Parser)]
struct Arguments {
    /// What `cargo bench` adds; without it nothing is measured
    #[arg(long, hide = true)]
    bench: bool,

    /// How often two sides take turns
    #[arg(long, default_value_t = 10)]
    rounds: usize,

    /// How long a turn lasts, in seconds
    #[arg(long, default_value_t = 0.2)]
    seconds: f64,

    /// How many tokens a large store holds
    #[arg(long, default_value_t = 10_000)]
    many: usize,

    /// Fill the large stores with 1 000 000 tokens
    #[arg(long, conflicts_with = "many")]
    full: bool,

    /// Measure only these stores
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Store>,

    /// Where the figures go as JSON
    #[arg(long, default_value = concat!(env!("CARGO_TARGET_TMPDIR"), "/stores.json"))]
    json: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Store {
    Sqlite,
    Mongo,
}

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    /// How often two sides take turns.
    pub(crate) rounds: usize,
    /// How long each turn lasts.
    pub(crate) slice: Duration,
    /// How many tokens a large store holds.
    pub(crate) many: usize,
}

// One thread, as between a request and the tasks that a store has for itself: waking
// another thread is no cost of either side.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Outcome {
    let arguments = Arguments::parse();
    if !arguments.bench {
        say("nothing is measured among tests: run `cargo bench -p spark-oauth-web --bench stores`");
        return Ok(());
    }
    let report = measure(&arguments).await?;
    report.publish(arguments.rounds, &arguments.json)
}

async fn measure(arguments: &Arguments) -> Outcome<Report> {
    let plan = Plan {
        rounds: arguments.rounds.max(1),
        slice: Duration::from_secs_f64(arguments.seconds),
        many: if arguments.full {
            1_000_000
        } else {
            arguments.many.max(FEW)
        },
    };
    let wanted = |store| arguments.only.is_empty() || arguments.only.contains(&store);
    let mut report = Report::default();
    // What grows comes first: the rest writes to the small store.
    if wanted(Store::Sqlite) {
        say("SQLite: few and many tokens …");
        let few = SqlitePlace::with_tokens(FEW).await?;
        let many = SqlitePlace::with_tokens(plan.many).await?;
        let sides = (few.ours().await?, many.ours().await?);
        report.add(growth::measure(&plan, "SQLite", sides).await?);
        say("SQLite: against sqlx …");
        let sides = (few.ours().await?, few.bare().await?);
        report.add(overhead::measure(&plan, "SQLite", sides).await?);
    }
    if wanted(Store::Mongo)
        && let Some(uri) = testing::shared()
    {
        say("MongoDB: few and many tokens …");
        let few = MongoPlace::with_tokens(uri, FEW).await?;
        let many = MongoPlace::with_tokens(uri, plan.many).await?;
        let sides = (few.ours().await?, many.ours().await?);
        report.add(growth::measure(&plan, "MongoDB", sides).await?);
        say("MongoDB: against the driver …");
        let sides = (few.ours().await?, few.bare().await?);
        report.add(overhead::measure(&plan, "MongoDB", sides).await?);
    }
    Ok(report)
}
