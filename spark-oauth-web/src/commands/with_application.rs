//! What commands do that need the services, but no server.

use std::process::ExitCode;

use super::trouble::{WRONG_CALL, complain, not_started};
use crate::config::{Config, ConfigSources};
use crate::launch::{Application, Overrides, require_store};

/// Reads the configuration, builds the services, does the work and closes the store,
/// which must have been made: in the wrong folder all would go well and be of no use.
/// It may run while servers work on the same store.
pub(super) async fn with_application(
    sources: &ConfigSources,
    work: impl AsyncFnOnce(&Application) -> ExitCode,
) -> ExitCode {
    let config = match Config::load(sources) {
        Ok((config, _)) => config,
        Err(errors) => return complain(&errors, WRONG_CALL),
    };
    if let Err(error) = require_store(&config).await {
        return not_started(&error);
    }
    let application = match Box::pin(Application::build(&config, Overrides::default())).await {
        Ok(application) => application,
        Err(error) => return not_started(&error),
    };
    let code = work(&application).await;
    Box::pin(application.close()).await;
    code
}
