//! Figures as ratios of one run: ours and what it is compared with take turns, so
//! that whatever else the machine does meets both. See `benches/README.md`.
//!
//! `cargo bench -p spark-oauth-web --bench ratios`

mod bare;
mod bare_flow;
mod connection;
mod database;
mod figures;
mod fill;
mod load;
mod pairs;
mod report;
mod server;
mod tokens;
mod usage;

use std::error::Error;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, Subcommand, ValueEnum};

use crate::bare::Role;
use crate::database::Database;
use crate::figures::{
    Plan, access_token, consent, home, look_up, memory, pages, sign_in, start, writes,
};
use crate::report::{Report, say};

/// What can go wrong ends the run, with its text.
pub(crate) type Outcome<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

#[derive(Debug, Parser)]
struct Arguments {
    /// What `cargo bench` adds; without it nothing is measured
    #[arg(long, hide = true)]
    bench: bool,

    /// How often two sides take turns
    #[arg(long, default_value_t = 6)]
    rounds: usize,

    /// How long a turn lasts, in seconds
    #[arg(long, default_value_t = 1.0)]
    seconds: f64,

    /// Let new visitors come for a minute instead of ten seconds, and store a million
    /// tokens instead of a hundred thousand
    #[arg(long)]
    full: bool,

    /// Measure only these figures
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Figure>,

    /// Where the figures go as JSON
    #[arg(long, default_value = concat!(env!("CARGO_TARGET_TMPDIR"), "/ratios.json"))]
    json: PathBuf,

    #[command(subcommand)]
    role: Option<Serve>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Figure {
    AccessToken,
    Home,
    Pages,
    LookUp,
    SignIn,
    Consent,
    Start,
    Memory,
    Writes,
}

/// What this program starts itself as.
#[derive(Debug, Subcommand)]
enum Serve {
    #[command(hide = true)]
    Serve {
        role: Role,
        address: SocketAddr,
        argument: String,
    },
}

#[tokio::main]
async fn main() -> Outcome {
    let arguments = Arguments::parse();
    if let Some(Serve::Serve {
        role,
        address,
        argument,
    }) = arguments.role
    {
        return role.serve(address, &argument).await;
    }
    if !arguments.bench {
        say("nothing is measured among tests: run `cargo bench -p spark-oauth-web --bench ratios`");
        return Ok(());
    }
    let report = measure(&arguments).await?;
    report.publish(arguments.rounds, &arguments.json)
}

async fn measure(arguments: &Arguments) -> Outcome<Report> {
    let plan = Plan {
        rounds: arguments.rounds.max(1),
        slice: Duration::from_secs_f64(arguments.seconds),
        visitors: Duration::from_secs(if arguments.full { 60 } else { 10 }),
        tokens: (1_000, if arguments.full { 1_000_000 } else { 100_000 }),
    };
    let wanted = |figure| arguments.only.is_empty() || arguments.only.contains(&figure);
    let mut report = Report::default();
    let few = Database::with_tokens(plan.tokens.0).await?;
    if wanted(Figure::Memory) {
        say("memory …");
        report.add(memory::measure(&plan, &few).await?);
    }
    if wanted(Figure::Start) {
        say("start …");
        report.add(start::measure(&plan, &few).await?);
    }
    if wanted(Figure::Home) {
        say("home …");
        report.add(home::measure(&plan, &few).await?);
    }
    if wanted(Figure::SignIn) {
        say("sign-in …");
        report.add(sign_in::measure(&plan, &few).await?);
    }
    if wanted(Figure::Consent) {
        say("consent …");
        report.add(consent::measure(&plan, &few).await?);
    }
    if wanted(Figure::Writes) {
        say("writes …");
        report.add(writes::measure(&plan).await?);
    }
    let of_many = [Figure::Pages, Figure::LookUp, Figure::AccessToken];
    if of_many.into_iter().any(wanted) {
        say("a database with many tokens …");
        let many = Database::with_tokens(plan.tokens.1).await?;
        if wanted(Figure::AccessToken) {
            say("access token …");
            report.add(access_token::measure(&plan, &few, &many).await?);
        }
        if wanted(Figure::LookUp) {
            say("look-up …");
            report.add(look_up::measure(&plan, &few, &many).await?);
        }
        if wanted(Figure::Pages) {
            say("pages …");
            report.add(pages::measure(&plan, &few, &many).await?);
        }
    }
    Ok(report)
}
