//! Which events are logged.

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::{FilterExt, ParseError, filter_fn};
use tracing_subscriber::layer::Filter;
use tracing_subscriber::{EnvFilter, Registry};

use crate::config::LogConfig;

/// What the names of our own crates begin with.
const OUR_CRATES: &str = "spark_oauth";

/// The filter of the configuration. Our own spans always pass, since an event that
/// is logged needs the request ID of the span around it.
pub(super) fn of(
    config: &LogConfig,
) -> Result<impl Filter<Registry> + Send + Sync + 'static, ParseError> {
    let events = EnvFilter::try_new(directives(config))?;
    let our_spans =
        filter_fn(|metadata| metadata.is_span() && metadata.target().starts_with(OUR_CRATES))
            .with_max_level_hint(LevelFilter::INFO);
    Ok(events.or(our_spans))
}

/// The operator's directives, else the level for our crates and those of the
/// repository, and warnings of everything else.
fn directives(config: &LogConfig) -> String {
    let level = config.level;
    let others = level.min(LevelFilter::WARN);
    config.filter.clone().unwrap_or_else(|| {
        format!("{others},{OUR_CRATES}={level},webex_emulator={level},demo={level}")
    })
}
