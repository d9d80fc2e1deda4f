//! The document is complete, true, and the one in the repository.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use super::document;
use crate::api::code::Code;
use crate::api::parameters::{LARGEST_LIMIT, LONGEST_MIN_TTL, USUAL_LIMIT, USUAL_MIN_TTL};

fn operations() -> Vec<(String, &'static Value)> {
    let mut found = Vec::new();
    for (path, operations) in document()["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            found.push((format!("{method} {path}"), operation));
        }
    }
    found
}

fn parameter(operation: &str, name: &str) -> &'static Value {
    let operations = operations();
    let (_, operation) = operations.iter().find(|(id, _)| id == operation).unwrap();
    let parameters = operation["parameters"].as_array().unwrap();
    let found = parameters
        .iter()
        .find(|parameter| parameter["name"] == name);
    &found.unwrap()["schema"]
}

#[test]
fn the_file_in_the_repository_is_the_document() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        let text = serde_json::to_string_pretty(document()).unwrap();
        std::fs::write(&path, text + "\n").unwrap();
    }
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    let stored: Value = serde_json::from_str(&text).unwrap_or_default();
    assert!(
        &stored == document(),
        "openapi.json is stale; write it anew with\n    \
         UPDATE_OPENAPI=1 cargo test -p spark-oauth-web --lib openapi"
    );
}

#[test]
fn every_call_says_all_that_there_is_to_say() {
    for (id, operation) in operations() {
        for field in ["summary", "description", "operationId"] {
            assert!(
                !operation[field].as_str().unwrap_or_default().is_empty(),
                "{id}: {field}"
            );
        }
        assert_eq!(operation["tags"].as_array().unwrap().len(), 1, "{id}");
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            assert!(parameter["description"].is_string(), "{id}: {parameter}");
        }
        let responses = operation["responses"].as_object().unwrap();
        for (status, response) in responses {
            assert!(
                response["description"].as_str().unwrap().len() > 5,
                "{id}: {status}"
            );
        }
        let security = operation["security"].as_array();
        let is_guarded = !security
            .unwrap_or_else(|| panic!("{id}: security"))
            .is_empty();
        assert_eq!(is_guarded, responses.contains_key("403"), "{id}");
        assert_eq!(
            is_guarded,
            operation["x-required-scope"].is_string(),
            "{id}"
        );
    }
}

#[test]
fn every_code_that_a_call_names_stands_in_the_list_and_most_are_named() {
    let known: BTreeSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
    let mut named = BTreeSet::new();
    for (id, operation) in operations() {
        for code in operation["x-problem-codes"].as_array().unwrap() {
            let code = code.as_str().unwrap();
            assert!(known.contains(code), "{id}: {code}");
            named.insert(code);
        }
    }
    let elsewhere = ["no_such_path", "method_not_allowed"];
    let bodies = ["body_too_large", "unsupported_media_type", "invalid_value"];
    for code in known.difference(&named) {
        assert!(
            elsewhere.contains(code) || bodies.contains(code),
            "no call names {code}"
        );
    }
}

#[test]
fn the_bounds_of_the_parameters_are_those_that_are_kept() {
    let limit = parameter("get /api/v1/tokens", "limit");
    assert_eq!(
        (&limit["minimum"], &limit["maximum"]),
        (&1.into(), &LARGEST_LIMIT.into())
    );
    assert_eq!(limit["default"], USUAL_LIMIT.get());
    let call = "get /api/v1/tokens/{id}/access-token";
    let min_ttl = parameter(call, "min_ttl");
    assert_eq!(
        (&min_ttl["minimum"], &min_ttl["maximum"]),
        (&0.into(), &LONGEST_MIN_TTL.into())
    );
    assert_eq!(min_ttl["default"], USUAL_MIN_TTL);
}
