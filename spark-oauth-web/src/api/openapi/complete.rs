//! What all calls share: their problems, and the fields of their answers.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::api::code::Code;

/// Where a call names the codes that are its own.
pub(super) const CODES: &str = "x-problem-codes";

/// What can go wrong with any call.
const EVERYWHERE: [Code; 4] = [
    Code::InvalidRequest,
    Code::KeyInUrl,
    Code::Internal,
    Code::TimedOut,
];

/// What can go wrong with a call that wants a key.
const BEHIND_THE_GATE: [Code; 9] = [
    Code::KeyMissing,
    Code::KeyMalformed,
    Code::KeyMistyped,
    Code::KeyUnknown,
    Code::KeyExpired,
    Code::KeyRevoked,
    Code::InsufficientScope,
    Code::RateLimited,
    Code::StoreUnavailable,
];

/// Completes a document.
pub(super) fn complete(mut document: Value) -> Value {
    let paths = document["paths"].as_object_mut();
    for path in paths.into_iter().flat_map(Map::values_mut) {
        let operations = path.as_object_mut();
        for operation in operations.into_iter().flat_map(Map::values_mut) {
            complete_operation(operation);
        }
    }
    document
}

fn complete_operation(operation: &mut Value) {
    let is_guarded = operation["security"].is_array();
    let codes = codes_of(operation, is_guarded);
    operation[CODES] = codes.iter().map(|code| code.as_str()).collect();
    if is_guarded {
        let scope = operation["security"][0]["bearer"][0].clone();
        operation["x-required-scope"] = scope;
    } else {
        // An empty list says that a call needs no key. Without it, linters and
        // generators have to guess.
        operation["security"] = json!([]);
    }
    let Some(responses) = operation["responses"].as_object_mut() else {
        return;
    };
    for response in responses.values_mut() {
        add_headers(response, &usual_headers(is_guarded));
    }
    let mut by_status: BTreeMap<u16, Vec<Code>> = BTreeMap::new();
    for code in codes {
        by_status
            .entry(code.status().as_u16())
            .or_default()
            .push(code);
    }
    for (status, codes) in by_status {
        responses.insert(status.to_string(), problem(status, &codes, is_guarded));
    }
}

/// In the order of the list of codes.
fn codes_of(operation: &Value, is_guarded: bool) -> Vec<Code> {
    let own = operation[CODES].as_array().map(Vec::as_slice);
    let is_own = |code: Code| own.is_some_and(|own| own.iter().any(|word| word == code.as_str()));
    let is_shared =
        |code: &Code| EVERYWHERE.contains(code) || is_guarded && BEHIND_THE_GATE.contains(code);
    let all = Code::ALL.iter().copied();
    all.filter(|code| is_own(*code) || is_shared(code))
        .collect()
}

/// The response with `status`. Its schema is `Problem` itself: client generators drop a
/// response whose schema narrows another one by `allOf`. The description, the examples
/// and the operation's `x-problem-codes` list the codes that can occur.
fn problem(status: u16, codes: &[Code], is_guarded: bool) -> Value {
    let listed: Vec<_> = codes
        .iter()
        .map(|code| format!("- `{}`: {}", code.as_str(), code.explanation()))
        .collect();
    let examples: Map<_, _> = codes
        .iter()
        .map(|code| (code.as_str().to_owned(), json!({ "value": example(*code) })))
        .collect();
    let mut response = json!({
        "description": format!("{}\n\n{}", reason(status), listed.join("\n")),
        "content": {
            "application/problem+json": {
                "schema": { "$ref": "#/components/schemas/Problem" },
                "examples": examples,
            },
        },
    });
    let mut headers = usual_headers(is_guarded && status != 401);
    if matches!(status, 401 | 403) {
        headers.push((
            "WWW-Authenticate",
            "string",
            "Why the key is not accepted (RFC 6750).",
        ));
    }
    if matches!(status, 429 | 503 | 504) {
        headers.push((
            "Retry-After",
            "integer",
            "In how many seconds to come back, where that is known.",
        ));
    }
    add_headers(&mut response, &headers);
    response
}

fn example(code: Code) -> Value {
    let mut example = json!({
        "type": format!("/api/v1/docs#{}", code.as_str()),
        "title": code.title(),
        "status": code.status().as_u16(),
        "detail": code.explanation(),
        "code": code.as_str(),
        "request_id": "01JAZ0Q9M4R2V6X8C1B3D5F7H9",
    });
    match code {
        Code::InvalidRequest => {
            example["detail"] = "parameter limit: a whole number from 1 to 200".into();
        }
        Code::InsufficientScope => example["scope"] = "tokens:use".into(),
        Code::Ambiguous => {
            example["ids"] = json!(["01J9ZQ4X7V3T8K2M5N6P7R8S9T", "01JA3B5C7D9E1F2G4H6J8K0M2N"]);
        }
        Code::NeedsConsent => {
            example["reason"] = "refresh_refused".into();
            example["consent_url"] = "https://tokens.example.com/consent/r1.AbCdEf".into();
        }
        Code::RefreshingPaused => example["reason"] = "outage".into(),
        Code::ProviderUnavailable | Code::ProviderRefused => {
            example["tracking_id"] = "ROUTER_5F3B1C2D-0A1B-4C3D-9E8F-A1B2C3D4E5F6".into();
        }
        _ => {}
    }
    example
}

type Header = (&'static str, &'static str, &'static str);

fn usual_headers(is_limited: bool) -> Vec<Header> {
    let mut headers = vec![(
        "X-Request-Id",
        "string",
        "The identifier of the request, under which our log knows it.",
    )];
    if is_limited {
        headers.extend([
            (
                "RateLimit",
                "string",
                "What the key has left, where it is limited: `\"key\";r=59;t=1` \
                 (draft-ietf-httpapi-ratelimit-headers-10).",
            ),
            (
                "RateLimit-Policy",
                "string",
                "How many requests the key may make in how many seconds, where it is limited: \
                 `\"key\";q=60;w=60`.",
            ),
        ]);
    }
    headers
}

fn add_headers(response: &mut Value, headers: &[Header]) {
    for (name, kind, description) in headers {
        response["headers"][*name] =
            json!({ "description": description, "schema": { "type": kind } });
    }
}

fn reason(status: u16) -> &'static str {
    axum::http::StatusCode::from_u16(status)
        .ok()
        .and_then(|status| status.canonical_reason())
        .unwrap_or("Error")
}
