//! Signing in against bcrypt alone, and what others notice of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use thread_priority::{ThreadPriority, set_current_thread_priority};
use tokio::task::JoinSet;

use crate::Outcome;
use crate::connection::Connection;
use crate::database::{ADMINS, Database, PASSWORD, admin_name};
use crate::figures::Plan;
use crate::load::{By, Latencies, Load, post};
use crate::pairs::Pairs;
use crate::report::{Aim, Row};
use crate::server::Server;

/// A visitor asks for `/` this often, beside another three.
const PACE: Duration = Duration::from_millis(10);
const VISITORS: usize = 4;

/// A hash takes a quarter of a second: a turn must hold many of them.
const TURN: u32 = 6;

pub(crate) async fn measure(plan: &Plan, database: &Database) -> Outcome<Vec<Row>> {
    let server = Server::ours(database, None)?;
    let hash = bcrypt::hash(PASSWORD, crate::database::COST)?;
    let time = plan.slice * TURN;
    let home = Load::of_gets(server.address, ["/".to_owned()], By::Nobody);
    let (mut rates, mut latencies) = (Pairs::default(), Pairs::default());
    for _ in 0..plan.rounds.div_ceil(2) {
        let idle = home.paced(VISITORS, PACE, time).await?;
        let alone = bcrypt_alone(&hash, time).await?;
        let (signed_in, busy) = sign_in_while_others_visit(&server, &home, time).await?;
        rates.push(signed_in, alone);
        latencies.push(busy.p99_ms(), idle.p99_ms());
    }
    Ok(vec![
        Row::ratio(
            "sign-ins/s against bcrypt alone",
            &rates,
            ("ours/s", "bcrypt/s"),
            Aim::AtLeast(0.9),
        ),
        Row::ratio(
            "p99 of GET / during sign-ins against idle",
            &latencies,
            ("busy_ms", "idle_ms"),
            Aim::AtMost(3.0),
        ),
    ])
}

/// How many hashes a second all processors compute. At the lowest priority, as in
/// ours: whatever else the machine does takes the same from both.
async fn bcrypt_alone(hash: &str, time: Duration) -> Outcome<f64> {
    let begin = Instant::now();
    let threads = thread::available_parallelism()?.get();
    let counting = (0..threads).map(|_| {
        let hash = hash.to_owned();
        tokio::task::spawn_blocking(move || {
            thread::scope(|scope| {
                scope
                    .spawn(|| {
                        // Where the system refuses, both sides compute as they are.
                        let _ = set_current_thread_priority(ThreadPriority::Min);
                        let mut done = Done::default();
                        while begin.elapsed() < time {
                            if !bcrypt::verify(PASSWORD, &hash).unwrap_or(false) {
                                break;
                            }
                            done.note(begin);
                        }
                        done
                    })
                    .join()
            })
        })
    });
    let mut all = Done::default();
    for counted in counting.collect::<Vec<_>>() {
        all.add(counted.await?.map_err(|_| "a thread of bcrypt panicked")?);
    }
    all.rate()
}

async fn sign_in_while_others_visit(
    server: &Server,
    home: &Load,
    time: Duration,
) -> Outcome<(f64, Latencies)> {
    let (signed_in, latencies) =
        tokio::join!(sign_in(server, time), home.paced(VISITORS, PACE, time));
    Ok((signed_in?, latencies?))
}

/// Signs in as often as the server allows: twice as many try at once as there are
/// processors, so that none of them is ever idle.
async fn sign_in(server: &Server, time: Duration) -> Outcome<f64> {
    let begin = Instant::now();
    let turn = Arc::new(AtomicUsize::new(0));
    let mut clients = JoinSet::new();
    for _ in 0..2 * thread::available_parallelism()?.get() {
        let (address, turn) = (server.address, turn.clone());
        clients.spawn(async move {
            let mut connection = Connection::open(address).await?;
            let mut done = Done::default();
            while begin.elapsed() < time {
                let number = 1 + turn.fetch_add(1, Ordering::Relaxed) % (ADMINS - 1);
                let form = format!(
                    "username={}&password={}",
                    admin_name(number),
                    PASSWORD.replace(' ', "+")
                );
                let request = post(address, "/admin/sign-in", None, &form);
                match connection.status_of(&request).await? {
                    303 => done.note(begin),
                    other => return Err(format!("a sign-in was answered with {other}").into()),
                }
            }
            Outcome::Ok(done)
        });
    }
    let mut all = Done::default();
    while let Some(client) = clients.join_next().await {
        all.add(client??);
    }
    all.rate()
}

/// What was done, and how long the last of it took from the begin.
#[derive(Clone, Copy, Debug, Default)]
struct Done {
    count: u32,
    until: Duration,
}

impl Done {
    fn note(&mut self, begin: Instant) {
        self.count += 1;
        self.until = begin.elapsed();
    }

    fn add(&mut self, other: Self) {
        self.count += other.count;
        self.until = self.until.max(other.until);
    }

    fn rate(&self) -> Outcome<f64> {
        if self.count == 0 {
            return Err("nothing was done in a whole turn".into());
        }
        Ok(f64::from(self.count) / self.until.as_secs_f64())
    }
}
