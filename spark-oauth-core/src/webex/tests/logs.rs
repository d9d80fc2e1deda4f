//! What the log shows of a call, and what it must not.

use std::fmt::{Debug, Write as _};
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::*;
use crate::ports::{RoomId, SparkClient};

/// Keeps every event of every crate as text, whatever its level.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

struct Line<'a>(&'a mut String);

impl Visit for Line<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let _ = write!(self.0, " {field}={value:?}");
    }
}

impl Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        attributes.record(&mut Line(&mut self.0.lock().unwrap()));
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut Line(&mut self.0.lock().unwrap()));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut log = self.0.lock().unwrap();
        let metadata = event.metadata();
        let _ = write!(log, "{} {}", metadata.level(), metadata.target());
        event.record(&mut Line(&mut log));
        log.push('\n');
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[tokio::test]
async fn a_call_is_logged_with_its_reference_and_without_a_secret() {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(
            ResponseTemplate::new(400)
                .insert_header("TrackingID", "ROUTER_77")
                .set_body_string(format!("{CLIENT_SECRET} {CODE} {REFRESH_TOKEN}")),
        )
        .mount(&server)
        .await;
    let client = client_of(&server);
    let nowhere = hasty_client("http://127.0.0.1:1/v1");
    let log = Log::default();
    let guard = tracing::subscriber::set_default(log.clone());
    // A place that logs is judged once, at its first use, and a test on another
    // thread that comes first would judge it for a thread without a subscriber.
    let _ = client.me(&access_token()).await;
    let _ = nowhere.me(&access_token()).await;
    tracing::callsite::rebuild_interest_cache();
    log.0.lock().unwrap().clear();
    let room = RoomId::new("R-secret-room");
    let _ = client
        .exchange_code(&integration(), &code(), &verifier())
        .await;
    let _ = client.refresh(&integration(), &refresh_token()).await;
    let _ = client.delete_room(&access_token(), &room).await;
    let _ = client
        .post_message(&access_token(), &room, "the text")
        .await;
    let _ = nowhere.me(&access_token()).await;
    drop(guard);

    let log = log.0.lock().unwrap();
    let ours: Vec<&str> = log
        .lines()
        .filter(|line| line.starts_with("DEBUG spark_oauth_core::webex"))
        .collect();
    assert_eq!(ours.len(), 5, "{log}");
    for (line, call) in ours.iter().zip([
        "POST /access_token (authorization_code)",
        "POST /access_token (refresh_token)",
        "DELETE /rooms/{id}",
        "POST /messages",
    ]) {
        assert!(line.contains(&format!("call={call:?}")), "{line}");
        assert!(line.contains("status=400"), "{line}");
        assert!(line.contains("milliseconds="), "{line}");
        assert!(line.contains("tracking_id=ROUTER_77"), "{line}");
        assert!(!line.contains("R-secret-room"), "{line}");
    }
    assert!(ours[4].contains(r#"call="GET /people/me""#), "{}", ours[4]);
    assert!(!log.contains("the text"), "{log}");
    assert_no_secret(&log);
}
