//! Calls, as the document has them.

use axum::http::StatusCode;
use serde_json::Value;
use url::Url;

use super::schema::Schemas;
use super::{Answer, Call, Field, Group, Prose};

/// The calls by their tags, in the order of the tags.
pub(super) fn groups(document: &Value, public_url: &Url) -> Vec<Group> {
    let tags = document["tags"].as_array().into_iter().flatten();
    let calls = calls(document, public_url);
    tags.map(|tag| {
        let name = text(&tag["name"]);
        let mine = calls.iter().filter(|(tag, _)| *tag == name);
        Group {
            about: Prose::of(&text(&tag["description"])),
            calls: mine.map(|(_, call)| call.clone()).collect(),
            name,
        }
    })
    .collect()
}

/// Every call with its tag.
fn calls(document: &Value, public_url: &Url) -> Vec<(String, Call)> {
    let mut found = Vec::new();
    for (path, operations) in document["paths"].as_object().into_iter().flatten() {
        for (method, operation) in operations.as_object().into_iter().flatten() {
            let schemas = Schemas(document);
            let call = call(schemas, public_url, method, path, operation);
            found.push((text(&operation["tags"][0]), call));
        }
    }
    found
}

fn call<'d>(
    schemas: Schemas<'d>,
    public_url: &Url,
    method: &str,
    path: &str,
    operation: &'d Value,
) -> Call {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let responses = operation["responses"].as_object().into_iter().flatten();
    let is_problem = |status: &str| status.starts_with(['4', '5']);
    let (problems, answers): (Vec<_>, Vec<_>) =
        responses.partition(|(status, _)| is_problem(status));
    let sent = &operation["requestBody"]["content"]["application/json"]["schema"];
    Call {
        id: text(&operation["operationId"]),
        method: method.to_uppercase(),
        path: path.to_owned(),
        summary: text(&operation["summary"]).trim_end_matches('.').to_owned(),
        about: Prose::paragraphs(&text(&operation["description"])),
        scope: operation["x-required-scope"].as_str().map(str::to_owned),
        parameters: parameters
            .map(|parameter| field(schemas, parameter))
            .collect(),
        body: schemas.fields(sent),
        answers: answers
            .into_iter()
            .map(|(status, response)| answer(schemas, status, response))
            .collect(),
        problems: problems
            .into_iter()
            .map(|(status, response)| (with_words(status), codes(response)))
            .collect(),
        curl: curl(schemas, public_url, method, path, operation),
    }
}

fn field<'d>(schemas: Schemas<'d>, parameter: &'d Value) -> Field {
    Field {
        name: text(&parameter["name"]),
        place: text(&parameter["in"]),
        required: parameter["required"] == true,
        kind: schemas.kind(&parameter["schema"]),
        about: Prose::of(&text(&parameter["description"])),
    }
}

fn answer<'d>(schemas: Schemas<'d>, status: &str, response: &'d Value) -> Answer {
    let schema = &response["content"]["application/json"]["schema"];
    let fields = schemas.fields(schema);
    let sample = || serde_json::to_string_pretty(&schemas.sample(schema)).ok();
    Answer {
        status: with_words(status),
        about: Prose::of(&text(&response["description"])),
        example: if fields.is_empty() { None } else { sample() },
        fields,
    }
}

fn codes(response: &Value) -> Vec<String> {
    let examples = &response["content"]["application/problem+json"]["examples"];
    let examples = examples.as_object().into_iter().flatten();
    examples.map(|(code, _)| code.clone()).collect()
}

/// The call at the command line. What a shell would read otherwise is quoted.
fn curl<'d>(
    schemas: Schemas<'d>,
    public_url: &Url,
    method: &str,
    path: &str,
    operation: &'d Value,
) -> String {
    let mut place = path.to_owned();
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        if parameter["in"] == "path" {
            let example = text(&parameter["example"]);
            place = place.replace(&format!("{{{}}}", text(&parameter["name"])), &example);
        }
    }
    let base = public_url.as_str().trim_end_matches('/');
    let mut lines = vec![format!("curl '{base}{place}'")];
    if method != "get" {
        lines[0] = format!("curl -X {} '{base}{place}'", method.to_uppercase());
    }
    if operation["x-required-scope"].is_string() {
        lines.push("-H \"Authorization: Bearer $SPARK_OAUTH_KEY\"".to_owned());
    }
    let sent = &operation["requestBody"]["content"]["application/json"]["schema"];
    if !sent.is_null() {
        lines.push("-H 'Content-Type: application/json'".to_owned());
        lines.push(format!("-d '{}'", schemas.sample(sent)));
    }
    lines.join(" \\\n  ")
}

fn with_words(status: &str) -> String {
    let words = StatusCode::from_bytes(status.as_bytes()).ok();
    match words.and_then(|status| status.canonical_reason()) {
        Some(words) => format!("{status} {words}"),
        None => status.to_owned(),
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
