//! Which events are logged.

use spark_oauth_core::SPAN_TARGET;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::{FilterExt, ParseError, filter_fn};
use tracing_subscriber::layer::Filter;
use tracing_subscriber::{EnvFilter, Registry};

use crate::config::LogConfig;
use crate::http::access;

/// What the names of our own crates begin with.
const OUR_CRATES: &str = "spark_oauth";

/// The filter of the configuration. Our own spans always pass, since an event that
/// is logged needs the request ID of the span around it. Those that measure say
/// nothing to a log; they pass where they are `exported`, so that the way from an
/// event to the span of its request leads over them.
pub(super) fn of(
    config: &LogConfig,
    exported: bool,
) -> Result<impl Filter<Registry> + Send + Sync + 'static, ParseError> {
    let events = EnvFilter::try_new(directives(config))?;
    let our_spans =
        filter_fn(|metadata| metadata.is_span() && metadata.target().starts_with(OUR_CRATES))
            .with_max_level_hint(LevelFilter::INFO);
    let wanted = filter_fn(move |metadata| exported || metadata.target() != SPAN_TARGET);
    Ok(events.or(our_spans).and(wanted))
}

/// The operator's directives, else the level for our crates and those of the
/// repository, and warnings of everything else.
fn directives(config: &LogConfig) -> String {
    let level = config.level;
    let others = level.min(LevelFilter::WARN);
    let directives = config.filter.clone().unwrap_or_else(|| {
        format!("{others},{OUR_CRATES}={level},webex_emulator={level},demo={level}")
    });
    if config.access {
        directives
    } else {
        format!("{directives},{}=off", access::TARGET)
    }
}
