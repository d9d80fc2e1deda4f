//! One answer of the provider: what its headers say, and its body within limits.

use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::{AGE, DATE, HeaderMap, RETRY_AFTER, WARNING};
use serde::de::{DeserializeOwned, IgnoredAny};
use zeroize::Zeroizing;

use super::complaint::Complaint;
use super::failure::{Endpoint, classify};
use super::redaction::Secrets;
use super::retry_after::{parse_http_date, parse_retry_after};
use crate::ports::{Clock, SparkError, SparkErrorKind, TrackingId};
use crate::timestamp::Timestamp;

/// The body of an answer, overwritten when it is dropped.
pub(super) type Body = Zeroizing<Vec<u8>>;

/// What the headers of an answer say.
#[derive(Clone, Debug)]
pub(super) struct Head {
    pub(super) status: StatusCode,
    /// The provider's own time.
    pub(super) date: Option<Timestamp>,
    /// Whether the answer may come from a cache, so that its `Date` may be old.
    pub(super) is_cached: bool,
    pub(super) retry_after: Option<Duration>,
    pub(super) tracking_id: Option<TrackingId>,
}

/// One answer, whatever its status.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) head: Head,
    /// The body without its coding, as far as it could be read.
    pub(super) body: Body,
    /// Why it could not be read to its end.
    pub(super) fault: Option<SparkError>,
}

impl Head {
    pub(super) fn read(
        status: StatusCode,
        headers: &HeaderMap,
        clock: &dyn Clock,
        secrets: &Secrets,
    ) -> Self {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        // With two dates, the provider's is unknown.
        let date = match headers.get_all(DATE).iter().count() {
            1 => text(DATE.as_str()).and_then(parse_http_date),
            _ => None,
        };
        let now = date.unwrap_or_else(|| clock.now());
        Self {
            status,
            date,
            is_cached: is_cached(headers),
            // Gateways add headers of their own: the longest legible one counts.
            retry_after: headers
                .get_all(RETRY_AFTER)
                .iter()
                .filter_map(|value| parse_retry_after(value.to_str().ok()?, now))
                .max(),
            tracking_id: text("trackingid")
                .filter(|id| !secrets.are_in(id))
                .and_then(TrackingId::new),
        }
    }

    /// The provider's own time, where the answer was made just now.
    pub(super) fn provider_time(&self) -> Option<Timestamp> {
        self.date.filter(|_| !self.is_cached)
    }

    /// An error about this answer, with words of ours.
    pub(super) fn error(&self, kind: SparkErrorKind, message: impl Into<String>) -> SparkError {
        let plain = SparkError::of(kind);
        SparkError {
            status: Some(self.status.as_u16()),
            tracking_id: self.tracking_id.clone(),
            message: Some(message.into()),
            answer_lost: is_gateway(self.status) || (plain.answer_lost && self.status.is_success()),
            ..plain
        }
    }
}

/// Whether a cache says that it answered, or may have: RFC 9111 section 5.1 (`Age`) and
/// its earlier edition RFC 7234 section 5.5 (`Warning`), RFC 9211 (`Cache-Status`), and
/// `X-Cache`, which many caches send.
fn is_cached(headers: &HeaderMap) -> bool {
    let says = |name: &str, word: &str| {
        let values = headers.get_all(name).iter();
        values
            .filter_map(|value| value.to_str().ok())
            .any(|value| value.to_ascii_lowercase().contains(word))
    };
    headers.contains_key(AGE)
        || headers.contains_key(WARNING)
        || says("cache-status", "hit")
        || says("x-cache", "hit")
}

impl Answer {
    /// The answer, where its status says that the call succeeded.
    ///
    /// # Errors
    /// Otherwise what the status and the body mean.
    pub(super) fn expect_success(
        self,
        endpoint: Endpoint,
        secrets: &Secrets,
    ) -> Result<Self, SparkError> {
        if self.head.status.is_success() {
            Ok(self)
        } else {
            Err(self.refusal(endpoint, secrets))
        }
    }

    /// The body as JSON. Ignores unknown fields and trailing text.
    ///
    /// # Errors
    /// Why the body could not be read to its end. Otherwise
    /// [`SparkErrorKind::Unreadable`] says what the body is instead, without
    /// quoting it.
    pub(super) fn json<T: DeserializeOwned>(self) -> Result<T, SparkError> {
        let body = self.body;
        let text = String::from_utf8_lossy(&body);
        let text = text.trim_start_matches('\u{feff}');
        let mut json = serde_json::Deserializer::from_str(text);
        T::deserialize(&mut json).map_err(|error| {
            if let Some(fault) = self.fault {
                return fault;
            }
            let instead = describe(&body).unwrap_or(if error.is_data() {
                "the answer lacks a documented field, or one is of another type"
            } else {
                "the answer is not JSON"
            });
            self.head.error(SparkErrorKind::Unreadable, instead)
        })
    }

    fn refusal(self, endpoint: Endpoint, secrets: &Secrets) -> SparkError {
        let Head {
            status,
            retry_after,
            ..
        } = self.head;
        // A truncated text may have another meaning.
        let is_complete = |body| serde_json::from_slice::<IgnoredAny>(body).is_ok();
        let fault = self.fault.filter(|_| !is_complete(&self.body));
        let complaint = match &fault {
            None => Complaint::read(&self.body),
            Some(_) => Complaint::default(),
        };
        let kind = match (classify(endpoint, status, retry_after, &complaint), &fault) {
            // The status alone did not decide, and the words are lost.
            (SparkErrorKind::Unexpected, Some(fault)) => fault.kind,
            (kind, _) => kind,
        };
        let message = if status.is_redirection() {
            Some("the provider redirects to another address, which is not followed".to_owned())
        } else {
            complaint.message(secrets)
        };
        let tracking_id = self
            .head
            .tracking_id
            .or_else(|| complaint.tracking_id(secrets));
        let (fault_message, source) =
            fault.map_or((None, None), |fault| (fault.message, fault.source));
        SparkError {
            kind,
            status: Some(status.as_u16()),
            tracking_id,
            message: message.or(fault_message),
            answer_lost: is_gateway(status),
            source,
        }
    }
}

/// A gateway that gave up does not know what became of the call. Any other status
/// that is no success is an answer.
fn is_gateway(status: StatusCode) -> bool {
    matches!(status.as_u16(), 502 | 504)
}

/// What a body is that is not what was promised, where one can say.
pub(super) fn describe(body: &[u8]) -> Option<&'static str> {
    if body.iter().all(u8::is_ascii_whitespace) {
        Some("the answer is empty")
    } else if Complaint::read(body).is_html() {
        Some("the answer is an HTML page, not JSON")
    } else {
        None
    }
}
