//! Section `webhooks`.

use spark_oauth_core::event::EventType;

use super::*;

const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

fn with_webhooks(section: Value) -> Value {
    let mut json = minimal();
    json["webhooks"] = section;
    json
}

fn refusal(section: Value) -> String {
    let found = mistakes(load(&with_webhooks(section)));
    assert_eq!(found.len(), 1, "{found:#?}");
    found.into_iter().next().unwrap()
}

#[test]
fn without_the_section_nobody_is_told() {
    assert!(load(&minimal()).unwrap().0.webhooks.is_none());
}

#[test]
fn an_address_and_a_secret_are_enough() {
    for url in ["https://example.com/hooks?key=1", "http://127.0.0.1:8080/h"] {
        let json = with_webhooks(json!({ "url": url, "secret": SECRET }));
        let (config, warnings) = load(&json).unwrap();
        assert_eq!(warnings, []);
        let webhooks = config.webhooks.unwrap();
        assert_eq!(webhooks.url.as_str(), url);
        assert_eq!(webhooks.events, EventType::ALL);
        let shown = format!("{webhooks:?}");
        assert!(!shown.contains("key") && !shown.contains("C2FV"), "{shown}");
    }
}

#[test]
fn each_needs_the_other() {
    assert!(
        refusal(json!({ "url": "https://example.com/" })).starts_with("webhooks.secret: missing")
    );
    assert!(refusal(json!({ "secret": SECRET })).starts_with("webhooks.url: missing"));
    let found = mistakes(load(&with_webhooks(json!({ "events": ["token.granted"] }))));
    assert_eq!(found.len(), 2, "{found:#?}");
}

#[test]
fn an_address_that_leaks_is_refused_unless_it_is_allowed() {
    let plain = json!({ "url": "http://example.com/s3cret", "secret": SECRET });
    let text = refusal(plain.clone());
    assert!(
        text.contains("in the clear") && text.contains("allowHttp"),
        "{text}"
    );
    assert!(!text.contains("s3cret"), "{text}");
    let mut allowed = plain;
    allowed["allowHttp"] = json!(true);
    let (config, warnings) = load(&with_webhooks(allowed)).unwrap();
    assert!(config.webhooks.is_some());
    assert_eq!(places(&warnings), ["webhooks.allowHttp"]);
    for url in [
        "ftp://example.com",
        "https://user:pw@example.com/",
        "/hooks",
    ] {
        refusal(json!({ "url": url, "secret": SECRET }));
    }
}

#[test]
fn events_may_be_chosen_and_an_unknown_one_is_refused() {
    let section = |events: Value| json!({ "url": "https://example.com/", "secret": SECRET, "events": events });
    let chosen = json!(["token.needs_consent", "integration.paused"]);
    let (config, _) = load(&with_webhooks(section(chosen))).unwrap();
    let events = config.webhooks.unwrap().events;
    assert_eq!(events, [EventType::NeedsConsent, EventType::Paused]);
    let text = refusal(section(json!(["token.lost"])));
    assert!(
        text.contains("\"token.lost\"") && text.contains("token.granted"),
        "{text}"
    );
    refusal(section(json!([])));

    let (config, _) = load_with_environment(
        &minimal(),
        &[
            ("SPARK_OAUTH__WEBHOOKS__URL", "https://example.com/"),
            ("SPARK_OAUTH__WEBHOOKS__SECRET", SECRET),
            (
                "SPARK_OAUTH__WEBHOOKS__EVENTS",
                "token.granted, token.removed",
            ),
        ],
    )
    .unwrap();
    let events = config.webhooks.unwrap().events;
    assert_eq!(events, [EventType::Granted, EventType::Removed]);
}

#[test]
fn a_secret_is_refused_without_being_shown() {
    let text = refusal(json!({ "url": "https://example.com/", "secret": "whsec_c2hvcnQ=" }));
    assert!(
        text.contains("5 bytes") && text.contains("openssl"),
        "{text}"
    );
    assert!(!text.contains("c2hvcnQ"), "{text}");
}
