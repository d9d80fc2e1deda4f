//! The calls that the emulator knows, and how one is named in a fault.

use axum::http::Method;
use thiserror::Error;

/// Every call below `/v1`, by method and path template.
pub(crate) const CALLS: [(&str, &str); 26] = [
    ("GET", "/v1/authorize"),
    ("POST", "/v1/authorize"),
    ("POST", "/v1/access_token"),
    ("POST", "/v1/device/authorize"),
    ("POST", "/v1/device/token"),
    ("GET", "/v1/device/verify"),
    ("POST", "/v1/device/verify"),
    ("GET", "/v1/people"),
    ("GET", "/v1/people/me"),
    ("GET", "/v1/rooms"),
    ("POST", "/v1/rooms"),
    ("GET", "/v1/rooms/{id}"),
    ("PUT", "/v1/rooms/{id}"),
    ("DELETE", "/v1/rooms/{id}"),
    ("GET", "/v1/memberships"),
    ("POST", "/v1/memberships"),
    ("GET", "/v1/memberships/{id}"),
    ("DELETE", "/v1/memberships/{id}"),
    ("GET", "/v1/messages"),
    ("POST", "/v1/messages"),
    ("GET", "/v1/messages/{id}"),
    ("DELETE", "/v1/messages/{id}"),
    ("GET", "/v1/authorizations"),
    ("DELETE", "/v1/authorizations"),
    ("DELETE", "/v1/authorizations/{id}"),
    ("GET", "/v1/authorizations/tokenExpiry"),
];

/// The text names no call of the emulator.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{given}` is not a call of the emulator; it knows {}", known())]
pub struct UnknownCall {
    /// What was given, cut to a readable length.
    pub given: String,
}

fn known() -> String {
    let names: Vec<String> = CALLS
        .iter()
        .map(|(method, path)| format!("`{method} {path}`"))
        .collect();
    names.join(", ")
}

/// A method and a path, in which a segment in braces stands for any one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CallPattern {
    method: Method,
    path: String,
}

impl CallPattern {
    /// Reads `METHOD /v1/path`. The path is a template of the emulator, whatever
    /// the name in the braces, or a concrete path that fits one.
    pub(crate) fn parse(text: &str) -> Result<Self, UnknownCall> {
        let unknown = || UnknownCall {
            given: text.chars().take(120).collect(),
        };
        let (method, path) = text.trim().split_once(' ').ok_or_else(unknown)?;
        let method =
            Method::from_bytes(method.to_ascii_uppercase().as_bytes()).map_err(|_| unknown())?;
        let path = path.trim();
        let pattern = Self {
            method,
            path: path.to_owned(),
        };
        let fits = CALLS.iter().any(|(known_method, template)| {
            *known_method == pattern.method.as_str() && fits_template(path, template)
        });
        if fits { Ok(pattern) } else { Err(unknown()) }
    }

    pub(crate) fn matches(&self, method: &Method, path: &str) -> bool {
        self.method == *method
            && same_segments(&self.path, path, |own, given| {
                is_placeholder(own) || own == given
            })
    }
}

impl std::fmt::Display for CallPattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

fn fits_template(path: &str, template: &str) -> bool {
    same_segments(path, template, |given, known| {
        if is_placeholder(known) {
            !given.is_empty()
        } else {
            given == known
        }
    })
}

fn is_placeholder(segment: &str) -> bool {
    segment.starts_with('{') && segment.ends_with('}')
}

fn same_segments(one: &str, other: &str, same: impl Fn(&str, &str) -> bool) -> bool {
    let (mut ones, mut others) = (one.split('/'), other.split('/'));
    loop {
        match (ones.next(), others.next()) {
            (None, None) => return true,
            (Some(a), Some(b)) if same(a, b) => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_matches_any_id_and_a_concrete_path_only_itself() {
        let template = CallPattern::parse("delete /v1/rooms/{roomId}").unwrap();
        assert!(template.matches(&Method::DELETE, "/v1/rooms/abc"));
        assert!(!template.matches(&Method::GET, "/v1/rooms/abc"));
        assert!(!template.matches(&Method::DELETE, "/v1/rooms"));
        let concrete = CallPattern::parse("DELETE /v1/rooms/abc").unwrap();
        assert!(concrete.matches(&Method::DELETE, "/v1/rooms/abc"));
        assert!(!concrete.matches(&Method::DELETE, "/v1/rooms/abd"));
    }

    #[test]
    fn a_call_that_does_not_exist_is_named_with_those_that_do() {
        for text in [
            "",
            "GET",
            "GET /v1/acces_token",
            "PATCH /v1/rooms",
            "GET /v1/rooms/",
            "GET /v1/people/{id}",
        ] {
            let error = CallPattern::parse(text).unwrap_err().to_string();
            assert!(error.contains("`POST /v1/access_token`"), "{text}: {error}");
        }
    }
}
