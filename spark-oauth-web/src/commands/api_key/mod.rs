//! `spark-oauth-web api-key …`: keys with which services authenticate.

mod create;
mod list;
mod revoke;

use std::process::ExitCode;

use super::with_application::with_application;
use crate::cli::ApiKeyCommand;
use crate::config::ConfigSources;

/// Makes, lists or revokes API keys, also while servers run.
pub async fn api_key(sources: &ConfigSources, command: ApiKeyCommand) -> ExitCode {
    with_application(sources, async |application| {
        let keys = &application.services().api_keys;
        match command {
            ApiKeyCommand::Create(arguments) => create::create(keys, arguments).await,
            ApiKeyCommand::List { json } => list::list(keys, json).await,
            ApiKeyCommand::Revoke { id } => revoke::revoke(keys, id).await,
        }
    })
    .await
}
