//! `cargo run -p embed`: the example service, with an emulator in place of Webex.

use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use embed::{Assembled, CALLBACK_PATH, Settings, router};
use spark_oauth_core::ClientSecret;
use tokio::net::TcpListener;
use url::Url;
use webex_emulator::{Emulator, EmulatorOptions};

/// The environment variable with the client secret of the integration.
const CLIENT_SECRET: &str = "EMBED_CLIENT_SECRET";

/// The environment variable with the keys that seal the tokens.
const KEYS: &str = "EMBED_KEYS";

/// A small service that uses spark-oauth as a library
#[derive(Debug, Parser)]
#[command(
    version,
    after_help = "\
Environment:
  EMBED_CLIENT_SECRET  the client secret of the integration
  EMBED_KEYS           the keys that seal the tokens, in base64 of 32 bytes each;
                       needed with --database"
)]
struct Arguments {
    /// Port to listen on, on 127.0.0.1; 0 for any free one
    #[arg(long, default_value_t = 4000)]
    port: u16,

    /// Base of the provider's API; without it the service starts an emulator for itself
    #[arg(long, value_name = "URL")]
    provider: Option<Url>,

    /// Client ID of the integration
    #[arg(long, value_name = "ID", default_value = "C0ffee")]
    client_id: String,

    /// Database file; without it everything is in memory
    #[arg(long, value_name = "PATH")]
    database: Option<PathBuf>,
}

#[tokio::main]
#[expect(
    clippy::print_stderr,
    reason = "a command says on standard error why it failed"
)]
async fn main() -> ExitCode {
    // Boxed, since it holds all that the start of the service needs.
    match Box::pin(run(Arguments::parse())).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            let mut cause = error.source();
            while let Some(error) = cause {
                eprintln!("  because: {error}");
                cause = error.source();
            }
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, arguments.port)).await?;
    let address = listener.local_addr()?;
    let (provider, emulator) = if let Some(provider) = arguments.provider {
        (provider, None)
    } else {
        let emulator = Emulator::start(EmulatorOptions::default()).await?;
        (Url::parse(&emulator.base_url())?, Some(emulator))
    };
    let assembled = Assembled::new(Settings {
        provider,
        client_id: arguments.client_id,
        client_secret: ClientSecret::new(
            std::env::var(CLIENT_SECRET).unwrap_or_else(|_| "any secret will do".to_owned()),
        ),
        redirect_uri: format!("http://{address}{CALLBACK_PATH}"),
        contact: "dana@example.com".to_owned(),
        database: arguments.database,
        keys: std::env::var(KEYS).ok(),
    })
    .await?;
    explain(address);
    let service = router(&assembled).into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service)
        .with_graceful_shutdown(async {
            // Where Ctrl-C cannot be waited for, the service ends at once.
            drop(tokio::signal::ctrl_c().await);
        })
        .await?;
    assembled.close().await;
    if let Some(emulator) = emulator {
        emulator.shutdown().await;
    }
    Ok(())
}

#[expect(
    clippy::print_stdout,
    reason = "somebody started this by hand, to read it"
)]
fn explain(address: SocketAddr) {
    println!(
        "\
In a browser:   http://{address}/connect
Afterwards:     curl http://{address}/people/alice@example.com
                curl http://{address}/people/alice@example.com/rooms \\
                  -H 'content-type: application/json' -d '{{\"title\": \"Stand-up\"}}'
"
    );
}
