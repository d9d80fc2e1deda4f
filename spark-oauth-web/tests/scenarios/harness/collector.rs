//! A collector of OpenTelemetry that keeps what it is sent.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// How a collector behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// It takes everything.
    Takes,
    /// It never answers.
    Hangs,
    /// It is a page for people.
    Page,
}

/// A batch of spans.
#[derive(Clone, Debug)]
pub(crate) struct Batch {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// A collector, at an address of its own.
#[derive(Clone, Debug)]
pub(crate) struct Collector {
    address: SocketAddr,
    batches: Arc<watch::Sender<Vec<Batch>>>,
}

impl Collector {
    pub(crate) async fn start(manner: Manner) -> Self {
        let batches = Arc::new(watch::Sender::default());
        let router = Router::new()
            .route("/v1/traces", post(take))
            .with_state((manner, batches.clone()));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, batches }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn batches(&self) -> Vec<Batch> {
        self.batches.borrow().clone()
    }

    /// All that was sent, byte after byte: texts stand in protobuf as they are.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let batches = self.batches.borrow();
        batches
            .iter()
            .flat_map(|batch| batch.body.clone())
            .collect()
    }

    pub(crate) fn holds(&self, text: impl AsRef<[u8]>) -> bool {
        let text = text.as_ref();
        self.bytes().windows(text.len()).any(|part| part == text)
    }

    /// Waits until something was sent.
    pub(crate) async fn wait(&self) {
        let mut batches = self.batches.subscribe();
        let come = batches.wait_for(|batches| !batches.is_empty());
        let come = tokio::time::timeout(Duration::from_mins(1), come).await;
        come.expect("spans come").unwrap();
    }
}

type Kept = Arc<watch::Sender<Vec<Batch>>>;

async fn take(
    State((manner, batches)): State<(Manner, Kept)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let body = body.to_vec();
    batches.send_modify(|batches| batches.push(Batch { headers, body }));
    match manner {
        Manner::Takes => {
            // An empty message: everything was taken.
            let kind = [(header::CONTENT_TYPE, "application/x-protobuf")];
            (StatusCode::OK, kind).into_response()
        }
        Manner::Hangs => std::future::pending().await,
        Manner::Page => {
            let kind = [(header::CONTENT_TYPE, "text/html")];
            (StatusCode::OK, kind, "<p>Welcome").into_response()
        }
    }
}
