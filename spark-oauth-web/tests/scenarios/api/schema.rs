//! The schema accepts what the server accepts, and nothing else: a client that checks a
//! value before it sends it is right.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Scene, make_key};
use crate::harness::{DOCUMENT, Setup};

/// Letters of one, two, three and four bytes in UTF-8; the last is two units in UTF-16.
const LETTERS: [&str; 4] = ["a", "é", "山", "😀"];

fn fits_the_schema(body: &Value) -> bool {
    let mut schema = json!({ "$ref": "#/components/schemas/NewConsentLink" });
    schema["components"] = DOCUMENT["components"].clone();
    let validator = jsonschema::options()
        .should_validate_formats(true)
        .build(&schema);
    validator.unwrap().is_valid(body)
}

fn bodies() -> Vec<Value> {
    let mut bodies = vec![
        json!({ "return_to": format!("https://app.example.com/{}", "x".repeat(1_976)) }),
        json!({ "return_to": format!("https://app.example.com/{}", "x".repeat(1_977)) }),
        // Normalization makes these longer.
        json!({ "return_to": format!("https://app.example.com?{}", "'".repeat(1_976)) }),
        json!({ "return_to": format!("https://app.example.com?{}", "'".repeat(1_977)) }),
        json!({ "return_to": "/relative" }),
        json!({ "scopes": [] }),
        json!({ "scopes": ["spark:rooms_read "] }),
        json!({ "scopes": ["spark:rooms_read"] }),
        json!({ "expires_in": 59 }),
        json!({ "expires_in": 60 }),
        json!({ "expires_in": 60.5 }),
        json!({ "expires_in": 7_776_001 }),
        json!({ "single_use": "yes" }),
        json!({ "unknown": 1 }),
    ];
    for letter in LETTERS {
        for length in [1, 500, 501] {
            bodies.push(json!({ "note": letter.repeat(length) }));
        }
        for length in [254, 255] {
            let local = letter.repeat(length - "@example.com".len());
            bodies.push(json!({ "expected_email": format!("{local}@example.com") }));
        }
    }
    for hidden in [
        "\u{7}", "\u{200b}", "\u{202e}", "\u{2066}", "\u{feff}", "\t", "\r",
    ] {
        bodies.push(json!({ "note": format!("a{hidden}b") }));
        bodies.push(json!({ "note": format!("a{hidden}") }));
    }
    bodies.push(json!({ "note": "\u{200d}" }));
    bodies.push(json!({ "note": "two\nlines, and 👩\u{200d}💻" }));
    bodies.push(json!({ "note": " spaces around " }));
    bodies
}

#[tokio::test]
async fn new_consent_links_are_accepted_exactly_where_the_schema_accepts_them() {
    let scene = Scene::with(Setup::on_disk().variable(
        "SPARK_OAUTH__CONSENTLINKS__RETURNTO",
        "https://app.example.com",
    ))
    .await;
    let key = make_key(&scene.admin, &[("scope", "consents:request")]).await;
    let service = scene.service.with_key(Some(&key.text));
    let (mut accepted, mut refused) = (0, 0);
    for body in bodies() {
        let ask = service.ask(Method::POST, "/consent-links");
        let answer = service
            .send(ask.body("application/json", body.to_string()))
            .await;
        let is_accepted = answer.status == 201;
        assert_eq!(fits_the_schema(&body), is_accepted, "{body}: {answer:?}");
        *(if is_accepted {
            &mut accepted
        } else {
            &mut refused
        }) += 1;
    }
    assert!(accepted > 10 && refused > 10, "{accepted}, {refused}");
}
