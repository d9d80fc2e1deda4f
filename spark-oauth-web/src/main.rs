//! The binary: reads the command line, and hands over to a command.

use std::process::ExitCode;

use clap::Parser as _;
use spark_oauth_web::cli::{AdminCommand, Arguments, AuditCommand, Command};
use spark_oauth_web::commands::{self, Signals};
use spark_oauth_web::config::{ConfigSources, Environment};
use spark_oauth_web::prompt;

fn main() -> ExitCode {
    let signals = match Signals::take_over() {
        Ok(signals) => signals,
        Err(error) => return commands::complain(&error, 1),
    };
    let arguments = Arguments::parse();
    match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime.block_on(run(arguments, &signals)),
        Err(error) => commands::complain(&error, 1),
    }
}

async fn run(arguments: Arguments, signals: &Signals) -> ExitCode {
    let sources = ConfigSources {
        path: arguments.config,
        environment: Environment::of_process(),
    };
    match arguments.command.unwrap_or(Command::Serve) {
        Command::Serve => commands::serve(&sources, signals).await,
        Command::Copy(arguments) => commands::copy(&sources, &arguments).await,
        Command::RotateKey => commands::rotate_key(&sources).await,
        Command::Import(arguments) => commands::import(&sources, &arguments).await,
        Command::ApiKey(command) => commands::api_key(&sources, command).await,
        Command::Audit(AuditCommand::Export(arguments)) => {
            commands::export_audit(&sources, arguments).await
        }
        Command::Admin(AdminCommand::ResetPassword { name }) => {
            Box::pin(commands::reset_password(
                &sources,
                &name,
                prompt::new_password,
            ))
            .await
        }
    }
}
