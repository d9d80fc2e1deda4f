//! `spark-oauth-web admin reset-password NAME`: the way back in.

use std::process::ExitCode;

use spark_oauth_core::Password;
use spark_oauth_core::admins::{AdminError, Username};

use super::trouble::{WRONG_CALL, complain, say};
use super::with_application::with_application;
use crate::config::ConfigSources;
use crate::launch::Application;

/// Sets the password of an admin. Every session of that admin ends.
///
/// `ask` is called for the new password only once it is known that there is such
/// an admin to set it for.
pub async fn reset_password(
    sources: &ConfigSources,
    name: &str,
    ask: impl FnOnce() -> std::io::Result<Password>,
) -> ExitCode {
    let username = match Username::parse(name) {
        Ok(username) => username,
        Err(error) => return complain(&error, WRONG_CALL),
    };
    with_application(sources, async |application| {
        reset(application, &username, ask).await
    })
    .await
}

async fn reset(
    application: &Application,
    username: &Username,
    ask: impl FnOnce() -> std::io::Result<Password>,
) -> ExitCode {
    let admins = &application.services().admins;
    match admins.find_to_reset(username).await {
        Ok(_) => {}
        Err(AdminError::NotFound) => {
            say(&format!(
                "error: there is no admin {username} in {}; before the first sign-in, open the \
                 set-up link that `serve` prints\n",
                application.store()
            ));
            return ExitCode::FAILURE;
        }
        Err(error) => return complain(&error, 1),
    }
    let password = match ask() {
        Ok(password) => password,
        Err(error) => return complain(&error, 1),
    };
    match admins.reset_password(username, &password).await {
        Ok(admin) => {
            say(&format!(
                "The password of {} was set, and every session of that admin has ended.\n",
                admin.username
            ));
            ExitCode::SUCCESS
        }
        Err(AdminError::Invalid(problems)) => {
            for problem in problems {
                say(&format!("error: {}\n", problem.problem));
            }
            ExitCode::FAILURE
        }
        Err(error) => complain(&error, 1),
    }
}
