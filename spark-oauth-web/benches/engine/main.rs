//! The refresh engine: what it costs beyond the provider's own time and the store's,
//! and what the number of stored tokens costs. See `benches/README.md`.
//!
//! `cargo bench -p spark-oauth-web --bench engine`

mod engine;
mod figures;
#[path = "../ratios/fill.rs"]
mod fill;
#[path = "../ratios/pairs.rs"]
mod pairs;
mod place;
mod progress;
mod provider;
#[expect(dead_code, reason = "the other benchmarks have other aims")]
#[path = "../ratios/report.rs"]
mod report;
mod stock;
#[path = "../ratios/tokens.rs"]
mod tokens;
#[path = "../ratios/usage.rs"]
mod usage;
#[path = "../ratios/walk.rs"]
mod walk;

use std::error::Error;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, Subcommand, ValueEnum};
use spark_oauth_store_mongo::testing;
use tokio::runtime::{Builder, Runtime};

use crate::figures::{backlog, check_out, due, memory};
use crate::place::{Kind, Place};
use crate::report::{Report, say};
use crate::stock::Stock;

/// What can go wrong ends the run, with its text.
pub(crate) type Outcome<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

/// How many tokens a small store holds.
const FEW: usize = 1_000;

/// How many of them are due, in a small and in a large store.
const SOME_DUE: usize = 100;

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
    #[arg(long, default_value_t = 100_000)]
    many: usize,

    /// Fill the large stores with 1 000 000 tokens
    #[arg(long, conflicts_with = "many")]
    full: bool,

    /// Measure only these figures
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Figure>,

    /// Measure only this store
    #[arg(long, value_enum)]
    store: Option<Store>,

    /// Where the figures go as JSON
    #[arg(long, default_value = concat!(env!("CARGO_TARGET_TMPDIR"), "/engine.json"))]
    json: PathBuf,

    #[command(subcommand)]
    role: Option<Role>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Figure {
    Backlog,
    CheckOut,
    Due,
    Memory,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Store {
    Sqlite,
    Mongo,
}

/// What this program starts itself as.
#[derive(Debug, Subcommand)]
enum Role {
    /// Refreshes and checks out, as standard input says
    #[command(hide = true)]
    Work,
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
    /// How many tokens a backlog has.
    pub(crate) backlog: usize,
    /// How many processes work on each store, and for how long.
    pub(crate) processes: usize,
    pub(crate) working: Duration,
}

fn main() -> Outcome {
    let arguments = Arguments::parse();
    if let Some(Role::Work) = arguments.role {
        return several_threads()?.block_on(memory::work());
    }
    if !arguments.bench {
        say("nothing is measured among tests: run `cargo bench -p spark-oauth-web --bench engine`");
        return Ok(());
    }
    let plan = Plan {
        rounds: arguments.rounds.max(1),
        slice: Duration::from_secs_f64(arguments.seconds),
        many: if arguments.full {
            1_000_000
        } else {
            arguments.many.max(FEW)
        },
        backlog: 10_000,
        processes: 3,
        working: Duration::from_secs(6),
    };
    let mut report = Report::default();
    for kind in stores(arguments.store) {
        measure(&plan, kind, &arguments.only, &mut report)?;
    }
    report.publish(plan.rounds, &arguments.json)
}

/// The stores that are measured: MongoDB only where there is a server.
fn stores(only: Option<Store>) -> Vec<Kind> {
    let wanted = |store| only.is_none_or(|only| only == store);
    let sqlite = wanted(Store::Sqlite).then_some(Kind::Sqlite);
    let server = wanted(Store::Mongo).then(testing::shared).flatten();
    sqlite.into_iter().chain(server.map(Kind::Mongo)).collect()
}

fn measure(plan: &Plan, kind: Kind, only: &[Figure], report: &mut Report) -> Outcome {
    let wanted = |figure| only.is_empty() || only.contains(&figure);
    let name = kind.name();
    if wanted(Figure::Backlog) {
        say(&format!("{name}: a backlog …"));
        report.add(several_threads()?.block_on(backlog::measure(plan, kind))?);
    }
    if wanted(Figure::CheckOut) {
        say(&format!("{name}: check-outs …"));
        report.add(one_thread()?.block_on(check_out::measure(plan, kind))?);
    }
    if wanted(Figure::Due) || wanted(Figure::Memory) {
        say(&format!("{name}: few and many tokens …"));
        let runtime = one_thread()?;
        let few = runtime.block_on(Place::with(kind, stock(FEW)))?;
        let many = runtime.block_on(Place::with(kind, stock(plan.many)))?;
        if wanted(Figure::Due) {
            say(&format!("{name}: what is due …"));
            report.add(runtime.block_on(due::measure(plan, kind, &few, &many))?);
        }
        if wanted(Figure::Memory) {
            say(&format!("{name}: memory …"));
            report.add(runtime.block_on(memory::measure(plan, kind, &few, &many))?);
        }
    }
    Ok(())
}

const fn stock(tokens: usize) -> Stock {
    Stock {
        tokens,
        due: SOME_DUE,
    }
}

/// As in the binary.
fn several_threads() -> Outcome<Runtime> {
    Ok(Builder::new_multi_thread().enable_all().build()?)
}

/// Where single calls are timed: waking another thread is no cost of either side.
fn one_thread() -> Outcome<Runtime> {
    Ok(Builder::new_current_thread().enable_all().build()?)
}
