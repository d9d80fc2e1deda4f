//! Somebody who is told of events by webhooks, and checks them.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::Value;
use standardwebhooks::Webhook;
use tokio::net::TcpListener;
use tokio::sync::watch;

const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

/// A receiver of webhooks.
#[derive(Clone, Debug)]
pub(crate) struct Receiver {
    address: SocketAddr,
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    status: Mutex<StatusCode>,
    calls: watch::Sender<Vec<Call>>,
}

/// One webhook whose signature was right.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) id: String,
    pub(crate) body: Value,
    pub(crate) text: String,
    /// Whether it was answered with success.
    pub(crate) taken: bool,
}

impl Receiver {
    /// A receiver that takes everything.
    pub(crate) async fn start() -> Self {
        let inner = Arc::new(Inner {
            status: Mutex::new(StatusCode::NO_CONTENT),
            calls: watch::Sender::default(),
        });
        let router = Router::new()
            .route("/hooks/s3cret-path", post(receive))
            .with_state(inner.clone());
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, inner }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/hooks/s3cret-path", self.address)
    }

    pub(crate) const fn secret() -> &'static str {
        SECRET
    }

    /// Answers like this from now on.
    pub(crate) fn answer(&self, status: u16) {
        *self.inner.status.lock().unwrap() = StatusCode::from_u16(status).unwrap();
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.inner.calls.borrow().clone()
    }

    /// Waits until there were so many calls.
    pub(crate) async fn wait_for_calls(&self, count: usize) -> Vec<Call> {
        self.wait(|calls| calls.len() >= count).await
    }

    /// Waits until so many calls of this type were taken.
    pub(crate) async fn wait_for_taken(&self, kind: &str, count: usize) -> Vec<Call> {
        let taken = |calls: &[Call]| {
            let fitting = calls
                .iter()
                .filter(|call| call.taken && call.body["type"] == kind);
            fitting.count() >= count
        };
        let calls = self.wait(taken).await;
        let fitting = calls.into_iter();
        fitting
            .filter(|call| call.taken && call.body["type"] == kind)
            .collect()
    }

    async fn wait(&self, enough: impl Fn(&[Call]) -> bool) -> Vec<Call> {
        let mut calls = self.inner.calls.subscribe();
        let come = calls.wait_for(|calls| enough(calls));
        let come = tokio::time::timeout(std::time::Duration::from_mins(1), come).await;
        match come {
            Ok(calls) => calls.unwrap().clone(),
            Err(late) => panic!("the webhooks did not come ({late}): {:#?}", self.calls()),
        }
    }
}

async fn receive(State(inner): State<Arc<Inner>>, headers: HeaderMap, body: Bytes) -> Response {
    let known = Webhook::new(SECRET).unwrap().verify(&body, &headers);
    if let Err(error) = known {
        panic!("a webhook that is not signed rightly: {error}");
    }
    let status = *inner.status.lock().unwrap();
    let call = Call {
        id: headers["webhook-id"].to_str().unwrap().to_owned(),
        body: serde_json::from_slice(&body).unwrap(),
        text: String::from_utf8(body.to_vec()).unwrap(),
        taken: status.is_success(),
    };
    inner.calls.send_modify(|calls| calls.push(call));
    // A receiver that is overloaded may ask for days.
    let days = [(RETRY_AFTER, "432000")];
    if status == StatusCode::TOO_MANY_REQUESTS {
        (status, days).into_response()
    } else {
        status.into_response()
    }
}
