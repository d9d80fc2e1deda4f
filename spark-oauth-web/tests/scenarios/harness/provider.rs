//! The emulator, served by the test itself, so that a call can be held at the door.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::extract::{Request, State};
use axum::http::Method;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use webex_emulator::{Fault, Provider, Stats};

/// The provider that the application under test talks to.
#[derive(Clone, Debug)]
pub(crate) struct Upstream {
    pub(crate) provider: Provider,
    address: SocketAddr,
    gate: Gate,
}

/// Calls that wait until the test lets them go on.
#[derive(Clone, Debug, Default)]
struct Gate(Arc<Mutex<Vec<Bar>>>);

#[derive(Debug)]
struct Bar {
    method: Method,
    path: String,
    arrived: oneshot::Sender<()>,
    release: oneshot::Receiver<()>,
}

/// One call that will be held.
#[derive(Debug)]
pub(crate) struct Held {
    arrived: oneshot::Receiver<()>,
    release: oneshot::Sender<()>,
}

impl Held {
    /// Waits until the call stands at the door.
    pub(crate) async fn arrived(&mut self) {
        (&mut self.arrived)
            .await
            .expect("the call came to the provider");
    }

    /// Lets the call go on.
    pub(crate) fn release(self) {
        drop(self.release);
    }
}

impl Upstream {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let provider = Provider::default();
        let gate = Gate::default();
        let router = webex_emulator::router(provider.clone())
            .layer(from_fn_with_state(gate.clone(), hold_back));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self {
            provider,
            address,
            gate,
        }
    }

    pub(crate) fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// Holds the next call of this method and path.
    pub(crate) fn hold(&self, method: Method, path: &str) -> Held {
        let (arrived, arrival) = oneshot::channel();
        let (release, released) = oneshot::channel();
        self.gate.0.lock().unwrap().push(Bar {
            method,
            path: path.to_owned(),
            arrived,
            release: released,
        });
        Held {
            arrived: arrival,
            release,
        }
    }

    /// Spoils the next calls.
    pub(crate) fn spoil(&self, fault: Fault) {
        self.provider.push_fault(fault).unwrap();
    }

    pub(crate) fn stats(&self) -> Stats {
        self.provider.stats()
    }

    /// How often the token endpoint was called, for whatever.
    pub(crate) fn token_requests(&self) -> u64 {
        let calls = self.stats().calls;
        calls.get("POST /v1/access_token").copied().unwrap_or(0)
    }
}

async fn hold_back(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    let bar = {
        let mut bars = gate.0.lock().unwrap();
        let fits = |bar: &Bar| bar.method == request.method() && bar.path == request.uri().path();
        bars.iter().position(fits).map(|at| bars.remove(at))
    };
    if let Some(bar) = bar {
        // A test that looks for nothing may have let go of its end.
        let _ = bar.arrived.send(());
        let _ = bar.release.await;
    }
    next.run(request).await
}
