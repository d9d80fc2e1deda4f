//! The body of a webhook. It is a promise to receivers: `README.md` describes it.

use serde_json::{Map, Value, json};
use spark_oauth_core::Timestamp;
use spark_oauth_core::event::{Event, EventKind};

/// The JSON of an event.
pub(super) fn payload(event: &Event) -> Value {
    let mut data = Map::new();
    data.insert("integration".to_owned(), json!(event.integration));
    if let Some(token) = &event.token {
        data.insert(
            "token".to_owned(),
            json!({
                "id": token.id,
                "person_id": token.person,
                "email": token.email,
                "generation": token.generation,
            }),
        );
    }
    if let Value::Object(particulars) = particulars(&event.kind) {
        data.extend(particulars);
    }
    json!({
        "type": event.kind.name(),
        "timestamp": time(event.at),
        "data": data,
    })
}

fn particulars(kind: &EventKind) -> Value {
    match kind {
        EventKind::Granted { renewed } => json!({ "renewed": renewed }),
        EventKind::Refreshed {
            by,
            access_expires_at,
        } => json!({ "by": by, "access_expires_at": time(*access_expires_at) }),
        EventKind::RefreshFailed {
            class,
            summary,
            tracking_id,
            retry_at,
        } => json!({
            "class": class,
            "summary": summary,
            "tracking_id": tracking_id,
            "retry_at": retry_at.map(time),
        }),
        EventKind::NeedsConsent { reason } => json!({ "reason": reason }),
        EventKind::Revoked { by } => json!({ "by": by }),
        EventKind::RefreshTokenExpiring { refresh_expires_at } => {
            json!({ "refresh_expires_at": time(*refresh_expires_at) })
        }
        EventKind::Paused { reason, until } => json!({ "reason": reason, "until": time(*until) }),
        EventKind::Removed | EventKind::Resumed => json!({}),
    }
}

/// RFC 3339; `null` for a time so far away that it has no such form.
fn time(at: Timestamp) -> Value {
    let text = at.to_string();
    if text.ends_with('Z') {
        Value::String(text)
    } else {
        Value::Null
    }
}
