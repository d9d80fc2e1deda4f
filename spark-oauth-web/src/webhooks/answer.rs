//! What a receiver's answer means.

use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use spark_oauth_core::ports::DeliveryError;

/// The body is never looked at: a receiver's words do not belong into our log.
pub(super) fn judge(status: StatusCode, headers: &HeaderMap) -> Result<(), DeliveryError> {
    if status.is_success() {
        return Ok(());
    }
    if status == StatusCode::GONE {
        return Err(DeliveryError::Gone {
            summary: "the receiver answered 410 Gone: it wants no event any more".to_owned(),
        });
    }
    let advice = if status.is_redirection() {
        ": a redirect is not followed, set `webhooks.url` to where it leads"
    } else {
        ""
    };
    Err(DeliveryError::Failed {
        summary: format!("the receiver answered {status}{advice}"),
        retry_after: retry_after(headers),
    })
}

/// In seconds; a date is ignored, since pauses grow anyway.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?;
    text.trim().parse().ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(status: u16, headers: &HeaderMap) -> Result<(), DeliveryError> {
        judge(StatusCode::from_u16(status).unwrap(), headers)
    }

    #[test]
    fn only_a_success_takes_the_event() {
        let headers = HeaderMap::new();
        for status in [200, 201, 202, 204, 299] {
            assert_eq!(judged(status, &headers), Ok(()));
        }
        assert!(matches!(
            judged(410, &headers),
            Err(DeliveryError::Gone { .. })
        ));
        for status in [301, 307, 400, 401, 404, 429, 500, 503] {
            let error = judged(status, &headers).unwrap_err();
            assert!(matches!(error, DeliveryError::Failed { .. }), "{status}");
            assert!(error.to_string().contains(&status.to_string()), "{error}");
        }
    }

    #[test]
    fn a_pause_in_seconds_is_heard() {
        let pause = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, text.parse().unwrap());
            match judged(503, &headers) {
                Err(DeliveryError::Failed { retry_after, .. }) => retry_after,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(pause("120"), Some(Duration::from_mins(2)));
        assert_eq!(pause("-1"), None);
        assert_eq!(pause("soon"), None);
    }
}
