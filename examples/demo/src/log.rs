//! The log: everything into the folder, only warnings to the terminal.

use std::io;
use std::sync::Arc;

use spark_oauth_core::ports::SystemClock;
use spark_oauth_web::logging;
use tracing_subscriber::filter::EnvFilter;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::{DemoError, LogGuard, Prepared, wants_colours};

/// What the terminal shows. That a key file was made is no warning here: it is the
/// demo's own, and `README.txt` in the folder says what it is.
const TERMINAL: &str = "warn,spark_oauth_web::launch::application=error";

impl Prepared {
    /// Starts the log of the process. Without it, nothing is logged at all.
    ///
    /// # Errors
    /// [`DemoError::Log`] where the process has a log already.
    pub fn start_log(&self) -> Result<LogGuard, DemoError> {
        let (to_folder, guard) = logging::subscriber(
            &self.config.log,
            Arc::new(SystemClock),
            io::sink(),
            false,
            None,
        )?;
        let to_terminal = tracing_subscriber::fmt::layer()
            .compact()
            .without_time()
            .with_target(false)
            .with_ansi(wants_colours(&io::stderr()))
            .with_writer(io::stderr)
            .with_filter(EnvFilter::new(TERMINAL));
        to_folder
            .with(to_terminal)
            .try_init()
            .map_err(logging::LogError::from)?;
        logging::log_panics();
        Ok(guard)
    }
}
