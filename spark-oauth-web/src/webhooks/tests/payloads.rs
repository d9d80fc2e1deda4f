//! What stands in a body.

use serde_json::{Value, json};
use spark_oauth_core::event::EventType;
use spark_oauth_core::ports::{ErrorClass, PauseReason, TrackingId};
use spark_oauth_core::token::{ConsentLoss, RefreshTrigger, RevokedBy};

use super::*;
use crate::webhooks::payload::payload;

const README: &str = include_str!("../README.md");

/// Every kind, and its particulars.
fn kinds() -> Vec<(EventKind, Value)> {
    let later = NOW + std::time::Duration::from_hours(1);
    let at = "2025-11-25T01:00:00.123Z";
    vec![
        (
            EventKind::Granted { renewed: true },
            json!({ "renewed": true }),
        ),
        (
            EventKind::Refreshed {
                by: RefreshTrigger::Worker,
                access_expires_at: later,
            },
            json!({ "by": "worker", "access_expires_at": at }),
        ),
        (
            EventKind::RefreshFailed {
                class: ErrorClass::Passing,
                summary: "the provider has a fault (HTTP 503)".to_owned(),
                tracking_id: TrackingId::new("T1"),
                retry_at: Some(later),
            },
            json!({
                "class": "passing",
                "summary": "the provider has a fault (HTTP 503)",
                "tracking_id": "T1",
                "retry_at": at,
            }),
        ),
        (
            EventKind::NeedsConsent {
                reason: ConsentLoss::RefreshTokenExpired,
            },
            json!({ "reason": "refresh_token_expired" }),
        ),
        (
            EventKind::Revoked {
                by: RevokedBy::Person,
            },
            json!({ "by": "person" }),
        ),
        (EventKind::Removed, json!({})),
        (
            EventKind::RefreshTokenExpiring {
                refresh_expires_at: later,
            },
            json!({ "refresh_expires_at": at }),
        ),
        (
            EventKind::Paused {
                reason: PauseReason::RateLimited,
                until: later,
            },
            json!({ "reason": "rate_limited", "until": at }),
        ),
        (EventKind::Resumed, json!({})),
    ]
}

#[test]
fn a_body_says_what_when_and_to_whom() {
    for (kind, particulars) in kinds() {
        let event = event(kind);
        let mut expected = json!({ "integration": "C1" });
        if let Some(token) = &event.token {
            expected["token"] = json!({
                "id": token.id.to_string(),
                "person_id": "person-alice",
                "email": "alice@example.com",
                "generation": 4,
            });
        }
        for (name, value) in particulars.as_object().unwrap() {
            expected[name] = value.clone();
        }
        assert_eq!(
            payload(&event),
            json!({
                "type": event.kind.name(),
                "timestamp": "2025-11-25T00:00:00.123Z",
                "data": expected,
            })
        );
    }
}

#[test]
fn every_field_is_described() {
    let kinds = kinds();
    assert_eq!(kinds.len(), EventType::ALL.len());
    for (kind, particulars) in kinds {
        let start = format!("| `{}` |", kind.name());
        let row = README.lines().find(|line| line.starts_with(&start));
        let row = row.unwrap_or_else(|| panic!("{start} is missing"));
        for name in particulars.as_object().unwrap().keys() {
            assert!(row.contains(&format!("`{name}`")), "{name} in {row}");
        }
    }
}

#[test]
fn a_time_that_no_calendar_knows_is_null() {
    let access_expires_at = Timestamp::from_millis(i64::MAX);
    let by = RefreshTrigger::Api;
    let body = payload(&event(EventKind::Refreshed {
        by,
        access_expires_at,
    }));
    assert_eq!(body["data"]["access_expires_at"], Value::Null);
}
