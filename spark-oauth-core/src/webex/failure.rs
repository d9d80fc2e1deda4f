//! From an answer that is no success to its kind. The table stands in the docs
//! of [the module](super).

use std::time::Duration;

use reqwest::StatusCode;

use super::complaint::Complaint;
use crate::ports::SparkErrorKind;

/// What was asked for: the same status means different things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Endpoint {
    /// The token endpoint, with a code.
    CodeExchange,
    /// The token endpoint, with a refresh token.
    Refresh,
    /// A REST call with an access token.
    Rest,
}

/// What the answer means.
pub(super) fn classify(
    endpoint: Endpoint,
    status: StatusCode,
    retry_after: Option<Duration>,
    complaint: &Complaint,
) -> SparkErrorKind {
    match status.as_u16() {
        429 | 423 => return SparkErrorKind::RateLimited { retry_after },
        408 => return SparkErrorKind::TimedOut,
        500.. => return SparkErrorKind::Unavailable { retry_after },
        // Also a redirect, which is never followed.
        ..400 => return SparkErrorKind::Unreadable,
        _ => {}
    }
    match endpoint {
        Endpoint::Rest => rest(status),
        Endpoint::CodeExchange | Endpoint::Refresh => {
            token(endpoint, status, retry_after, complaint)
        }
    }
}

const fn rest(status: StatusCode) -> SparkErrorKind {
    match status.as_u16() {
        401 => SparkErrorKind::Unauthorized,
        403 => SparkErrorKind::Forbidden,
        404 => SparkErrorKind::NotFound,
        409 => SparkErrorKind::AlreadyDone,
        _ => SparkErrorKind::Unexpected,
    }
}

fn token(
    endpoint: Endpoint,
    status: StatusCode,
    retry_after: Option<Duration>,
    complaint: &Complaint,
) -> SparkErrorKind {
    let words = complaint.words();
    match complaint.code() {
        Some("slow_down") => return SparkErrorKind::RateLimited { retry_after },
        Some("server_error" | "temporarily_unavailable") => {
            return SparkErrorKind::Unavailable { retry_after };
        }
        _ => {}
    }
    if says(&words, &["invalid_client", "unauthorized_client"]) {
        return SparkErrorKind::IntegrationRefused;
    }
    // A refresh sends no redirect URI, so there the words can only be part of
    // the general explanation of `invalid_grant`.
    let redirect = [
        "redirect_uri_mismatch",
        "redirect_uri",
        "redirect_url",
        "redirecturi",
        "redirect uri",
        "redirect url",
    ];
    if endpoint == Endpoint::CodeExchange && says(&words, &redirect) {
        return SparkErrorKind::IntegrationRefused;
    }
    if says(&words, &["invalid_grant"]) || grant_is_dead(endpoint, &words) {
        return SparkErrorKind::GrantRefused;
    }
    let client = [
        "client_id",
        "client_secret",
        "client id",
        "client secret",
        "client credentials",
        "client authentication",
    ];
    if status == StatusCode::UNAUTHORIZED || says(&words, &client) || says(&words, &redirect) {
        return SparkErrorKind::IntegrationRefused;
    }
    SparkErrorKind::Unexpected
}

/// Whether the text says that the code or the refresh token is dead. For a
/// refresh it must name the refresh token: the consequence is that a person has
/// to consent again.
fn grant_is_dead(endpoint: Endpoint, words: &str) -> bool {
    // The request was incomplete, which says nothing about the grant.
    if says(words, &["missing", "required", "unsupported"]) {
        return false;
    }
    let dead = says(
        words,
        &[
            "expired",
            "revoked",
            "malformed",
            "invalid",
            "inactive",
            "unknown",
            "already used",
            "already been used",
            "not valid",
            "no longer valid",
            "not found",
            "not exist",
        ],
    );
    match endpoint {
        Endpoint::Refresh => {
            dead && says(words, &["refresh token", "refresh_token", "refreshtoken"])
        }
        // The API wraps a refusal of the identity broker in these words, at
        // times without the reason. A code is used once, and a refused code
        // has no other way out than another consent.
        Endpoint::CodeExchange => {
            (dead
                && says(
                    words,
                    &["code", "auth_code", "code_verifier", "authorization_code"],
                ))
                || says(words, &["post failed http 1 1 400"])
        }
        Endpoint::Rest => false,
    }
}

