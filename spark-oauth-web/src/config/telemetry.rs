//! Section `telemetry`: where traces are exported to.

use std::fmt;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use spark_oauth_core::http_client::is_loopback;
use url::Url;

use super::reader::Reader;
use super::schema::Setting;

const ENDPOINT: Setting = Setting::plain("telemetry.endpoint");
const HEADERS: Setting = Setting::secret("telemetry.headers");
const SERVICE_NAME: Setting = Setting::plain("telemetry.serviceName");
const SAMPLE_RATIO: Setting = Setting::plain("telemetry.sampleRatio");

pub(super) const SETTINGS: &[Setting] = &[ENDPOINT, HEADERS, SERVICE_NAME, SAMPLE_RATIO];

/// Section `telemetry`.
#[derive(Clone)]
pub struct TelemetryConfig {
    /// The base address of the collector, for OTLP over HTTP.
    pub endpoint: Url,
    /// What is sent with every batch, such as a key; marked sensitive.
    pub headers: HeaderMap,
    /// What the service is called in traces.
    pub service_name: String,
    /// The share of traces that are exported, of those that begin here.
    pub sample_ratio: f64,
}

impl TelemetryConfig {
    /// Where spans are posted to (OTLP specification, "OTLP/HTTP Request").
    pub fn traces_url(&self) -> String {
        let base = self.endpoint.as_str().trim_end_matches('/');
        format!("{base}/v1/traces")
    }
}

impl fmt::Debug for TelemetryConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headers: Vec<_> = self.headers.keys().map(HeaderName::as_str).collect();
        f.debug_struct("TelemetryConfig")
            .field("endpoint", &self.endpoint.as_str())
            .field("headers", &headers)
            .field("service_name", &self.service_name)
            .field("sample_ratio", &self.sample_ratio)
            .finish()
    }
}

/// Why a text cannot be the address of a collector.
#[derive(Debug, thiserror::Error)]
enum InvalidEndpoint {
    #[error("not an absolute URL ({0})")]
    Malformed(#[from] url::ParseError),
    #[error("the scheme must be http or https")]
    Scheme,
    #[error("it holds a query, a fragment or credentials")]
    Surplus,
    #[error("`/v1/traces` is added by itself")]
    Signal,
}

/// A text that is no list of headers; it is not shown.
#[derive(Debug, thiserror::Error)]
#[error("entry {0} is no header")]
struct InvalidHeaders(usize);

/// `None` where nothing is exported, and where something is wrong.
pub(super) fn read(reader: &mut Reader) -> Option<TelemetryConfig> {
    let given: Vec<_> = SETTINGS
        .iter()
        .filter(|setting| reader.is_given(**setting))
        .collect();
    if !cfg!(feature = "otel") {
        for setting in given {
            let fault = "this build cannot export traces: it was built without the feature `otel`";
            reader.wrong(*setting, fault, "remove it, or build with that feature");
        }
        return None;
    }
    let endpoint = reader.parsed(
        ENDPOINT,
        "give the base address of the collector, such as http://127.0.0.1:4318",
        endpoint,
    );
    let headers = reader.parsed(
        HEADERS,
        "give name=value, several separated by commas",
        headers,
    );
    let service_name = reader.text(SERVICE_NAME);
    let sample_ratio = reader.fraction(SAMPLE_RATIO, &(0.0..=1.0));
    if !given.is_empty() {
        reader.require(ENDPOINT, "the base address of the collector");
    }
    let endpoint = endpoint?;
    if headers.is_some() && endpoint.scheme() == "http" && !is_loopback(&endpoint) {
        let text = "the headers go to the collector unencrypted; use https";
        reader.warn(HEADERS, text);
    }
    Some(TelemetryConfig {
        endpoint,
        headers: headers.unwrap_or_default(),
        service_name: service_name.unwrap_or_else(|| "spark-oauth".to_owned()),
        sample_ratio: sample_ratio.unwrap_or(1.0),
    })
}

fn endpoint(text: &str) -> Result<Url, InvalidEndpoint> {
    let url = Url::parse(text)?;
    let credentials = !url.username().is_empty() || url.password().is_some();
    if !matches!(url.scheme(), "http" | "https") {
        Err(InvalidEndpoint::Scheme)
    } else if url.query().is_some() || url.fragment().is_some() || credentials {
        Err(InvalidEndpoint::Surplus)
    } else if url.path().trim_end_matches('/').ends_with("/v1/traces") {
        Err(InvalidEndpoint::Signal)
    } else {
        Ok(url)
    }
}

/// `name=value,name=value`, as in `OTEL_EXPORTER_OTLP_HEADERS`.
fn headers(text: &str) -> Result<HeaderMap, InvalidHeaders> {
    let mut headers = HeaderMap::new();
    for (index, entry) in text.split(',').enumerate() {
        let wrong = || InvalidHeaders(index + 1);
        let (name, value) = entry.split_once('=').ok_or_else(wrong)?;
        let name: HeaderName = name.trim().parse().map_err(|_| wrong())?;
        let mut value = HeaderValue::from_str(value.trim()).map_err(|_| wrong())?;
        value.set_sensitive(true);
        headers.append(name, value);
    }
    Ok(headers)
}
