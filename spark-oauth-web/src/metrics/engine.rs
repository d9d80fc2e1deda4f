//! The observer that keeps metrics.

use std::time::Duration;

use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use spark_oauth_core::Timestamp;
use spark_oauth_core::ports::{
    Census, DeliveryOutcome, Observer, Pause, PauseReason, RefreshOutcome,
};
use spark_oauth_core::token::RefreshTrigger;

use super::events::EVENTS;

const REFRESHES: &str = "spark_oauth_refreshes_total";
const REFRESH_DURATION: &str = "spark_oauth_refresh_duration_seconds";
const INTERRUPTED: &str = "spark_oauth_refreshes_interrupted_total";
const LEASE_WAIT: &str = "spark_oauth_lease_wait_seconds";
const JOURNAL: &str = "spark_oauth_journal_entries";
const CALLS: &str = "spark_oauth_provider_calls_total";
const CALL_DURATION: &str = "spark_oauth_provider_call_duration_seconds";
const PAUSED: &str = "spark_oauth_refreshing_paused";
const TOKENS: &str = "spark_oauth_tokens";
const DUE: &str = "spark_oauth_tokens_due";
const OVERDUE: &str = "spark_oauth_tokens_overdue";
const OLDEST_DUE: &str = "spark_oauth_oldest_due_age_seconds";
const OUTBOX: &str = "spark_oauth_outbox_entries";
const DELIVERIES: &str = "spark_oauth_event_deliveries_total";
const DELIVERY_DURATION: &str = "spark_oauth_event_delivery_duration_seconds";
const DROPPED: &str = "spark_oauth_events_dropped_total";

/// Keeps metrics of what the engine does.
#[derive(Debug)]
pub(crate) struct EngineMetrics;

/// Says what the metrics mean, once the recorder stands.
pub(crate) fn describe_engine() {
    let seconds = metrics::Unit::Seconds;
    describe_counter!(
        REFRESHES,
        "Refreshes, by what asked for them, outcome and class of error."
    );
    describe_histogram!(
        REFRESH_DURATION,
        seconds,
        "Time of a refresh, waiting for a lease included."
    );
    describe_counter!(
        INTERRUPTED,
        "Refreshes found that a process began and never ended."
    );
    describe_histogram!(
        LEASE_WAIT,
        seconds,
        "Time waited for a lease of another process."
    );
    describe_gauge!(
        JOURNAL,
        "Answers of the provider that wait in this process's journal."
    );
    describe_counter!(CALLS, "Calls to the provider, by call and HTTP status.");
    describe_histogram!(CALL_DURATION, seconds, "Time of a call to the provider.");
    describe_gauge!(
        PAUSED,
        "1 where the refreshing of the integration pauses for this reason."
    );
    describe_gauge!(TOKENS, "Tokens, by status.");
    describe_gauge!(DUE, "Tokens that are due for the background worker.");
    describe_gauge!(OVERDUE, "Active tokens whose access token has ended.");
    describe_gauge!(
        OLDEST_DUE,
        seconds,
        "For how long the longest due token has been due."
    );
    describe_gauge!(OUTBOX, "Events that wait for their destination.");
    describe_counter!(EVENTS, "Events of this process, by type.");
    describe_counter!(
        DELIVERIES,
        "Tries to deliver an event, by destination and outcome."
    );
    describe_histogram!(
        DELIVERY_DURATION,
        seconds,
        "Time of a try to deliver an event."
    );
    describe_counter!(
        DROPPED,
        "Events dropped since too many waited in one record."
    );
}

impl Observer for EngineMetrics {
    fn refresh_ended(&self, trigger: RefreshTrigger, outcome: RefreshOutcome, took: Duration) {
        counter!(
            REFRESHES,
            "trigger" => trigger.to_string(),
            "outcome" => outcome.name(),
            "class" => outcome.class()
        )
        .increment(1);
        histogram!(REFRESH_DURATION, "outcome" => outcome.name()).record(took);
    }

    fn lease_waited(&self, took: Duration, got: bool) {
        let outcome = if got { "got" } else { "given_up" };
        histogram!(LEASE_WAIT, "outcome" => outcome).record(took);
    }

    fn refresh_interrupted(&self) {
        counter!(INTERRUPTED).increment(1);
    }

    fn journal_length(&self, entries: usize) {
        gauge!(JOURNAL).set(number(entries as u64));
    }

    fn provider_called(&self, call: &'static str, code: &str, took: Duration) {
        counter!(CALLS, "call" => call, "code" => code.to_owned()).increment(1);
        histogram!(CALL_DURATION, "call" => call).record(took);
    }

    fn pause_stands(&self, pause: Option<Pause>) {
        for reason in [
            PauseReason::RateLimited,
            PauseReason::Outage,
            PauseReason::IntegrationRefused,
        ] {
            let stands = pause.as_ref().is_some_and(|pause| pause.reason == reason);
            gauge!(PAUSED, "reason" => reason.to_string()).set(f64::from(u8::from(stands)));
        }
    }

    fn tokens_counted(&self, census: &Census, overdue: u64, now: Timestamp) {
        for (status, count) in [
            ("active", census.active),
            ("needs_consent", census.needs_consent),
            ("revoked", census.revoked),
        ] {
            gauge!(TOKENS, "status" => status).set(number(count));
        }
        gauge!(DUE).set(number(census.due));
        gauge!(OVERDUE).set(number(overdue));
        let age = census.oldest_due_at.map(|due| now.since(due));
        gauge!(OLDEST_DUE).set(age.unwrap_or_default());
    }

    fn outbox_length(&self, entries: u64) {
        gauge!(OUTBOX).set(number(entries));
    }

    fn delivery_ended(&self, destination: &str, outcome: DeliveryOutcome, took: Duration) {
        counter!(
            DELIVERIES,
            "destination" => destination.to_owned(),
            "outcome" => outcome.to_string()
        )
        .increment(1);
        histogram!(DELIVERY_DURATION, "destination" => destination.to_owned()).record(took);
    }

    fn events_dropped(&self, events: usize) {
        counter!(DROPPED).increment(events as u64);
    }
}

/// Exact up to 2⁵³, which no count reaches.
#[expect(
    clippy::cast_precision_loss,
    reason = "a gauge of Prometheus is a double"
)]
const fn number(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const README: &str = include_str!("README.md");

    #[test]
    fn every_metric_is_described() {
        for name in [
            REFRESHES,
            REFRESH_DURATION,
            INTERRUPTED,
            LEASE_WAIT,
            JOURNAL,
            CALLS,
            CALL_DURATION,
            PAUSED,
            TOKENS,
            DUE,
            OVERDUE,
            OLDEST_DUE,
            OUTBOX,
            DELIVERIES,
            DELIVERY_DURATION,
            DROPPED,
            EVENTS,
        ] {
            assert!(README.contains(&format!("| `{name}` |")), "{name}");
        }
    }
}
