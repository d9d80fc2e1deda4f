//! The checks of readiness. Each has a time limit, so that a store that hangs is reported
//! as failing.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use serde::Serialize;
use spark_oauth_core::ClockState;
use spark_oauth_core::broker::BreakerState;
use spark_oauth_core::events::DestinationStatus;
use tokio::time::timeout;

use crate::state::AppState;

/// How long the store may take for its answer.
pub(super) const LIMIT: Duration = Duration::from_secs(2);

/// The worker goes round every few seconds, while the store answers.
const WORKER_LIMIT: Duration = Duration::from_mins(1);

/// How one part stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "status", content = "detail", rename_all = "lowercase")]
pub(super) enum Check {
    Ok,
    /// What is wrong.
    Failing(String),
}

/// How all parts stand. Without the first two no request can be served; the others
/// are for the operator to look after, while requests go on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Checks {
    /// The store answers.
    pub(super) store: Check,
    /// Every key that the store needs is at hand.
    pub(super) keys: Check,
    /// Refreshing is not paused.
    pub(super) refreshing: Check,
    /// No answer of the provider waits for the store.
    pub(super) journal: Check,
    /// The background worker runs.
    pub(super) worker: Check,
    /// The local clock agrees with the provider's, as far as this process knows.
    pub(super) clock: Check,
    /// Webhooks are delivered, or none is configured.
    pub(super) webhooks: Check,
}

impl Check {
    fn of(problem: Option<String>) -> Self {
        problem.map_or(Self::Ok, Self::Failing)
    }

    fn is_ok(&self) -> bool {
        *self == Self::Ok
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ok => f.write_str("ok"),
            Self::Failing(detail) => write!(f, "failing: {detail}"),
        }
    }
}

impl Checks {
    /// Looks at everything. Where the store does not answer, nobody knows whether a
    /// `breaker` pauses.
    pub(super) async fn of(
        state: &AppState,
        breaker: Option<&BreakerState>,
        deliveries: Option<&[DestinationStatus]>,
    ) -> Self {
        let (store, keys) = required(state).await;
        let waiting = state.services.journal_length().unwrap_or_default();
        Self {
            store,
            keys,
            refreshing: refreshing(breaker),
            journal: Check::of(
                (waiting > 0)
                    .then(|| format!("{waiting} answers of the provider wait for the store")),
            ),
            worker: worker(state.services.worker_silence()),
            clock: Check::of(explain_clock(state.services.clock_state())),
            webhooks: webhooks(deliveries),
        }
    }

    /// Whether requests can be served.
    pub(super) fn is_ready(&self) -> bool {
        self.store.is_ok() && self.keys.is_ok()
    }

