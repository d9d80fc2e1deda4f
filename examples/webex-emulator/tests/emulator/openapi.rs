//! Real answers against the vendor's own `OpenAPI` description.

use jsonschema::Draft;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::harness::{ALICE, ALL, BOB, Harness, Reply};

/// Documented for listed messages only, yet answered for a posted one too.
const UNDECLARED: [&str; 1] = ["html"];

fn description() -> Value {
    serde_json::from_str(include_str!("../data/webex-openapi.json")).unwrap()
}

/// What is not as described: a wrong shape, or a field that is not described.
fn problems(method: &str, path: &str, body: &Value) -> Vec<String> {
    let mut document = description();
    let path = path.replace('/', "~1");
    let pointer = format!("/paths/{path}/{method}/responses/200/content/application~1json/schema");
    let schema = document
        .pointer(&pointer)
        .unwrap_or_else(|| panic!("no {pointer}"))
        .clone();
    let mut problems = undeclared(&document, &schema, body);

    // The fragment of a reference is percent-encoded, a JSON pointer is not.
    let fragment = pointer.replace('{', "%7B").replace('}', "%7D");
    document["$ref"] = Value::String(format!("#{fragment}"));
    let validator = jsonschema::options()
        .with_draft(Draft::Draft4)
        .build(&document)
        .unwrap();
    problems.extend(validator.iter_errors(body).map(|error| error.to_string()));
    problems
}

fn assert_described(method: &str, path: &str, reply: &Reply) {
    assert_eq!(reply.status, StatusCode::OK, "{reply:?}");
    let problems = problems(method, path, &reply.body);
    assert!(problems.is_empty(), "{method} {path}: {problems:?}");
}

/// The schemas leave every field optional and forbid none, so that alone they
/// would let a misspelled name pass.
fn undeclared(document: &Value, schema: &Value, instance: &Value) -> Vec<String> {
    if let Some(reference) = schema["$ref"].as_str() {
        let target = document.pointer(reference.trim_start_matches('#')).unwrap();
        return undeclared(document, target, instance);
    }
    match instance {
        Value::Object(fields) => fields
            .iter()
            .flat_map(|(name, value)| match schema["properties"].get(name) {
                Some(schema) => undeclared(document, schema, value),
                None if UNDECLARED.contains(&name.as_str()) => Vec::new(),
                None => vec![format!("`{name}` is not described")],
            })
            .collect(),
        Value::Array(items) => items
            .iter()
            .flat_map(|item| undeclared(document, &schema["items"], item))
            .collect(),
        _ => Vec::new(),
    }
}

/// That the fields that the product reads are all there.
fn assert_has(reply: &Reply, fields: &[&str]) {
    for field in fields {
        assert!(!reply.body[field].is_null(), "no {field} in {reply:?}");
    }
}

#[test]
fn the_validation_notices_a_wrong_type_and_a_misspelled_name() {
    for (wrong, problem) in [
        (json!({ "id": 7 }), "7 is not of type \"string\""),
        (json!({ "type": "grup" }), "\"grup\" is not one of"),
        (json!({ "tittle": "x" }), "tittle"),
    ] {
        let problems = problems("post", "/rooms", &wrong);
        assert!(
            problems.len() == 1 && problems[0].contains(problem),
            "{problems:?}"
        );
    }
    assert!(problems("post", "/rooms", &json!({ "title": "x" })).is_empty());
}

#[tokio::test]
async fn people_are_as_described() {
    let harness = Harness::start().await;
    let token = harness.tokens(ALICE, ALL).await.access;
    let me = harness.get("/people/me", &token).await;
    assert_described("get", "/people/me", &me);
    let fields = [
        "id",
        "emails",
        "displayName",
        "nickName",
        "firstName",
        "lastName",
        "orgId",
        "created",
        "status",
        "type",
    ];
    assert_has(&me, &fields);
}

