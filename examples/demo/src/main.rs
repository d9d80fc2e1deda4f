//! `cargo run -p demo`: try spark-oauth without a Webex account.

use std::error::Error;
use std::io;
use std::process::ExitCode;

use clap::Parser as _;
use demo::{Demo, DemoError, Options, wants_colours};
use tokio::signal::unix::{Signal, SignalKind, signal};

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    match run(&options).await {
        Ok(code) => code,
        Err(error) => {
            complain(&error);
            ExitCode::FAILURE
        }
    }
}

async fn run(options: &Options) -> Result<ExitCode, DemoError> {
    let prepared = Demo::prepare(options).await?;
    let _log = prepared.start_log()?;
    // Taken over before anybody is told that the demo runs.
    let mut signals = match Signals::take_over() {
        Ok(signals) => signals,
        Err(error) => {
            complain(&error);
            return Ok(ExitCode::FAILURE);
        }
    };
    let demo = prepared.start().await?;
    say(
        &mut io::stdout(),
        &demo.greeting(wants_colours(&io::stdout())).to_string(),
    );
    signals.next().await;
    say(
        &mut io::stdout(),
        "\nStopping. What you did is kept in the folder.\n",
    );
    tokio::select! {
        () = demo.shut_down() => {}
        // Somebody cannot wait for the requests in flight.
        () = signals.next() => {}
    }
    Ok(ExitCode::SUCCESS)
}

/// Ctrl-C and `SIGTERM`.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn take_over() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// Where nobody reads any more, there is nobody to tell.
fn say(out: &mut impl io::Write, text: &str) {
    let _ = out.write_all(text.as_bytes());
    let _ = out.flush();
}

/// The error with its causes, one line each.
fn complain(error: &dyn Error) {
    say(&mut io::stderr(), &format!("error: {error}\n"));
    let mut cause = error.source();
    while let Some(error) = cause {
        say(&mut io::stderr(), &format!("  because: {error}\n"));
        cause = error.source();
    }
}