/// Whether any of the phrases stands among the words of a complaint.
fn says(words: &str, phrases: &[&str]) -> bool {
    phrases
        .iter()
        .any(|phrase| words.contains(&format!(" {phrase} ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use SparkErrorKind::{
        AlreadyDone, Forbidden, GrantRefused, IntegrationRefused, NotFound, RateLimited, TimedOut,
        Unauthorized, Unavailable, Unexpected, Unreadable,
    };

    const CODE: Endpoint = Endpoint::CodeExchange;
    const REFRESH: Endpoint = Endpoint::Refresh;
    const REST: Endpoint = Endpoint::Rest;
    const BROKER: &str = r#"{"error":"invalid_request","error_description":
        "The refresh token provided is expired, revoked, malformed, or invalid.","trackingID":"NA_1"}"#;
    /// The explanation of RFC 6749 section 5.2, which some servers send as it is.
    const GENERAL: &str = r#"{"error":"invalid_grant","error_description":"The provided authorization
        grant (e.g., authorization code) or refresh token is invalid, expired, revoked, does not match
        the redirection URI used in the authorization request, or was issued to another client."}"#;

    fn kind(endpoint: Endpoint, status: u16, body: &str) -> SparkErrorKind {
        let status = StatusCode::from_u16(status).unwrap();
        let complaint = Complaint::read(body.as_bytes());
        classify(endpoint, status, Some(Duration::from_secs(7)), &complaint)
    }

    /// The text in the Webex shape.
    fn webex(text: &str) -> String {
        serde_json::json!({"message": text, "errors": [{"description": text}], "trackingId": "R_1"})
            .to_string()
    }

    #[test]
    fn some_statuses_mean_the_same_everywhere() {
        let retry_after = Some(Duration::from_secs(7));
        for endpoint in [CODE, REFRESH, REST] {
            for body in ["", "<html>", r#"{"error":"invalid_grant"}"#, "[]"] {
                assert_eq!(kind(endpoint, 429, body), RateLimited { retry_after });
                assert_eq!(kind(endpoint, 423, body), RateLimited { retry_after });
                assert_eq!(kind(endpoint, 500, body), Unavailable { retry_after });
                assert_eq!(kind(endpoint, 503, body), Unavailable { retry_after });
                assert_eq!(kind(endpoint, 599, body), Unavailable { retry_after });
                assert_eq!(kind(endpoint, 408, body), TimedOut);
                assert_eq!(kind(endpoint, 302, body), Unreadable);
            }
        }
    }

    #[test]
    fn rest_calls_go_by_their_status() {
        for (status, expected) in [
            (400, Unexpected),
            (401, Unauthorized),
            (403, Forbidden),
            (404, NotFound),
            (405, Unexpected),
            (409, AlreadyDone),
            (410, Unexpected),
            (428, Unexpected),
        ] {
            assert_eq!(kind(REST, status, BROKER), expected, "{status}");
        }
    }

    #[test]
    fn a_dead_refresh_token_is_known_in_both_shapes() {
        for body in [
            BROKER.to_owned(),
            GENERAL.to_owned(),
            r#"{"error":"invalid_grant"}"#.to_owned(),
            webex("The refresh token provided is expired, revoked, malformed, or invalid."),
            webex(
                "POST failed: HTTP/1.1 400 Bad Request (url = https://a/access_token, \
                 error = '[invalid_request] Refresh-Token has been revoked')",
            ),
            webex("[invalid_grant] no"),
        ] {
            assert_eq!(kind(REFRESH, 400, &body), GrantRefused, "{body}");
            assert_eq!(kind(REFRESH, 401, &body), GrantRefused, "{body}");
        }
    }

    #[test]
    fn a_refresh_token_dies_of_nothing_less() {
        for body in [
            String::new(),
            "<html><title>Invalid refresh token</title></html>".to_owned(),
            "[]".to_owned(),
            r#"{"error":"invalid_request"}"#.to_owned(),
            r#"{"error":"invalid_scope"}"#.to_owned(),
            r#"{"error":"unsupported_grant_type","error_description":"unsupported: refresh_token"}"#
                .to_owned(),
            webex("Invalid request: the refresh_token parameter is missing."),
            webex("POST failed: HTTP/1.1 400 Bad Request (url = https://a/access_token)"),
            webex("The access token provided is expired, revoked, malformed, or invalid."),
        ] {
            assert_eq!(kind(REFRESH, 400, &body), Unexpected, "{body}");
            assert_eq!(kind(REFRESH, 403, &body), Unexpected, "{body}");
            assert_eq!(kind(REFRESH, 404, &body), Unexpected, "{body}");
        }
    }

    #[test]
    fn a_dead_code_is_known_in_both_shapes() {
        for body in [
            r#"{"error":"invalid_grant"}"#.to_owned(),
            GENERAL.to_owned(),
            r#"{"error":"invalid_request","error_description":"The code is expired or already used"}"#
                .to_owned(),
            r#"{"error":"invalid_request","error_description":"invalid code_verifier"}"#.to_owned(),
            webex("Authorization code not found."),
            webex("POST failed: HTTP/1.1 400 Bad Request (url = https://a/access_token)"),
        ] {
            assert_eq!(kind(CODE, 400, &body), GrantRefused, "{body}");
        }
        assert_eq!(kind(CODE, 400, "[]"), Unexpected);
    }

    #[test]
    fn a_faulty_integration_is_no_faulty_token() {
        for body in [
            r#"{"error":"invalid_client"}"#.to_owned(),
            r#"{"error":"unauthorized_client","error_description":"refresh token expired"}"#
                .to_owned(),
            webex("[invalid_client] POST failed: HTTP/1.1 400 Bad Request"),
            webex("The client_secret is wrong."),
            webex("Client authentication failed"),
        ] {
            for endpoint in [CODE, REFRESH] {
                for status in [400, 401, 403] {
                    let found = kind(endpoint, status, &body);
                    assert_eq!(found, IntegrationRefused, "{status} {body}");
                }
            }
        }
        for body in ["", "<html>", "[]", &webex("no")] {
            assert_eq!(kind(REFRESH, 401, body), IntegrationRefused);
            assert_eq!(kind(CODE, 401, body), IntegrationRefused);
        }
    }

    #[test]
    fn a_wrong_redirect_uri_is_a_fault_of_the_integration() {
        for body in [
            r#"{"error":"redirect_uri_mismatch","error_description":"The redirect URI does not match"}"#
                .to_owned(),
            r#"{"error":"invalid_grant","error_description":"redirect_uri mismatch"}"#.to_owned(),
            webex("Redirect URL is invalid for this code"),
        ] {
            assert_eq!(kind(CODE, 400, &body), IntegrationRefused, "{body}");
        }
    }
}
