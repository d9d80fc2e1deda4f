//! Listening, running and stopping.

use std::net::SocketAddr;

use spark_oauth_core::ProcessId;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::config::{Config, ListenAddress};
use crate::launch::application::Application;
use crate::launch::events::{carry_events, keep_gauges};
use crate::launch::housekeeping::keep_house;
use crate::launch::key_watch::watch_keys;
use crate::launch::presence::presence;
use crate::launch::refreshing::{keep_fresh, worker_settings};
use crate::launch::server::serve;
use crate::launch::{Overrides, StartError};

/// Listeners that are bound, so that nobody else can take the addresses while the
/// application is put together.
#[derive(Debug)]
pub struct Listening {
    public: TcpListener,
    management: Option<TcpListener>,
}

impl Listening {
    /// Binds the addresses of the configuration.
    ///
    /// # Errors
    /// [`StartError::Listen`] names the address and its setting.
    pub async fn bind(config: &Config) -> Result<Self, StartError> {
        let public = bind(&config.server.listen, "server.host, server.port").await?;
        let management = match &config.server.management {
            Some(address) => Some(bind(address, "server.management").await?),
            None => None,
        };
        Ok(Self { public, management })
    }

    /// Takes a listener that is bound already.
    pub const fn on(public: TcpListener) -> Self {
        Self {
            public,
            management: None,
        }
    }
}

async fn bind(address: &ListenAddress, setting: &'static str) -> Result<TcpListener, StartError> {
    TcpListener::bind((address.host(), address.port()))
        .await
        .map_err(|source| StartError::Listen {
            address: address.to_string(),
            setting,
            source,
        })
}

/// An application that serves.
#[derive(Debug)]
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    /// Where the operator looks, if anywhere.
    pub management: Option<SocketAddr>,
    /// The set-up link, while there is no super admin.
    pub set_up_link: Option<String>,
    /// The name of this process in the store, and in the log of every other.
    pub process: ProcessId,
    /// On the heap: it is moved with every future that holds a running application.
    application: Box<Application>,
    tasks: Vec<JoinHandle<()>>,
    /// Shows this process to others, until nothing is written any more.
    showing: JoinHandle<()>,
    gone: CancellationToken,
    stop: CancellationToken,
    abort: CancellationToken,
}

impl Running {
    /// Builds the application and serves it.
    ///
    /// # Errors
    /// [`StartError`] says what is wrong and what to do.
    pub async fn start(
        config: &Config,
        listening: Listening,
        overrides: Overrides,
    ) -> Result<Self, StartError> {
        let failed = |source| StartError::Listen {
            address: config.server.listen.to_string(),
            setting: "server.host, server.port",
            source,
        };
        if listening.management.is_some() {
            // Before anything is counted, such as what an earlier process never finished.
            crate::http::recorder();
            crate::http::register_refusals(crate::api::codes());
        }
        let application = Box::new(Application::build_server(config, overrides).await?);
        let address = listening.public.local_addr().map_err(failed)?;
        let set_up_link = set_up_link(config, &application, address).await?;
        let presence = presence(application.services());
        presence.announce().await?;
        let (stop, abort) = (CancellationToken::new(), CancellationToken::new());
        let mut tasks = background(config, &application, &stop, &abort);
        tasks.push(tokio::spawn(serve(
            listening.public,
            application.router(),
            stop.clone(),
            abort.clone(),
        )));
        tasks.push(tokio::spawn(keep_gauges(
            application.services().clone(),
            listening.management.is_some(),
            stop.clone(),
        )));
        let mut management = None;
        if let Some(listener) = listening.management {
            management = listener.local_addr().ok();
            let router = application.management_router();
            tasks.push(tokio::spawn(serve(
                listener,
                router,
                stop.clone(),
                abort.clone(),
            )));
        }
        let gone = CancellationToken::new();
        Ok(Self {
            address,
            management,
            set_up_link,
            process: application.services().broker.process(),
            application,
            tasks,
            showing: tokio::spawn(presence.run(gone.clone().cancelled_owned())),
            gone,
            stop,
            abort,
        })
    }

    /// What ends the application in an orderly way: cancel it, then
    /// [`wait`](Self::wait).
    pub fn stop_token(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// What cuts off even requests in flight.
    pub fn abort_token(&self) -> CancellationToken {
        self.abort.clone()
    }

    /// Waits until the application has been stopped, its requests and what outlives
    /// them are finished or cut off, and its store is closed.
    pub async fn wait(self) {
        for task in self.tasks {
            if let Err(error) = task.await {
                tracing::error!(%error, "a task of the application ended early");
            }
        }
        tokio::select! {
            () = self.application.settle() => {}
            () = self.abort.cancelled() => tracing::warn!("work under way was cut off"),
        }
        self.gone.cancel();
        if let Err(error) = self.showing.await {
            tracing::error!(%error, "a task of the application ended early");
        }
        self.application.close_store().await;
    }

    /// Stops the application and waits for its end.
    pub async fn shut_down(self) {
        self.stop.cancel();
        self.wait().await;
    }
}

/// What runs beside the server.
fn background(
    config: &Config,
    application: &Application,
    stop: &CancellationToken,
    abort: &CancellationToken,
) -> Vec<JoinHandle<()>> {
    let services = application.services();
    vec![
        tokio::spawn(watch_keys(
            config.keys.clone(),
            services.clone(),
            application.state.random.clone(),
            stop.clone(),
        )),
        tokio::spawn(keep_house(
            application.state.clone(),
            application.stores.stores.clone(),
            stop.clone(),
        )),
        tokio::spawn(carry_events(services.clone(), stop.clone(), abort.clone())),
        tokio::spawn(keep_fresh(
            services.clone(),
            worker_settings(&config.refresh),
            stop.clone(),
            abort.clone(),
        )),
    ]
}

/// The link is made of the address that a browser on this machine reaches, where
/// that is the public one in all but the port; else of the public one.
async fn set_up_link(
    config: &Config,
    application: &Application,
    address: SocketAddr,
) -> Result<Option<String>, StartError> {
    let Some(code) = application.set_up_code().await? else {
        return Ok(None);
    };
    let mut url = config.public_url.clone();
    let listens_publicly = url.host_str() == Some(config.server.listen.host());
    if url.scheme() == "http" && listens_publicly {
        // The scheme is http and the host stands: setting a port cannot fail.
        let _ = url.set_port(Some(address.port()));
    }
    url.set_path("/admin/initialize");
    url.query_pairs_mut()
        .append_pair("code", code.expose_secret());
    Ok(Some(url.into()))
}
