//! `cargo run -p api-client -- --person alice@example.com --to bob@example.com "Hello"`.

use std::error::Error;
use std::io::Write as _;
use std::process::ExitCode;

use api_client::{Messenger, SendError};
use clap::Parser;
use spark_oauth_core::client::TokenClient;
use spark_oauth_core::{ApiKeySecret, EmailAddress};
use url::Url;

/// Sends a message on Webex in the name of a person who consented once.
#[derive(Debug, Parser)]
#[command(version)]
struct Options {
    /// Where spark-oauth is reached.
    #[arg(long, env = "SPARK_OAUTH_URL", default_value = "http://127.0.0.1:8080")]
    oauth: Url,
    /// Where Webex is reached.
    #[arg(
        long,
        env = "WEBEX_API_BASE",
        default_value = "https://webexapis.com/v1"
    )]
    webex: Url,
    /// In whose name it is sent.
    #[arg(long, value_parser = EmailAddress::parse)]
    person: EmailAddress,
    /// Who gets it.
    #[arg(long, value_parser = EmailAddress::parse)]
    to: EmailAddress,
    /// The message.
    text: String,
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    // From the environment alone: an argument would show in the list of processes.
    let Ok(key) = std::env::var("SPARK_OAUTH_API_KEY") else {
        say("set SPARK_OAUTH_API_KEY to a key with the scope tokens:use");
        return ExitCode::from(2);
    };
    match send(&options, &ApiKeySecret::new(key)).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let mut text = error.to_string();
            let mut cause = error.source();
            while let Some(error) = cause {
                text = format!("{text}: {error}");
                cause = error.source();
            }
            say(&format!("{text}; {}", error.advice()));
            ExitCode::FAILURE
        }
    }
}

async fn send(options: &Options, key: &ApiKeySecret) -> Result<(), SendError> {
    let tokens = TokenClient::new(options.oauth.clone(), key)?;
    let messenger = Messenger::new(tokens, &options.webex)?;
    let sent = messenger
        .send(&options.person, &options.to, &options.text)
        .await?;
    let line = format!("message {} was sent by {}\n", sent.id, sent.by);
    let _ = std::io::stdout().write_all(line.as_bytes());
    Ok(())
}

fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}