#[tokio::test]
async fn rooms_memberships_and_messages_are_as_described() {
    let harness = Harness::start().await;
    let token = harness.tokens(ALICE, ALL).await.access;
    let room = harness
        .post("/rooms", &token, json!({ "title": "t", "isLocked": true }))
        .await;
    assert_described("post", "/rooms", &room);
    let fields = [
        "id",
        "title",
        "type",
        "isLocked",
        "lastActivity",
        "creatorId",
        "created",
        "ownerId",
    ];
    assert_has(&room, &fields);
    let id = room.text("id");
    let read = harness.get(&format!("/rooms/{id}"), &token).await;
    assert_described("get", "/rooms/{roomId}", &read);

    let invited = json!({ "roomId": id, "personEmail": BOB, "isModerator": true });
    let membership = harness.post("/memberships", &token, invited).await;
    assert_described("post", "/memberships", &membership);
    let fields = [
        "id",
        "roomId",
        "personId",
        "personEmail",
        "personDisplayName",
        "personOrgId",
        "isModerator",
        "isMonitor",
        "created",
    ];
    assert_has(&membership, &fields);

    for (body, markdown) in [
        (
            json!({ "roomId": id, "text": "t", "markdown": "*t*" }),
            true,
        ),
        (json!({ "toPersonEmail": BOB, "text": "t" }), false),
    ] {
        let message = harness.post("/messages", &token, body).await;
        assert_described("post", "/messages", &message);
        assert_has(
            &message,
            &[
                "id",
                "roomId",
                "roomType",
                "text",
                "personId",
                "personEmail",
                "created",
            ],
        );
        assert_eq!(message.body["html"].is_string(), markdown);
        assert_eq!(message.body["markdown"].is_string(), markdown);
    }
}

#[tokio::test]
async fn lists_and_changes_are_as_described() {
    let harness = Harness::start().await;
    let token = harness.tokens(ALICE, ALL).await.access;
    let room = harness
        .post("/rooms", &token, json!({ "title": "t" }))
        .await;
    let id = room.text("id");
    let message = json!({ "roomId": id, "markdown": "*t*" });
    harness.post("/messages", &token, message).await;
    let change = Some(json!({ "title": "u", "isLocked": true }));
    let changed = harness
        .call(Method::PUT, &format!("/rooms/{id}"), &token, change)
        .await;
    assert_described("put", "/rooms/{roomId}", &changed);
    for (path, query) in [
        ("/rooms", String::new()),
        ("/memberships", format!("?roomId={id}")),
        ("/messages", format!("?roomId={id}")),
    ] {
        let list = harness.get(&format!("{path}{query}"), &token).await;
        assert_described("get", path, &list);
        assert_eq!(list.body["items"].as_array().unwrap().len(), 1, "{path}");
    }
}

#[tokio::test]
async fn authorizations_are_as_described() {
    let harness = Harness::start().await;
    let token = harness.tokens(ALICE, ALL).await.access;
    let list = harness
        .get(&format!("/authorizations?personEmail={ALICE}"), &token)
        .await;
    assert_described("get", "/authorizations", &list);
    assert_eq!(list.body["items"].as_array().unwrap().len(), 1);
    let expiry = harness.get("/authorizations/tokenExpiry", &token).await;
    assert_described("get", "/authorizations/tokenExpiry", &expiry);
}

#[tokio::test]
async fn what_answers_nothing_answers_the_described_status() {
    let harness = Harness::start().await;
    let token = harness.tokens(ALICE, ALL).await.access;
    let room = harness
        .post("/rooms", &token, json!({ "title": "t" }))
        .await;
    let deleted = harness
        .delete(&format!("/rooms/{}", room.text("id")), &token)
        .await;
    let list = harness
        .get(&format!("/authorizations?personEmail={ALICE}"), &token)
        .await;
    let id = list.body["items"][0]["id"].as_str().unwrap();
    let revoked = harness
        .delete(&format!("/authorizations/{id}"), &token)
        .await;
    for (path, reply) in [
        ("/rooms/{roomId}", deleted),
        ("/authorizations/{authorizationId}", revoked),
    ] {
        let responses = &description()["paths"][path]["delete"]["responses"];
        assert!(
            !responses[reply.status.as_str()].is_null(),
            "{path}: {reply:?}"
        );
        assert_eq!(reply.body, Value::Null);
    }
}
