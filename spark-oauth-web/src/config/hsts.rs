//! `server.hsts`: how long browsers use only https (RFC 6797).

use axum::http::HeaderValue;

/// Two years, without subdomains, since they may not support https.
const DEFAULT: HeaderValue = HeaderValue::from_static("max-age=63072000");

/// The shortest `max-age` with which browsers' preload lists take a host, in seconds.
const PRELOAD_MAX_AGE: u64 = 31_536_000;

/// The value of `Strict-Transport-Security`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hsts(HeaderValue);

/// Why a text is no value of `Strict-Transport-Security`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum InvalidHsts {
    #[error("max-age is missing, or is not a whole number of seconds")]
    MaxAge,
    #[error("a directive is unknown or given twice")]
    Directive,
    #[error("preload needs includeSubDomains and a max-age of at least {PRELOAD_MAX_AGE}")]
    Preload,
}

impl Default for Hsts {
    fn default() -> Self {
        Self(DEFAULT)
    }
}

impl Hsts {
    /// The value, as it is sent.
    pub(crate) fn header(&self) -> HeaderValue {
        self.0.clone()
    }

    /// Reads the value of the header (RFC 6797 section 6.1); `None` for `off`.
    pub(super) fn parse(text: &str) -> Result<Option<Self>, InvalidHsts> {
        if text.eq_ignore_ascii_case("off") {
            return Ok(None);
        }
        let (mut max_age, mut subdomains, mut preload) = (None, false, false);
        for directive in text.split(';').map(str::trim) {
            let (name, value) = directive
                .split_once('=')
                .map_or((directive, None), |(name, value)| (name, Some(value)));
            match (name.trim().to_ascii_lowercase().as_str(), value) {
                ("max-age", Some(value)) if max_age.is_none() => max_age = Some(seconds(value)?),
                ("includesubdomains", None) if !subdomains => subdomains = true,
                ("preload", None) if !preload => preload = true,
                _ => return Err(InvalidHsts::Directive),
            }
        }
        let max_age = max_age.ok_or(InvalidHsts::MaxAge)?;
        if preload && !(subdomains && max_age >= PRELOAD_MAX_AGE) {
            return Err(InvalidHsts::Preload);
        }
        let mut value = format!("max-age={max_age}");
        if subdomains {
            value.push_str("; includeSubDomains");
        }
        if preload {
            value.push_str("; preload");
        }
        HeaderValue::try_from(value)
            .map(|value| Some(Self(value)))
            .map_err(|_| InvalidHsts::Directive)
    }
}

fn seconds(text: &str) -> Result<u64, InvalidHsts> {
    let text = text.trim().trim_matches('"');
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse()
        .ok()
        .filter(|_| is_number)
        .ok_or(InvalidHsts::MaxAge)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(text: &str) -> Option<String> {
        let hsts = Hsts::parse(text).unwrap()?;
        Some(hsts.header().to_str().unwrap().to_owned())
    }

    #[test]
    fn the_header_is_read_and_off_is_no_header() {
        for (text, value) in [
            ("max-age=0", Some("max-age=0")),
            (
                "Max-Age=\"300\" ;INCLUDESUBDOMAINS",
                Some("max-age=300; includeSubDomains"),
            ),
            (
                "preload; includeSubDomains; max-age=63072000",
                Some("max-age=63072000; includeSubDomains; preload"),
            ),
            ("off", None),
        ] {
            assert_eq!(sent(text).as_deref(), value, "{text}");
        }
        let default = Hsts::default().header();
        assert_eq!(default, "max-age=63072000", "this host alone");
    }

    #[test]
    fn an_invalid_value_is_refused() {
        use InvalidHsts::{Directive, MaxAge, Preload};
        for (text, fault) in [
            ("includeSubDomains", MaxAge),
            ("max-age=-1", MaxAge),
            ("max-age=+1", MaxAge),
            ("max-age=99999999999999999999", MaxAge),
            ("max-age", Directive),
            ("max-age=1; max-age=2", Directive),
            ("max-age=1;", Directive),
            ("max-age=1, includeSubDomains", MaxAge),
            ("31536000", Directive),
            ("true", Directive),
            ("max-age=63072000; preload", Preload),
            ("max-age=300; includeSubDomains; preload", Preload),
        ] {
            assert_eq!(Hsts::parse(text), Err(fault), "{text}");
        }
    }
}
