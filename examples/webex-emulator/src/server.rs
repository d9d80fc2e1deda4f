//! The emulator as a server of its own.

use std::future::IntoFuture as _;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use axum::serve::ListenerExt as _;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::oauth::client::Registration;
use crate::provider::Provider;
use crate::router::router;
use crate::settings::Settings;

/// How long a shutdown waits for answers that are under way.
const DRAIN_LIMIT: Duration = Duration::from_secs(5);

/// How to start an [`Emulator`].
#[derive(Clone, Debug)]
pub struct EmulatorOptions {
    /// The address to listen on.
    pub host: IpAddr,
    /// The port to listen on; 0 for any free one.
    pub port: u16,
    /// The behaviour at the start.
    pub settings: Settings,
    /// The one integration that is known; any is taken where absent.
    pub registration: Option<Registration>,
}

impl Default for EmulatorOptions {
    /// A free port of 127.0.0.1, for anybody.
    fn default() -> Self {
        Self {
            host: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 0,
            settings: Settings::default(),
            registration: None,
        }
    }
}

/// A running emulator. Dropping it stops the server.
#[derive(Debug)]
pub struct Emulator {
    address: SocketAddr,
    provider: Provider,
    stop: oneshot::Sender<()>,
    server: JoinHandle<io::Result<()>>,
}

impl Emulator {
    /// Listens and serves in a task of the current runtime.
    ///
    /// # Errors
    /// The error of the system where the address cannot be listened on.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub async fn start(options: EmulatorOptions) -> io::Result<Self> {
        let listener = TcpListener::bind((options.host, options.port)).await?;
        let address = listener.local_addr()?;
        let provider = Provider::new(options.settings, options.registration);
        let app = router(provider.clone());
        let (stop, stopped) = oneshot::channel::<()>();
        // Small answers must not wait for the client's acknowledgement. A socket
        // that refuses the option works without it.
        let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
        let server = axum::serve(listener, app).with_graceful_shutdown(async move {
            // A dropped sender is a dropped emulator: it ends the server too.
            drop(stopped.await);
        });
        let server = tokio::spawn(server.into_future());
        Ok(Self {
            address,
            provider,
            stop,
            server,
        })
    }

    /// Where the server listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The base URL of the provider, such as `http://127.0.0.1:3210/v1`.
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// The base URL of the control API, such as `http://127.0.0.1:3210/_emulator`.
    pub fn control_url(&self) -> String {
        format!("http://{}/_emulator", self.address)
    }

    /// The state, to look at and to change.
    pub fn provider(&self) -> &Provider {
        &self.provider
    }

    /// Stops listening and waits, for at most five seconds, until the answers
    /// that are under way are out.
    pub async fn shutdown(self) {
        drop(self.stop);
        // What is still under way then is a fault with a long delay.
        drop(tokio::time::timeout(DRAIN_LIMIT, self.server).await);
    }
}
