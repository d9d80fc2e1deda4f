//! Clients that check out all the while, and use what they get at once.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use spark_oauth_core::audit::Caller;
use spark_oauth_core::broker::{CheckedOut, TokenError};
use spark_oauth_core::ports::{Random as _, SeededRandom, StoreError};
use spark_oauth_core::{SparkOauth, TokenId};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::world::World;

const CLIENTS: u64 = 16;

/// The pause of a client between two checkouts.
const PACE: Duration = Duration::from_millis(5);

/// How long the provider may take for an answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// What life a client asks for.
const LIFE: Duration = Duration::from_secs(2);

/// A token that ends this soon may have ended on its way.
const ON_THE_WAY: Duration = Duration::from_secs(2);

pub(super) struct Clients {
    tasks: JoinSet<()>,
    stop: CancellationToken,
    report: Arc<Mutex<Report>>,
}

/// What the clients met.
#[derive(Clone, Debug, Default)]
pub(super) struct Report {
    checkouts: u64,
    refusals: u64,
    /// Answers that the store is away.
    pub(super) store_away: u64,
    needs_consent: u64,
    violations: Vec<String>,
}

impl Clients {
    pub(super) fn start(world: &World) -> Self {
        let (stop, report) = (CancellationToken::new(), Arc::<Mutex<Report>>::default());
        let mut tasks = JoinSet::new();
        let http = reqwest::Client::builder()
            .timeout(PATIENCE)
            .build()
            .unwrap();
        for number in 0..CLIENTS {
            let client = Client {
                services: world.services().clone(),
                ids: world.ids.clone(),
                people_me: format!("{}/people/me", world.upstream.base_url()),
                http: http.clone(),
                random: SeededRandom::new(number + 100),
                report: report.clone(),
            };
            let stop = stop.clone();
            tasks.spawn(async move {
                let mut pace = tokio::time::interval(PACE);
                while !stop.is_cancelled() {
                    pace.tick().await;
                    client.check_out().await;
                }
            });
        }
        Self {
            tasks,
            stop,
            report,
        }
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
    services: SparkOauth,
    ids: Vec<TokenId>,
    people_me: String,
    http: reqwest::Client,
    random: SeededRandom,
    report: Arc<Mutex<Report>>,
}

impl Client {
    async fn check_out(&self) {
        let mut bytes = [0; 8];
        self.random.fill(&mut bytes);
        let index = u64::from_be_bytes(bytes) % self.ids.len() as u64;
        let id = self.ids[usize::try_from(index).unwrap()];
        let caller = Caller::service("chaos");
        match self.services.broker.check_out(id, LIFE, &caller).await {
            Ok(checked_out) => self.use_at_once(id, &checked_out).await,
            Err(TokenError::NeedsConsent { .. }) => self.report.lock().unwrap().needs_consent += 1,
            Err(TokenError::Store(error)) if matches!(*error, StoreError::Unavailable { .. }) => {
                self.report.lock().unwrap().store_away += 1;
            }
            Err(error) if is_clear(&error) => self.report.lock().unwrap().refusals += 1,
            Err(error) => self.violation(format!("{id}: an unclear refusal: {error:?}")),
        }
    }

    async fn use_at_once(&self, id: TokenId, checked_out: &CheckedOut) {
        let request = self
            .http
            .get(&self.people_me)
            .bearer_auth(checked_out.access_token.expose_secret());
        let status = request.send().await.unwrap().status().as_u16();
        let near_its_end = checked_out.expires_in < ON_THE_WAY;
        if status == 200 || near_its_end {
            self.report.lock().unwrap().checkouts += 1;
        } else {
            self.violation(format!(
                "{id}: the provider answers {status} to {checked_out:?}"
            ));
        }
    }

    fn violation(&self, text: String) {
        self.report.lock().unwrap().violations.push(text);
    }
}

/// Whether it says when to try again, or is about the provider or a change.
fn is_clear(error: &TokenError) -> bool {
    error.retry_after().is_some()
        || matches!(error, TokenError::Provider(_) | TokenError::Superseded)
}

impl Report {
    pub(super) fn assert_lawful(&self) {
        assert!(self.violations.is_empty(), "{:#?}", self.violations);
        assert!(self.checkouts > CLIENTS, "{self}");
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "checkouts {}, refusals {}, answers that the store is away {}, \
             that a person must consent again {}",
            self.checkouts, self.refusals, self.store_away, self.needs_consent
        )
    }
}
