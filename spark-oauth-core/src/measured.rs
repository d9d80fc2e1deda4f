//! Spans for those who export traces: a refresh, a call to the provider, a call to
//! the store, each with how it ended.
//!
//! They all have one [`SPAN_TARGET`], so that a subscriber tells them from the
//! spans that a log is made of. They hold names of calls and codes: no identifier,
//! no person, no address, no secret. Where nobody asks for them they cost a look at
//! a number.

use tracing::field::Empty;
use tracing::{Instrument as _, Level, Span, info_span, span_enabled};

use crate::ports::{RefreshOutcome, StoreError};
use crate::token::RefreshTrigger;

/// The target of the spans that measure. Field names are those of the semantic
/// conventions of OpenTelemetry, so that `tracing-opentelemetry` exports them as
/// they are.
pub const SPAN_TARGET: &str = "spark_oauth::measured";

/// A refresh of a token, from its first look at the record to its end.
pub(crate) fn refresh(trigger: RefreshTrigger) -> Span {
    info_span!(
        target: SPAN_TARGET,
        "refresh",
        otel.name = "refresh token",
        spark_oauth.trigger = %trigger,
        spark_oauth.outcome = Empty,
        error.type = Empty,
        otel.status_code = Empty,
    )
}

/// Notes how a refresh ended.
pub(crate) fn refresh_ended(span: &Span, outcome: RefreshOutcome) {
    span.record("spark_oauth.outcome", outcome.name());
    if let RefreshOutcome::Failed(_) = outcome {
        failed(span, outcome.class());
    }
}

/// A call to the provider: `call` is the port's method.
pub(crate) fn provider_call(call: &'static str) -> Span {
    info_span!(
        target: SPAN_TARGET,
        "provider",
        otel.name = call,
        otel.kind = "client",
        peer.service = "webex",
        error.type = Empty,
        otel.status_code = Empty,
    )
}

/// Does `work`, a call to the store named `call`, in a span of its own. One that
/// belongs to nothing, such as the worker's look every second, is not measured.
pub(crate) async fn store_call<T>(
    call: &'static str,
    work: impl Future<Output = Result<T, StoreError>> + Send,
) -> Result<T, StoreError> {
    let is_wanted = span_enabled!(target: SPAN_TARGET, Level::INFO);
    if !is_wanted || Span::current().is_none() {
        return work.await;
    }
    let span = info_span!(
        target: SPAN_TARGET,
        "store",
        otel.name = call,
        otel.kind = "client",
        db.operation.name = call,
        error.type = Empty,
        otel.status_code = Empty,
    );
    let outcome = work.instrument(span.clone()).await;
    if let Err(error) = &outcome {
        failed(&span, kind_of(error));
    }
    outcome
}

const fn kind_of(error: &StoreError) -> &'static str {
    match error {
        StoreError::AlreadyExists(_) => "already_exists",
        StoreError::Conflict => "conflict",
        StoreError::NotFound => "not_found",
        StoreError::Unavailable { .. } => "unavailable",
        StoreError::Corrupt { .. } => "corrupt",
    }
}

/// Notes that what a span measures failed, and the class of the error.
pub(crate) fn failed(span: &Span, class: &str) {
    span.record("error.type", class);
    span.record("otel.status_code", "error");
}
