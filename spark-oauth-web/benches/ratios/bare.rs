//! What ours is compared with: the same answers with nothing behind them.

use std::error::Error;
use std::fs;
use std::io::Write as _;
use std::net::SocketAddr;

use axum::Router;
use axum::body::Bytes;
use axum::response::Html;
use axum::routing::get;
use axum::serve::ListenerExt as _;
use clap::ValueEnum;
use tokio::net::TcpListener;
use webex_emulator::{Emulator, EmulatorOptions};

use crate::Outcome;
use crate::bare_flow;

/// What this program is when it is started as a server.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Role {
    /// Answers the bytes of a file to `GET` of any path.
    Page,
    /// Carries consents with the provider at an address, and keeps nothing.
    Flow,
    /// The provider.
    Emulator,
}

impl Role {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Flow => "flow",
            Self::Emulator => "emulator",
        }
    }

    /// Serves until the process is ended.
    pub(crate) async fn serve(self, address: SocketAddr, argument: &str) -> Outcome {
        match self {
            Self::Page => serve(address, page(fs::read(argument)?.into())).await,
            Self::Flow => serve(address, bare_flow::router(address, argument)?).await,
            Self::Emulator => {
                let options = EmulatorOptions {
                    port: address.port(),
                    ..EmulatorOptions::default()
                };
                let emulator = Emulator::start(options).await?;
                announce(emulator.address())?;
                std::future::pending().await
            }
        }
    }
}

fn page(body: Bytes) -> Router {
    let answer = move || {
        let body = body.clone();
        async { Html(body) }
    };
    Router::new()
        .route("/", get(answer.clone()))
        .fallback(get(answer))
}

async fn serve(address: SocketAddr, router: Router) -> Outcome {
    let listener = TcpListener::bind(address).await?;
    announce(listener.local_addr()?)?;
    // As ours does: a small answer goes out at once.
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    axum::serve(listener, router).await?;
    Ok(())
}

fn announce(address: SocketAddr) -> Result<(), Box<dyn Error + Send + Sync>> {
    let mut stdout = std::io::stdout();
    writeln!(stdout, "listens on http://{address}")?;
    stdout.flush()?;
    Ok(())
}
