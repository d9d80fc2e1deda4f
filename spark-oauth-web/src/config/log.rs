//! `logLevel`, section `log` and `SPARK_OAUTH_LOG`: what is logged, how and where.

use std::path::PathBuf;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::EnvFilter;

use super::environment::Environment;
use super::reader::Reader;
use super::schema::Setting;

const LEVEL: Setting = Setting::plain("logLevel");
const DIRECTORY: Setting = Setting::plain("log.directory");
const FORMAT: Setting = Setting::plain("log.format");
const KEEP_DAYS: Setting = Setting::plain("log.keepDays");
const ACCESS: Setting = Setting::plain("log.access");

pub(super) const SETTINGS: &[Setting] = &[LEVEL, DIRECTORY, FORMAT, KEEP_DAYS, ACCESS];

/// The environment variable with filter directives, in place of `logLevel`.
pub(super) const FILTER_VARIABLE: &str = "SPARK_OAUTH_LOG";

/// What is logged, how and where.
#[derive(Clone, Debug)]
pub struct LogConfig {
    /// Our own messages from this level on.
    pub level: LevelFilter,
    /// Directives of [`EnvFilter`] in place of the level, for the search of a fault.
    pub filter: Option<String>,
    /// Where the hourly files are kept; none where it is `"off"`. A relative path
    /// counts from the working directory.
    pub directory: Option<PathBuf>,
    /// How a line looks.
    pub format: LogFormat,
    /// For how many days a file is kept.
    pub keep_days: u32,
    /// Whether every request of the API has a line.
    pub access: bool,
}

/// How a line of the log looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object for each line.
    Json,
}

/// A text that names no level.
#[derive(Debug, thiserror::Error)]
#[error("not a level")]
struct InvalidLevel;

/// A text that names no format.
#[derive(Debug, thiserror::Error)]
#[error("not a format")]
struct InvalidFormat;

pub(super) fn read(reader: &mut Reader, environment: &Environment) -> LogConfig {
    let levels = "give trace, debug, info, warn, error or fatal";
    let level = reader
        .parsed(LEVEL, levels, level)
        .unwrap_or(LevelFilter::INFO);
    let directory = reader.text(DIRECTORY);
    let format = reader.parsed(FORMAT, "give text or json", format);
    let keep_days = reader.integer(KEEP_DAYS, &(1..=3650));
    let access = reader.boolean(ACCESS);
    LogConfig {
        level,
        filter: filter(reader, environment),
        directory: match directory {
            Some(text) if text.trim() == "off" => None,
            Some(text) => Some(PathBuf::from(text)),
            None => Some(PathBuf::from("logs")),
        },
        format: format.unwrap_or(LogFormat::Text),
        keep_days: keep_days.unwrap_or(14),
        access: access.unwrap_or(true),
    }
}

fn level(text: &str) -> Result<LevelFilter, InvalidLevel> {
    match text.to_ascii_lowercase().as_str() {
        "trace" => Ok(LevelFilter::TRACE),
        "debug" => Ok(LevelFilter::DEBUG),
        "info" => Ok(LevelFilter::INFO),
        "warn" => Ok(LevelFilter::WARN),
        // `fatal` is the sample's: a failure that ends the process is an error here.
        "error" | "fatal" => Ok(LevelFilter::ERROR),
        _ => Err(InvalidLevel),
    }
}

fn format(text: &str) -> Result<LogFormat, InvalidFormat> {
    match text.to_ascii_lowercase().as_str() {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err(InvalidFormat),
    }
}

fn filter(reader: &mut Reader, environment: &Environment) -> Option<String> {
    let findings = reader.findings();
    let text = environment.text(FILTER_VARIABLE, findings)?;
    match EnvFilter::try_new(&text) {
        Ok(_) => Some(text),
        Err(error) => {
            let advice = "give directives like debug or warn,spark_oauth_web=trace";
            findings.problem(FILTER_VARIABLE, error.to_string(), advice);
            None
        }
    }
}
