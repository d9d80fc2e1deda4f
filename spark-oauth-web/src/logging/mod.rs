//! The log: to standard error always, and to hourly files.
//!
//! One event is one line, whatever stands in it: control characters are escaped,
//! long values are cut. A line carries the fields of the spans around it, so that
//! everything that belongs to one request has its `request_id`.
//!
//! Writing happens on threads of its own. Where they cannot keep up, lines are
//! dropped and counted, so that a slow disk never holds a request up.

mod capped;
mod entry;
mod escape;
mod filter;
mod hour;
mod hourly_files;
mod json;
mod layer;
mod panics;
mod queue;
mod sink;
#[cfg(test)]
mod tests;
mod text;

use std::io::{self, IsTerminal, Write};
use std::sync::Arc;

use spark_oauth_core::ports::Clock;
use tracing::{Level, Subscriber};
use tracing_subscriber::filter::ParseError;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};
use tracing_subscriber::{Registry, registry::LookupSpan};

pub use panics::log_panics;

use crate::config::{LogConfig, LogFormat};
use crate::telemetry::SpanLayer;

use entry::Entry;
use hourly_files::{HourlyFiles, Notice};
use layer::LogLayer;
use queue::{LossLine, Queue, QueueGuard};
use sink::{Sinks, WAITING_LINES};

/// Why there is no log.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The filter directives are none.
    #[error("wrong filter directives for the log")]
    Filter(#[from] ParseError),
    /// The process has a log already.
    #[error("the process has a log already")]
    AlreadyStarted(#[from] TryInitError),
}

/// Keeps the log going. When it is dropped, the last lines are written.
#[derive(Debug)]
#[must_use = "the last lines are written when it is dropped"]
pub struct LogGuard {
    sinks: Arc<Sinks>,
    _writers: Vec<QueueGuard>,
}

impl LogGuard {
    /// How many lines were dropped since they came faster than they could be
    /// written.
    pub fn dropped_lines(&self) -> usize {
        self.sinks.dropped_lines()
    }
}

/// Starts the log of this process, and gives `spans` those that measure. A directory that cannot be written is warned of
/// on standard error, tried again every minute, and stops nothing.
///
/// # Errors
/// [`LogError`] where the directives are wrong or there is a log already.
pub fn start(
    config: &LogConfig,
    clock: Arc<dyn Clock>,
    spans: Option<SpanLayer>,
) -> Result<LogGuard, LogError> {
    let stderr = io::stderr();
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let colours = stderr.is_terminal() && !no_color;
    let (subscriber, guard) = subscriber(config, clock, stderr, colours, spans)?;
    subscriber.try_init()?;
    Ok(guard)
}

/// The same for a part of a process: the subscriber is not made the global one, and
/// `stderr` takes the place of standard error.
///
/// # Errors
/// [`LogError::Filter`] where the directives are wrong.
pub fn subscriber(
    config: &LogConfig,
    clock: Arc<dyn Clock>,
    stderr: impl Write + Send + 'static,
    colours: bool,
    spans: Option<SpanLayer>,
) -> Result<
    (
        impl Subscriber + Send + Sync + for<'a> LookupSpan<'a>,
        LogGuard,
    ),
    LogError,
> {
    let filter = filter::of(config, spans.is_some())?;
    let look = Look {
        format: config.format,
        colours,
    };
    let own = OwnLines {
        look,
        clock: Arc::clone(&clock),
    };
    let (stderr, stderr_guard) =
        Queue::start("log-stderr", WAITING_LINES, stderr, own.clone().of_losses());
    let mut writers = vec![stderr_guard];
    let files = config.directory.as_ref().map(|directory| {
        let notice = own.clone().notices_to(stderr.clone());
        let files = HourlyFiles::open(directory, config.keep_days, Arc::clone(&clock), notice);
        let (files, guard) = Queue::start("log-files", WAITING_LINES, files, own.of_losses());
        writers.push(guard);
        files
    });
    let sinks = Arc::new(Sinks::new(stderr, files, look));
    let log = LogLayer::new(clock, Arc::clone(&sinks)).with_filter(filter);
    let mut layers: Vec<SpanLayer> = vec![log.boxed()];
    layers.extend(spans);
    let guard = LogGuard {
        sinks,
        _writers: writers,
    };
    Ok((Registry::default().with(layers), guard))
}

/// How lines look.
#[derive(Clone, Copy, Debug)]
struct Look {
    format: LogFormat,
    /// Whether the level has a colour on standard error.
    colours: bool,
}

impl Look {
    fn line(self, entry: &Entry, colours: bool) -> String {
        match self.format {
            LogFormat::Text => text::line(entry, colours),
            LogFormat::Json => json::line(entry),
        }
    }
}

/// Makes the lines that the log writes about itself.
#[derive(Clone)]
struct OwnLines {
    look: Look,
    clock: Arc<dyn Clock>,
}

impl OwnLines {
    fn line(&self, text: &str, colours: bool) -> String {
        let mut entry = Entry::new(self.clock.now(), Level::WARN, module_path!());
        entry.set_message(text);
        self.look.line(&entry, colours)
    }

    fn of_losses(self) -> LossLine {
        Box::new(move |lines| {
            let text = format!("lines were lost here since they came too fast: {lines}");
            self.line(&text, false)
        })
    }

    /// Tells of trouble with the files on standard error, and not in the files.
    fn notices_to(self, stderr: Queue) -> Notice {
        Box::new(move |text| stderr.push(&self.line(&text, self.look.colours)))
    }
}
