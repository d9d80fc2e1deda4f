//! Services that fetch tokens from the processes all the while, each with the same API
//! key, and use what they get at once.

use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::Response;
use reqwest::header::RETRY_AFTER;
use serde_json::Value;
use spark_oauth_core::TokenId;
use spark_oauth_core::ports::{Random as _, SeededRandom};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::world::World;
use crate::harness::Server;

const CLIENTS: u64 = 16;

/// The pause of a client between two fetches.
const PACE: Duration = Duration::from_millis(5);

/// How long an answer may take: the application may wait for the provider.
const PATIENCE: Duration = Duration::from_mins(2);

/// What life a client asks for, in seconds. A token that ends sooner may have ended on
/// its way.
const LIFE: u64 = 2;

pub(super) struct Clients {
    tasks: JoinSet<()>,
    stop: CancellationToken,
    doors: Doors,
    report: Arc<Mutex<Report>>,
}

/// Where the processes listen that can be asked now.
type Doors = Arc<Mutex<Vec<SocketAddr>>>;

/// What the clients met.
#[derive(Clone, Debug, Default)]
pub(super) struct Report {
    fetches: u64,
    refusals: u64,
    /// Answers that the store is away.
    pub(super) store_away: u64,
    needs_consent: u64,
    /// Calls to a process that was gone, or that went before it had answered.
    cut_off: u64,
    violations: Vec<String>,
}

impl Clients {
    pub(super) fn start(world: &World, servers: &[Server]) -> Self {
        let clients = Self {
            tasks: JoinSet::new(),
            stop: CancellationToken::new(),
            doors: Doors::default(),
            report: Arc::default(),
        };
        clients.know(servers);
        let http = reqwest::Client::builder().timeout(PATIENCE);
        let http = http.build().unwrap();
        (0..CLIENTS).fold(clients, |mut clients, number| {
            let client = Client {
                doors: clients.doors.clone(),
                key: world.key.clone(),
                ids: world.ids.clone(),
                people_me: format!("{}/people/me", world.upstream.base_url()),
                http: http.clone(),
                random: SeededRandom::new(number + 100),
                report: clients.report.clone(),
            };
            let stop = clients.stop.clone();
            clients.tasks.spawn(async move {
                let mut pace = tokio::time::interval(PACE);
                while !stop.is_cancelled() {
                    pace.tick().await;
                    client.fetch().await;
                }
            });
            clients
        })
    }

    /// Tells which processes there are, as a load balancer knows.
    pub(super) fn know(&self, servers: &[Server]) {
        let doors = servers.iter().map(|server| server.site.address());
        *self.doors.lock().unwrap() = doors.collect();
    }

    /// How often somebody heard that the store is away.
    pub(super) fn store_away(&self) -> u64 {
        self.report.lock().unwrap().store_away
    }

    pub(super) async fn stop(self) -> Report {
        self.stop.cancel();
        self.tasks.join_all().await;
        let report = self.report.lock().unwrap();
        report.clone()
    }
}

struct Client {
    doors: Doors,
    key: String,
    ids: Vec<TokenId>,
    people_me: String,
    http: reqwest::Client,
    random: SeededRandom,
    report: Arc<Mutex<Report>>,
}

impl Client {
    /// One of these.
    fn pick<T: Copy>(&self, from: &[T]) -> T {
        let mut bytes = [0; 8];
        self.random.fill(&mut bytes);
        let index = u64::from_be_bytes(bytes) % from.len() as u64;
        from[usize::try_from(index).unwrap()]
    }

    async fn fetch(&self) {
        let door = self.pick(&self.doors.lock().unwrap());
        let id = self.pick(&self.ids);
        let url = format!("http://{door}/api/v1/tokens/{id}/access-token?min_ttl={LIFE}");
        let asked = self.http.get(url).bearer_auth(&self.key).send();
        let answer = async { read(asked.await?).await };
        match answer.await {
            Ok(answer) => self.take(id, &answer).await,
            Err(error) if error.is_timeout() => self.violation(format!("{id}: no answer")),
            Err(_) => self.count(|report| report.cut_off += 1),
        }
    }

    async fn take(&self, id: TokenId, answer: &Answer) {
        match (answer.status, answer.body["code"].as_str()) {
            (200, _) => self.use_at_once(id, &answer.body).await,
            (409, Some("needs_consent")) => self.count(|report| report.needs_consent += 1),
            (503, Some("store_unavailable")) => self.count(|report| report.store_away += 1),
            (_, Some("token_changed" | "provider_unavailable")) => {
                self.count(|report| report.refusals += 1);
            }
            _ if answer.says_when => self.count(|report| report.refusals += 1),
            _ => self.violation(format!("{id}: an unclear refusal: {}", answer.body)),
        }
    }

    async fn use_at_once(&self, id: TokenId, body: &Value) {
        let token = body["access_token"].as_str().unwrap();
        let request = self.http.get(&self.people_me).bearer_auth(token);
        let status = request.send().await.unwrap().status().as_u16();
        let left = body["expires_in"].as_u64().unwrap();
        if status == 200 || left < LIFE {
            self.count(|report| report.fetches += 1);
        } else {
            self.violation(format!(
                "{id}: the provider answers {status} to a token that lives for {left} s: {}",
                body["warning"]
            ));
        }
    }

    fn count(&self, change: impl FnOnce(&mut Report)) {
        change(&mut self.report.lock().unwrap());
    }

    fn violation(&self, text: String) {
        self.count(|report| report.violations.push(text));
    }
}

struct Answer {
    status: u16,
    /// Whether it says when to come back.
    says_when: bool,
    body: Value,
}

async fn read(response: Response) -> reqwest::Result<Answer> {
    Ok(Answer {
        status: response.status().as_u16(),
        says_when: response.headers().contains_key(RETRY_AFTER),
        body: response.json().await?,
    })
}

impl Report {
    pub(super) fn assert_lawful(&self) {
        assert!(self.violations.is_empty(), "{:#?}", self.violations);
        assert!(self.fetches > CLIENTS, "{self}");
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "fetches {}, refusals {}, answers that the store is away {}, \
             that a person must consent again {}, cut off {}",
            self.fetches, self.refusals, self.store_away, self.needs_consent, self.cut_off
        )
    }
}
