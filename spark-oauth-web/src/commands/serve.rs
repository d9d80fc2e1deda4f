//! `spark-oauth-web [serve]`: runs the application until it is told to stop.

use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;

use spark_oauth_core::ports::SystemClock;

use super::signals::Signals;
use super::trouble::{WRONG_CALL, complain, not_started};
use crate::config::{Config, ConfigSources, Warning};
use crate::launch::{Listening, Overrides, Running, StartError};
use crate::logging;
use crate::telemetry::Telemetry;

/// Serves until `SIGTERM` or Ctrl-C.
pub async fn serve(sources: &ConfigSources, signals: &Signals) -> ExitCode {
    let (config, warnings) = match Config::load(sources) {
        Ok(loaded) => loaded,
        Err(errors) => return complain(&errors, WRONG_CALL),
    };
    let telemetry = match Telemetry::start(config.telemetry.as_ref(), &config.proxies) {
        Ok(telemetry) => telemetry,
        Err(error) => return complain(&error, WRONG_CALL),
    };
    let _log = match logging::start(&config.log, Arc::new(SystemClock), telemetry.layer()) {
        Ok(guard) => guard,
        Err(error) => return complain(&error, WRONG_CALL),
    };
    logging::log_panics();
    greet(&config, &warnings);
    let running = match start(&config).await {
        Ok(running) => running,
        Err(error) => return not_started(&error),
    };
    if let Err(error) = announce(&running, &mut io::stdout().lock()) {
        tracing::warn!(%error, "nobody reads standard output");
    }
    signals.stop_server(running.stop_token(), running.abort_token());
    running.wait().await;
    telemetry.shut_down().await;
    tracing::info!("stopped");
    ExitCode::SUCCESS
}

fn greet(config: &Config, warnings: &[Warning]) {
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        store = %config.store,
        provider = %config.provider.api_base,
        public_url = %config.public_url,
        client_id = %config.integration.client_id,
        scopes = %config.integration.scopes,
        "starting"
    );
    for warning in warnings {
        tracing::warn!("{warning}");
    }
}

/// The addresses are taken first: where another process serves already, nothing
/// else is touched.
async fn start(config: &Config) -> Result<Running, StartError> {
    let listening = Listening::bind(config).await?;
    Running::start(config, listening, Overrides::default()).await
}

/// One line with the address; while there is no super admin, one with the link.
fn announce(running: &Running, out: &mut impl Write) -> io::Result<()> {
    tracing::info!(address = %running.address, process = %running.process, "listening");
    writeln!(out, "spark-oauth listens on http://{}", running.address)?;
    if let Some(link) = &running.set_up_link {
        writeln!(out, "Set up the super admin: {link}")?;
    }
    out.flush()
}
