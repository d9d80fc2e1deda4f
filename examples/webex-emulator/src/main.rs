//! The emulator as a command: `cargo run -p webex-emulator -- --port 3210`.

use std::net::IpAddr;
use std::process::ExitCode;

use clap::Parser;
use webex_emulator::{Emulator, EmulatorOptions, Registration, Scopes, Settings, parse_email};

/// A stand-in for the Webex provider. Everything lives in memory.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// Port to listen on; 0 for any free one
    #[arg(long, default_value_t = 3210)]
    port: u16,

    /// Address to listen on
    #[arg(long, default_value = "127.0.0.1")]
    host: IpAddr,

    /// The only client ID to accept; without it any client is accepted
    #[arg(long)]
    client_id: Option<String>,

    /// The only client secret to accept
    #[arg(long, requires = "client_id")]
    client_secret: Option<String>,

    /// A redirect URI to accept, byte by byte; may be given more than once
    #[arg(long = "redirect-uri", requires = "client_id")]
    redirect_uris: Vec<String>,

    /// The scopes that may be asked for, space separated
    #[arg(long, requires = "client_id")]
    scope: Option<Scopes>,

    /// E-mail address of a person for whom the authorize page accepts at once
    #[arg(long, value_parser = parse_email)]
    auto_approve: Option<String>,

    /// Life of an access token in seconds
    #[arg(long)]
    access_ttl_s: Option<u64>,

    /// Life of a refresh token in seconds
    #[arg(long)]
    refresh_ttl_s: Option<u64>,

    /// Answer each refresh with a new refresh token
    #[arg(long)]
    rotate_refresh_tokens: bool,

    /// Milliseconds that each provider call takes longer
    #[arg(long, default_value_t = 0)]
    latency_ms: u64,
}

impl From<Arguments> for EmulatorOptions {
    fn from(arguments: Arguments) -> Self {
        let defaults = Settings::default();
        let registration = arguments.client_id.map(|client_id| Registration {
            client_secret: arguments.client_secret,
            redirect_uris: arguments.redirect_uris,
            scopes: arguments.scope,
            ..Registration::new(client_id)
        });
        Self {
            host: arguments.host,
            port: arguments.port,
            settings: Settings {
                access_ttl_s: arguments.access_ttl_s.unwrap_or(defaults.access_ttl_s),
                refresh_ttl_s: arguments.refresh_ttl_s.unwrap_or(defaults.refresh_ttl_s),
                rotate_refresh_tokens: arguments.rotate_refresh_tokens,
                latency_ms: arguments.latency_ms,
                auto_approve: arguments.auto_approve,
                ..defaults
            },
            registration,
        }
    }
}

#[tokio::main]
#[expect(
    clippy::print_stdout,
    reason = "the address is what the command is asked for"
)]
#[expect(
    clippy::print_stderr,
    reason = "a command says on standard error why it failed"
)]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let (host, port) = (arguments.host, arguments.port);
    let emulator = match Emulator::start(arguments.into()).await {
        Ok(emulator) => emulator,
        Err(error) => {
            eprintln!("webex-emulator: cannot listen on {host}, port {port}: {error}");
            return ExitCode::FAILURE;
        }
    };
    // Who reads the address may send a signal at once.
    let interrupted = match interrupted() {
        Ok(interrupted) => interrupted,
        Err(error) => {
            eprintln!("webex-emulator: cannot wait for signals: {error}");
            return ExitCode::FAILURE;
        }
    };
    println!("{}", emulator.base_url());
    interrupted.await;
    emulator.shutdown().await;
    ExitCode::SUCCESS
}

/// Ctrl-C or SIGTERM, from when this returns.
#[cfg(unix)]
fn interrupted() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Ctrl-C, from when this returns.
#[cfg(windows)]
fn interrupted() -> std::io::Result<impl Future<Output = ()>> {
    let mut interrupt = tokio::signal::windows::ctrl_c()?;
    Ok(async move {
        interrupt.recv().await;
    })
}
