//! The tests: thousands of schedules keep the laws, the same seed is the same
//! schedule, and surroundings that break their promises are found out.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use super::coverage::Coverage;
use super::plan::Sabotage;
use super::schedule::run;

/// How many schedules a run tries unless `SPARK_OAUTH_SIMULATION_SEEDS` says so.
const SEEDS: u64 = 2_000;

fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{name} is a number")),
    )
}

/// Runs these seeds on all processors; the coverage, and the broken ones.
fn run_all(seeds: u64) -> (Coverage, Vec<(u64, String)>) {
    let next = AtomicU64::new(0);
    let work = || {
        let (mut coverage, mut broken) = (Coverage::default(), Vec::new());
        loop {
            let seed = next.fetch_add(1, Ordering::SeqCst);
            if seed >= seeds {
                return (coverage, broken);
            }
            let shown = run(seed, None, false);
            coverage.add(&shown.coverage);
            if let Some(law) = shown.violations.into_iter().next() {
                broken.push((seed, law));
            }
        }
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let parts: Vec<_> = thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        running
            .into_iter()
            .map(|part| part.join().unwrap())
            .collect()
    });
    let mut coverage = Coverage::default();
    let mut broken = Vec::new();
    for (part, laws) in parts {
        coverage.add(&part);
        broken.extend(laws);
    }
    broken.sort();
    (coverage, broken)
}

#[test]
fn every_schedule_keeps_the_laws() {
    if let Some(seed) = number("SPARK_OAUTH_SIMULATION_SEED") {
        let shown = run(seed, None, true);
        println!("{}\n{}", shown.trace.join("\n"), shown.coverage);
        assert_eq!(shown.violations, Vec::<String>::new());
        return;
    }
    let seeds = number("SPARK_OAUTH_SIMULATION_SEEDS").unwrap_or(SEEDS);
    let (coverage, broken) = run_all(seeds);
    println!("{coverage}");
    let mut report = String::new();
    for (seed, law) in broken.iter().take(20) {
        let _ = writeln!(report, "seed {seed}: {law}");
    }
    assert!(
        broken.is_empty(),
        "{} of {seeds} schedules broke a law; replay one with \
         SPARK_OAUTH_SIMULATION_SEED=seed and --nocapture:\n{report}",
        broken.len()
    );
    let unmet: Vec<_> = MET.iter().filter(|what| coverage.of(what) == 0).collect();
    assert!(seeds < SEEDS || unmet.is_empty(), "never met: {unmet:?}");
}

/// What must have happened at least once in so many schedules: else the surroundings
/// are kinder than they seem, and the laws prove nothing.
const MET: [&str; 58] = [
    "answer lost",
    "clock set",
    "crash Ask After",
    "crash Ask Before",
    "crash Ask UnderWay",
    "crash Claim After",
    "crash Claim Before",
    "crash Claim UnderWay",
    "crash Grant UnderWay",
    "crash Journal Before",
    "crash Keep After",
    "crash Keep Before",
    "crash Keep UnderWay",
    "crash Mark After",
    "crash Mark Before",
    "crash Mark UnderWay",
    "crash Read Before",
    "crash Release After",
    "crash Release Before",
    "crash Release UnderWay",
    "crash WriteBack After",
    "crash WriteBack Before",
    "crash WriteBack UnderWay",
    "consent during a refresh",
    "consent lost by a crash or a lost answer",
    "crash between the call and the write",
    "granted anew",
    "handed out",
    "handed out with a warning",
    "hung up",
    "in the end active and alive",
    "in the end needs_consent and dead",
    "in the end revoked and dead",
    "journal full",
    "journal kept",
    "journal replayed",
    "lease held elsewhere",
    "needs consent",
    "pause begun or prolonged",
    "pause ended",
    "provider failed",
    "race lost",
    "refused: backing_off",
    "refused: busy",
    "refused: paused",
    "refused: provider",
    "removal during a refresh",
    "removed",
    "reuse",
    "revocation during a refresh",
    "rotated",
    "stopped in good order",
    "store AnswerLost",
    "store Conflict",
    "store outage",
    "timed out",
    "write late",
    "wrong date",
];

#[test]
fn broken_surroundings_are_found_out() {
    for (sabotage, law) in [
        (Sabotage::OpenClaims, "two refreshes at once"),
        (Sabotage::ForgetfulJournal, "presented twice without"),
        (Sabotage::BlindWrites, "overtook"),
        (Sabotage::DeadProvider, "was not refreshed"),
    ] {
        let finds = |seed| {
            let shown = run(seed, Some(sabotage), false);
            shown.violations.iter().any(|broken| broken.contains(law))
        };
        let found = (0..SEEDS).find(|seed| finds(*seed));
        println!("{sabotage:?} is found out by seed {found:?}");
        assert!(found.is_some(), "{sabotage:?} was not found out");
    }
}

#[test]
fn the_same_seed_is_the_same_schedule() {
    let seeds = number("SPARK_OAUTH_SIMULATION_SEEDS").unwrap_or(SEEDS) / 20;
    let mut lines = 0;
    for seed in 0..seeds {
        let (first, second) = (run(seed, None, true), run(seed, None, true));
        for (one, other) in first.trace.iter().zip(&second.trace) {
            assert_eq!(one, other, "seed {seed}");
        }
        assert_eq!(first.trace.len(), second.trace.len(), "seed {seed}");
        lines += first.trace.len() as u64;
    }
    // In a few schedules hardly anything happens.
    assert!(lines >= 20 * seeds, "the traces show nothing to compare");
}
