//! The observer that keeps metrics.

use std::time::Duration;

use metrics::{
    Counter, Histogram, counter, describe_counter, describe_gauge, describe_histogram, gauge,
    histogram,
};
use spark_oauth_core::Timestamp;
use spark_oauth_core::event::EventType;
use spark_oauth_core::ports::{
    Census, DeliveryOutcome, Observer, PROVIDER_CALLS, PROVIDER_CODES, Pause, PauseReason,
    RefreshOutcome,
};
use spark_oauth_core::token::RefreshTrigger;

use super::events::EVENTS;
use crate::webhooks::DESTINATION;

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
const SUSPENDED: &str = "spark_oauth_event_delivery_suspended";
const DROPPED: &str = "spark_oauth_events_dropped_total";

/// The statuses that Webex documents, and those of its proxies. The series of any other
/// status starts with its first response.
const STATUSES: [&str; 14] = [
    "400", "401", "403", "404", "405", "409", "410", "415", "423", "429", "500", "502", "503",
    "504",
];

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
    describe_gauge!(
        SUSPENDED,
        "1 while this process sends no events to the destination."
    );
    describe_counter!(
        DROPPED,
        "Events dropped since too many waited in one record."
    );
}

/// Registers every counter and histogram at 0 with the values that its labels can have:
/// `increase()` of Prometheus misses the first event of a series that begins at 1.
pub(crate) fn register_engine() {
    for trigger in RefreshTrigger::ALL {
        for outcome in RefreshOutcome::ALL {
            refreshes(trigger, outcome).increment(0);
        }
    }
    for outcome in RefreshOutcome::ALL {
        let _ = histogram!(REFRESH_DURATION, "outcome" => outcome.name());
    }
    counter!(INTERRUPTED).increment(0);
    for got in [true, false] {
        let _ = lease_wait(got);
    }
    gauge!(JOURNAL).set(0.0);
    for call in PROVIDER_CALLS {
        for code in PROVIDER_CODES.into_iter().chain(STATUSES) {
            counter!(CALLS, "call" => call, "code" => code).increment(0);
        }
        let _ = histogram!(CALL_DURATION, "call" => call);
    }
    for kind in EventType::ALL {
        counter!(EVENTS, "type" => kind.as_str()).increment(0);
    }
    for outcome in DeliveryOutcome::ALL {
        deliveries(DESTINATION, outcome).increment(0);
    }
    let _ = histogram!(DELIVERY_DURATION, "destination" => DESTINATION);
    gauge!(SUSPENDED, "destination" => DESTINATION).set(0.0);
    counter!(DROPPED).increment(0);
}

fn refreshes(trigger: RefreshTrigger, outcome: RefreshOutcome) -> Counter {
    counter!(
        REFRESHES,
        "trigger" => trigger.to_string(),
        "outcome" => outcome.name(),
        "class" => outcome.class()
    )
}

fn lease_wait(got: bool) -> Histogram {
    histogram!(LEASE_WAIT, "outcome" => if got { "got" } else { "given_up" })
}

fn deliveries(destination: &str, outcome: DeliveryOutcome) -> Counter {
    counter!(
        DELIVERIES,
        "destination" => destination.to_owned(),
        "outcome" => outcome.to_string()
    )
}

impl Observer for EngineMetrics {
    fn refresh_ended(&self, trigger: RefreshTrigger, outcome: RefreshOutcome, took: Duration) {
        refreshes(trigger, outcome).increment(1);
        histogram!(REFRESH_DURATION, "outcome" => outcome.name()).record(took);
    }

