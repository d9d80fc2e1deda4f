//! How a webhook travels.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use spark_oauth_core::http_client::Proxies;
use spark_oauth_core::ports::{Clock, Delivery, DeliveryError, SystemClock};
use standardwebhooks::Webhook;
use tokio::net::TcpListener;
use url::Url;

use super::*;
use crate::webhooks::{DESTINATION, WebhookClient, WebhookSecrets};

const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

type Requests = Arc<Mutex<Vec<(HeaderMap, Bytes)>>>;

/// A receiver on a free port; it answers `status`, with a location where that is a
/// redirect.
async fn receiver(status: StatusCode) -> (Url, Requests) {
    let requests = Requests::default();
    let router = Router::new()
        .fallback(
            move |State(requests): State<Requests>, headers: HeaderMap, body: Bytes| async move {
                requests.lock().unwrap().push((headers, body));
                if status.is_redirection() {
                    return (status, [("location", "/elsewhere")]).into_response();
                }
                (status, "a".repeat(100_000)).into_response() as Response
            },
        )
        .with_state(requests.clone());
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    let url = Url::parse(&format!(
        "http://{address}/hooks/s3cret-path?key=s3cret-key"
    ));
    (url.unwrap(), requests)
}

fn client(url: Url) -> WebhookClient {
    let secrets = WebhookSecrets::parse(SECRET).unwrap();
    WebhookClient::new(url, secrets, &Proxies::none(), Arc::new(SystemClock)).unwrap()
}

#[tokio::test]
async fn a_receiver_can_check_the_signature() {
    let (url, requests) = receiver(StatusCode::OK).await;
    let event = event(EventKind::Removed);
    client(url).deliver(DESTINATION, &event).await.unwrap();
    let (headers, body) = requests.lock().unwrap().remove(0);
    assert_eq!(headers["content-type"], "application/json");
    assert_eq!(headers["webhook-id"], event.id.to_string());
    let receiver = Webhook::new(SECRET).unwrap();
    receiver.verify(&body, &headers).unwrap();
    let stranger = Webhook::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
    stranger.verify(&body, &headers).unwrap_err();
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let (url, requests) = receiver(StatusCode::TEMPORARY_REDIRECT).await;
    let refused = client(url)
        .deliver(DESTINATION, &event(EventKind::Removed))
        .await;
    let error = refused.unwrap_err().to_string();
    assert!(error.contains("307"), "{error}");
    assert_eq!(requests.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn the_words_and_the_address_of_a_receiver_stay_out_of_errors() {
    let (url, _) = receiver(StatusCode::INTERNAL_SERVER_ERROR).await;
    let client_of_it = client(url);
    let refused = client_of_it
        .deliver(DESTINATION, &event(EventKind::Resumed))
        .await;
    let nobody = Url::parse("http://127.0.0.1:9/s3cret-path").unwrap();
    let unheard = client(nobody)
        .deliver(DESTINATION, &event(EventKind::Resumed))
        .await;
    for outcome in [refused, unheard] {
        let error = outcome.unwrap_err();
        assert!(matches!(&error, DeliveryError::Failed { .. }), "{error:?}");
        let shown = format!("{error} {error:?} {client_of_it:?}");
        assert!(
            !shown.contains("s3cret") && !shown.contains("aaa"),
            "{shown}"
        );
    }
}

#[tokio::test]
async fn the_time_of_the_try_is_signed_not_that_of_the_event() {
    let (url, requests) = receiver(StatusCode::NO_CONTENT).await;
    client(url)
        .deliver(DESTINATION, &event(EventKind::Removed))
        .await
        .unwrap();
    let (headers, body) = requests.lock().unwrap().remove(0);
    let sent: i64 = headers["webhook-timestamp"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((SystemClock.now().as_millis() / 1000 - sent).abs() < 60);
    let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(body["timestamp"], "2025-11-25T00:00:00.123Z");
}
