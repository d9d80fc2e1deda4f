//! Counts for the operator, in the text format of Prometheus.

use std::sync::OnceLock;
use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use crate::http::access::Refusal;
use crate::metrics::{describe_engine, register_engine};

const REQUESTS: &str = "http_requests_total";
const DURATION: &str = "http_request_duration_seconds";
/// Requests of the API that were refused.
const REFUSALS: &str = "spark_oauth_api_refusals_total";
const BUCKETS: [f64; 11] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 10.0,
];

/// The recorder of this process; there is one, whatever number of applications
/// runs in it. `None` where somebody else's recorder stands already.
pub(crate) fn recorder() -> Option<PrometheusHandle> {
    static HANDLE: OnceLock<Option<PrometheusHandle>> = OnceLock::new();
    HANDLE
        .get_or_init(|| {
            let installed = PrometheusBuilder::new()
                .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &BUCKETS)
                .and_then(PrometheusBuilder::install_recorder);
            installed
                .inspect_err(|error| tracing::warn!(%error, "there will be no metrics"))
                .inspect(|_| {
                    describe();
                    describe_engine();
                    register_engine();
                })
                .ok()
        })
        .clone()
}

fn describe() {
    metrics::describe_counter!(REQUESTS, "Requests answered, by route, method and status.");
    metrics::describe_histogram!(
        DURATION,
        metrics::Unit::Seconds,
        "Time from request to answer, by route and method."
    );
    metrics::describe_counter!(REFUSALS, "Requests of the API refused, by code.");
}

/// Registers the refusals of the API at 0, by every code.
pub(crate) fn register_refusals(codes: impl IntoIterator<Item = &'static str>) {
    for code in codes {
        metrics::counter!(REFUSALS, "code" => code).increment(0);
    }
}

/// A client may make up methods; the labels stay few.
const fn label_of(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "OTHER",
    }
}

/// Counts a request. The labels are few: routes, not paths; the codes of the API,
/// not its keys, of which there may be any number.
pub(crate) async fn count_requests(request: Request, next: Next) -> Response {
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "(none)".to_owned(), |path| path.as_str().to_owned());
    let method = label_of(request.method());
    let begun = Instant::now();
    let response = next.run(request).await;
    if let Some(Refusal(code)) = response.extensions().get() {
        metrics::counter!(REFUSALS, "code" => *code).increment(1);
    }
    let status = response.status().as_u16().to_string();
    metrics::histogram!(DURATION, "method" => method, "route" => route.clone())
        .record(begun.elapsed());
    metrics::counter!(REQUESTS, "method" => method, "route" => route, "status" => status)
        .increment(1);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    const README: &str = include_str!("../metrics/README.md");

    #[test]
    fn every_metric_is_described() {
        for name in [REQUESTS, DURATION, REFUSALS] {
            assert!(README.contains(&format!("`{name}`")), "{name}");
        }
    }
}
