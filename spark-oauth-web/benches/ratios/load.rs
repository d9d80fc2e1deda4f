//! Load on a server: as much as it can bear, or at a steady pace.

use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::Outcome;
use crate::connection::Connection;

/// What a server is asked for, again and again.
#[derive(Clone, Debug)]
pub(crate) struct Load {
    address: SocketAddr,
    requests: Arc<[Vec<u8>]>,
}

impl Load {
    pub(crate) fn new(address: SocketAddr, requests: Vec<Vec<u8>>) -> Self {
        Self {
            address,
            requests: requests.into(),
        }
    }

    /// The load of `GET` requests for these paths.
    pub(crate) fn of_gets(
        address: SocketAddr,
        paths: impl IntoIterator<Item = String>,
        by: By<'_>,
    ) -> Self {
        let requests = paths.into_iter().map(|path| get(address, &path, by));
        Self::new(address, requests.collect())
    }

    /// How many requests a second the server answers to so many connections, each
    /// of which asks as soon as it was answered.
    pub(crate) async fn throughput(&self, connections: usize, time: Duration) -> Outcome<f64> {
        let mut clients = JoinSet::new();
        let mut opened = Vec::new();
        for _ in 0..connections {
            opened.push(Connection::open(self.address).await?);
        }
        let begin = Instant::now();
        for (number, connection) in opened.into_iter().enumerate() {
            let requests = self.requests.clone();
            let first = number * requests.len() / connections;
            clients.spawn(ask_until(begin + time, connection, requests, first));
        }
        let mut answered = 0.0;
        while let Some(client) = clients.join_next().await {
            answered += f64::from(client??);
        }
        Ok(answered / begin.elapsed().as_secs_f64())
    }

    /// How long each answer took while so many connections each asked once in
    /// every `pause`.
    pub(crate) async fn paced(
        &self,
        connections: usize,
        pause: Duration,
        time: Duration,
    ) -> Outcome<Latencies> {
        let mut clients = JoinSet::new();
        for _ in 0..connections {
            let connection = Connection::open(self.address).await?;
            clients.spawn(ask_at_pace(
                pause,
                Instant::now() + time,
                connection,
                self.requests.clone(),
            ));
        }
        let mut all = Vec::new();
        while let Some(client) = clients.join_next().await {
            all.extend(client??);
        }
        all.sort_unstable();
        Ok(Latencies(all))
    }

    /// Asks once over a connection of its own, as a new visitor does.
    pub(crate) async fn visit(&self) -> Outcome {
        let mut connection = Connection::open(self.address).await?;
        expect_ok(connection.status_of(&self.requests[0]).await?)?;
        Ok(())
    }
}

/// How a request says who sends it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum By<'a> {
    Nobody,
    /// A browser, with this cookie.
    Cookie(&'a str),
    /// A service, with this API key.
    Key(&'a str),
}

/// A `GET` request.
pub(crate) fn get(address: SocketAddr, path: &str, by: By<'_>) -> Vec<u8> {
    let by = match by {
        By::Nobody => String::new(),
        By::Cookie(cookie) => format!("cookie: {cookie}\r\n"),
        By::Key(key) => format!("authorization: Bearer {key}\r\n"),
    };
    format!("GET {path} HTTP/1.1\r\nhost: {address}\r\n{by}\r\n").into_bytes()
}

/// A `POST` of a form.
pub(crate) fn post(address: SocketAddr, path: &str, cookie: Option<&str>, form: &str) -> Vec<u8> {
    let cookie = cookie.map_or_else(String::new, |cookie| format!("cookie: {cookie}\r\n"));
    format!(
        "POST {path} HTTP/1.1\r\nhost: {address}\r\n{cookie}\
         content-type: application/x-www-form-urlencoded\r\n\
         content-length: {}\r\n\r\n{form}",
        form.len()
    )
    .into_bytes()
}

async fn ask_until(
    end: Instant,
    mut connection: Connection,
    requests: Arc<[Vec<u8>]>,
    first: usize,
) -> Result<u32, Box<dyn Error + Send + Sync>> {
    let mut answered = 0;
    for request in requests.iter().cycle().skip(first) {
        if Instant::now() >= end {
            break;
        }
        expect_ok(connection.status_of(request).await?)?;
        answered += 1;
    }
    Ok(answered)
}

async fn ask_at_pace(
    pause: Duration,
    end: Instant,
    mut connection: Connection,
    requests: Arc<[Vec<u8>]>,
) -> Result<Vec<Duration>, Box<dyn Error + Send + Sync>> {
    let mut ticks = interval(pause);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut latencies = Vec::new();
    for request in requests.iter().cycle() {
        if ticks.tick().await >= end {
            break;
        }
        let begin = Instant::now();
        expect_ok(connection.status_of(request).await?)?;
        latencies.push(begin.elapsed());
    }
    Ok(latencies)
}

/// An error page is quick to make: it must not count.
fn expect_ok(status: u16) -> Result<(), String> {
    match status {
        200 => Ok(()),
        other => Err(format!("an answer had the status {other}")),
    }
}

/// How long answers took, the shortest first.
#[derive(Debug)]
pub(crate) struct Latencies(Vec<Duration>);

impl Latencies {
    /// The time in which 99 of a hundred were answered, in milliseconds.
    pub(crate) fn p99_ms(&self) -> f64 {
        let rank = (self.0.len() * 99).div_ceil(100).saturating_sub(1);
        self.0
            .get(rank)
            .map_or(f64::NAN, |time| time.as_secs_f64() * 1e3)
    }
}