    /// Name and state, in a fixed order.
    pub(super) fn named(&self) -> [(&'static str, &Check); 7] {
        [
            ("store", &self.store),
            ("keys", &self.keys),
            ("refreshing", &self.refreshing),
            ("journal", &self.journal),
            ("worker", &self.worker),
            ("clock", &self.clock),
            ("webhooks", &self.webhooks),
        ]
    }
}

/// What is wrong with the local clock, and what to do; `None` if it is right.
pub(super) fn explain_clock(state: ClockState) -> Option<String> {
    match state {
        ClockState::Right => None,
        ClockState::Corrected { ahead_ms } => Some(format!(
            "the clock of this machine is {} the provider's. Tokens go by the provider's \
             time, everything else by this clock. Set the clock of this machine.",
            difference(ahead_ms)
        )),
        ClockState::Wrong { ahead_ms } => Some(format!(
            "the clock of this machine is {} the provider's, which is too far to correct. \
             Set the clock of this machine.",
            difference(ahead_ms)
        )),
    }
}

/// The difference in words, such as `3 hours behind`.
fn difference(ahead_ms: i64) -> String {
    // The provider tells whole seconds: an hour is measured as a little less.
    let seconds = ahead_ms.unsigned_abs().div_ceil(1_000);
    let rounded = |unit: u64| (seconds + unit / 2) / unit;
    let time = match seconds {
        0..60 => format!("{seconds} seconds"),
        60..7_200 => format!("{} minutes", rounded(60)),
        7_200..172_800 => format!("{} hours", rounded(3_600)),
        _ => format!("{} days", rounded(86_400)),
    };
    let side = if ahead_ms < 0 { "behind" } else { "ahead of" };
    format!("{time} {side}")
}

/// The store and the keys, without which nothing works.
pub(super) async fn required(state: &AppState) -> (Check, Check) {
    tokio::join!(
        within(LIMIT, state.vault.ping()),
        within(LIMIT, state.services.check_keys()),
    )
}

async fn within<E: Error>(limit: Duration, work: impl Future<Output = Result<(), E>>) -> Check {
    Check::of(match timeout(limit, work).await {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(in_words(&error)),
        Err(_) => Some(format!("no answer within {} seconds", limit.as_secs())),
    })
}

/// The error and what caused it.
fn in_words(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

fn refreshing(breaker: Option<&BreakerState>) -> Check {
    Check::of(match breaker {
        None => Some("the store does not tell whether it pauses".to_owned()),
        Some(BreakerState::Closed) => None,
        // A pause stands until a try after its end succeeds.
        Some(BreakerState::Open(pause) | BreakerState::HalfOpen(pause)) => Some(format!(
            "pauses since {} until {} ({})",
            pause.since, pause.until, pause.reason
        )),
    })
}

fn webhooks(deliveries: Option<&[DestinationStatus]>) -> Check {
    let Some(deliveries) = deliveries else {
        return Check::Failing("the store does not tell how many events wait".to_owned());
    };
    let problem = deliveries.iter().find_map(|status| {
        let trouble = status.trouble.as_ref()?;
        let state = if trouble.suspended {
            "suspended"
        } else {
            "failing"
        };
        Some(format!(
            "{state} since {}: {}; events waiting: {}; next attempt: {}; to try now, choose \
             Resume on the overview of the admin center",
            trouble.since, trouble.reason, status.waiting, trouble.next_attempt_at
        ))
    });
    Check::of(problem)
}

fn worker(silence: Option<Duration>) -> Check {
    Check::of(match silence {
        None => Some("it does not run".to_owned()),
        Some(silence) if silence > WORKER_LIMIT => Some(format!(
            "it has stood still for {} seconds",
            silence.as_secs()
        )),
        Some(_) => None,
    })
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use spark_oauth_core::ports::StoreError;

    use super::*;

    #[test]
    fn a_wrong_clock_is_told_with_what_to_do() {
        assert_eq!(explain_clock(ClockState::Right), None);
        for (state, words) in [
            (
                ClockState::Corrected {
                    ahead_ms: -3_600_000,
                },
                "60 minutes behind the provider's. Tokens go by",
            ),
            (
                ClockState::Corrected { ahead_ms: 6_000 },
                "6 seconds ahead of the provider's",
            ),
            (
                ClockState::Corrected {
                    ahead_ms: -10_799_500,
                },
                "3 hours behind the provider's",
            ),
            (
                ClockState::Wrong {
                    ahead_ms: 172_800_000,
                },
                "2 days ahead of the provider's, which is too far to correct.",
            ),
        ] {
            let text = explain_clock(state).unwrap();
            assert!(text.contains(words), "{text}");
            assert!(text.ends_with("Set the clock of this machine."), "{text}");
        }
    }

    #[tokio::test]
    async fn a_store_that_hangs_is_not_waited_for() {
        let hangs = pending::<Result<(), StoreError>>();
        let Check::Failing(detail) = within(Duration::ZERO, hangs).await else {
            panic!("it never answered");
        };
        assert_eq!(detail, "no answer within 0 seconds");
    }

    #[tokio::test]
    async fn a_failure_is_told_with_its_cause() {
        let error = StoreError::Unavailable {
            store: "test",
            source: "the cable is out".into(),
        };
        let check = within(LIMIT, ready(Err::<(), _>(error))).await;
        assert_eq!(
            check.to_string(),
            "failing: the test store is unavailable: the cable is out"
        );
        assert_eq!(
            within(LIMIT, ready(Ok::<_, StoreError>(()))).await,
            Check::Ok
        );
    }

    #[test]
    fn a_worker_that_stands_still_is_noticed() {
        assert_eq!(worker(Some(Duration::from_secs(5))), Check::Ok);
        assert!(!worker(Some(Duration::from_secs(61))).is_ok());
        assert!(!worker(None).is_ok());
    }
}