    fn lease_waited(&self, took: Duration, got: bool) {
        lease_wait(got).record(took);
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

    fn tokens_parked(&self, tokens: u64) {
        gauge!(TOKENS, "status" => "parked").set(number(tokens));
    }

    fn outbox_length(&self, entries: u64) {
        gauge!(OUTBOX).set(number(entries));
    }

    fn delivery_ended(&self, destination: &str, outcome: DeliveryOutcome, took: Duration) {
        deliveries(destination, outcome).increment(1);
        histogram!(DELIVERY_DURATION, "destination" => destination.to_owned()).record(took);
    }

    fn destination_suspended(&self, destination: &str, suspended: bool) {
        gauge!(SUSPENDED, "destination" => destination.to_owned())
            .set(f64::from(u8::from(suspended)));
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
    use metrics_exporter_prometheus::PrometheusBuilder;

    use super::*;

    const README: &str = include_str!("README.md");
    const ALERTS: &str = include_str!("../../../conf/alerts.yml");

    /// The rows of the table: names, labels and meaning.
    fn documented() -> Vec<[Vec<&'static str>; 3]> {
        let quoted = |cell: &'static str| cell.split('`').skip(1).step_by(2).collect();
        let rows = README.lines().filter(|line| line.starts_with("| `"));
        rows.map(|row| {
            let cells: Vec<_> = row.trim_matches('|').split('|').collect();
            [quoted(cells[0]), quoted(cells[1]), quoted(cells[2])]
        })
        .collect()
    }

    fn rendered() -> String {
        let recorder = PrometheusBuilder::new().build_recorder();
        let handle = recorder.handle();
        metrics::with_local_recorder(&recorder, || {
            register_engine();
            crate::http::register_refusals(crate::api::codes());
        });
        handle.render()
    }

    /// What is counted in the store has no value before it is counted, and requests have
    /// a series for each route from the first one on.
    fn is_registered(name: &str, row: &str) -> bool {
        !row.contains("*store*") && !name.starts_with("http_")
    }

    #[test]
    fn every_documented_series_exists_at_0() {
        let text = rendered();
        let mut series = 0;
        for ([names, labels, values], row) in documented()
            .into_iter()
            .zip(README.lines().filter(|line| line.starts_with("| `")))
        {
            let name = names[0];
            if !is_registered(name, row) {
                continue;
            }
            let lines: Vec<_> = text.lines().filter(|line| line.starts_with(name)).collect();
            assert!(!lines.is_empty(), "{name} is not registered: {text}");
            series += lines.len();
            for label in labels {
                let named = format!("{label}=\"");
                assert!(
                    lines.iter().all(|line| line.contains(&named)),
                    "{name}: {label}"
                );
            }
            for value in values {
                let valued = format!("=\"{value}\"");
                assert!(
                    lines.iter().any(|line| line.contains(&valued)),
                    "{name}: {value}"
                );
            }
            for line in lines {
                assert!(line.ends_with(" 0"), "{line}");
            }
        }
        assert!(series > 100, "{series}");
    }

    #[test]
    fn every_series_at_0_is_documented() {
        let names: Vec<_> = documented()
            .into_iter()
            .flat_map(|[names, ..]| names)
            .collect();
        for line in rendered()
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
        {
            let name = line.split(['{', ' ']).next().unwrap_or_default();
            let suffixes = ["_bucket", "_sum", "_count"];
            let base = suffixes.iter().find_map(|suffix| name.strip_suffix(suffix));
            let known = names.contains(&name) || base.is_some_and(|base| names.contains(&base));
            assert!(known, "{line}");
        }
    }

    /// `increase()` misses the first event of a series that does not exist yet.
    #[test]
    fn every_series_of_a_recommended_alert_exists_at_0() {
        let text = rendered();
        let mut registered = 0;
        for rule in ALERTS.lines().filter(|line| line.contains("expr: ")) {
            let words = rule.split(|c: char| !c.is_ascii_lowercase() && c != '_');
            for name in words.filter(|word| word.starts_with("spark_oauth_")) {
                let row = README
                    .lines()
                    .find(|line| line.starts_with(&format!("| `{name}`")));
                if is_registered(name, row.unwrap()) {
                    let exists = text.lines().any(|line| line.starts_with(name));
                    assert!(exists, "{name}: {rule}");
                    registered += 1;
                }
            }
        }
        assert!(registered > 0, "no rule names a series");
    }
}
