//! Consent links from outside: made by a service or an admin, opened by persons, sent,
//! and followed to their end.

mod ending;

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use url::Url;

use crate::harness::{ALICE, BOB, Browser, Page, REQUESTER, Rig, Setup, on_every_store};

on_every_store!(
    the_person_consents_and_the_service_learns_of_it,
    another_person_is_refused_and_nothing_is_stored,
    of_two_at_once_one_consents,
    a_link_is_sent_as_a_message_of_the_requester,
    a_lost_consent_is_renewed_under_the_link_of_the_error,
);

const PLACE: &str = "https://app.example.com/connected";

fn configured(setup: Setup) -> Setup {
    setup.variable(
        "SPARK_OAUTH__CONSENTLINKS__RETURNTO",
        "https://app.example.com",
    )
}

/// A service with a key of its own.
struct Service {
    browser: Browser,
    key: String,
}

impl Service {
    async fn of(rig: &Rig, admin: &Browser) -> Self {
        let form = admin.open("/admin/keys/new").await.form("/admin/keys");
        let form = form.set("name", "onboarding");
        let form = form.tick("scope", "consents:request");
        let form = form.tick("scope", "tokens:use");
        let made = admin.submit(form.tick("scope", "tokens:read")).await;
        Self {
            browser: rig.browser(),
            key: made.secrets().remove(0),
        }
    }

    async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> (u16, Value) {
        let ask = self.browser.ask(method, &format!("/api/v1{path}")).bare();
        let ask = ask.header("authorization", format!("Bearer {}", self.key));
        let ask = match body {
            Some(body) => ask.body("application/json", body.to_string()),
            None => ask,
        };
        let page = self.browser.send(ask).await;
        let answer = serde_json::from_slice(&page.body);
        (page.status.as_u16(), answer.unwrap_or_default())
    }

    async fn make(&self, body: &Value) -> Value {
        let (status, link) = self.call(Method::POST, "/consent-links", Some(body)).await;
        assert_eq!(status, 201, "{link}");
        link
    }

    async fn refusal(&self, body: &Value) -> (u16, String) {
        let (status, problem) = self.call(Method::POST, "/consent-links", Some(body)).await;
        (
            status,
            problem["code"].as_str().unwrap_or_default().to_owned(),
        )
    }

    async fn read(&self, link: &Value) -> Value {
        let path = format!("/consent-links/{}", link["id"].as_str().unwrap());
        let (status, link) = self.call(Method::GET, &path, None).await;
        assert_eq!(status, 200, "{link}");
        link
    }
}

fn url_of(link: &Value) -> String {
    link["url"].as_str().unwrap().to_owned()
}

/// From the page of a link to the provider's.
async fn ask(browser: &Browser, url: &str) -> Page {
    let page = browser.open(url).await;
    browser.submit(page.form("/auth/spark")).await
}

async fn accept(browser: &Browser, asked: &Page, email: &str) -> Page {
    let form = asked.form("/v1/authorize").by_person(email);
    browser.submit(form.press("decision", "accept")).await
}

async fn the_person_consents_and_the_service_learns_of_it(setup: Setup) {
    let rig = Rig::with(configured(setup)).await;
    let admin = rig.super_admin().await;
    let service = Service::of(&rig, &admin).await;
    let link = service
        .make(&json!({
            "scopes": ["spark:rooms_read"],
            "note": "For the <b>weekly</b> report.",
            "expected_email": ALICE,
            "return_to": format!("{PLACE}?x=1"),
            "single_use": true,
        }))
        .await;
    assert_eq!(link["state"], "open");
    assert_eq!(
        link["scopes"],
        json!(["spark:people_read", "spark:rooms_read"])
    );
    let browser = rig.browser();
    // Chat programs look first.
    for _ in 0..3 {
        let seen = browser.open(&url_of(&link)).await;
        assert!(
            seen.content().contains("For the <b>weekly</b> report."),
            "{seen:?}"
        );
        assert!(seen.content().contains(ALICE), "{seen:?}");
    }
    let receipt = accept(&browser, &ask(&browser, &url_of(&link)).await, ALICE).await;
    assert_eq!(receipt.heading(), "Access granted");
    let back = receipt.link("Back to app.example.com");
    assert_eq!(back, format!("{PLACE}?x=1&spark_oauth=granted"));
    let read = service.read(&link).await;
    assert_eq!(read["state"], "granted");
    assert_eq!(read["email"], ALICE);
    let path = format!(
        "/tokens/{}/access-token",
        read["token_id"].as_str().unwrap()
    );
    let (status, token) = service.call(Method::GET, &path, None).await;
    assert_eq!(status, 200, "{token}");
    assert_eq!(token["email"], ALICE);
    rig.browser()
        .open(&url_of(&link))
        .await
        .assert_error(410, "This link was used");
}

async fn another_person_is_refused_and_nothing_is_stored(setup: Setup) {
    let rig = Rig::with(configured(setup)).await;
    let admin = rig.super_admin().await;
    let service = Service::of(&rig, &admin).await;
    let link = service.make(&json!({ "expected_email": ALICE })).await;
    let browser = rig.browser();
    let refused = accept(&browser, &ask(&browser, &url_of(&link)).await, BOB).await;
    refused.assert_error(403, "Somebody else was asked");
    assert!(!refused.content().contains(ALICE), "masked: {refused:?}");
    assert!(
        refused.content().contains("a•••@example.com"),
        "{refused:?}"
    );
    let (_, tokens) = service.call(Method::GET, "/tokens", None).await;
    assert_eq!(tokens["items"], json!([]));
    assert_eq!(service.read(&link).await["state"], "open");
    assert_eq!(rig.upstream.stats().revocations, 1);
    // The page leads on, to the other account.
    let page = browser.open(&refused.link("Use another account")).await;
    let asked = browser.submit(page.form("/auth/spark")).await;
    let query: Vec<_> = asked.url.query_pairs().into_owned().collect();
    assert!(
        query.contains(&("prompt".to_owned(), "select_account".to_owned())),
        "{query:?}"
    );
    let receipt = accept(&browser, &asked, ALICE).await;
    assert_eq!(receipt.heading(), "Access granted");
    assert_eq!(service.read(&link).await["state"], "granted");
}

async fn of_two_at_once_one_consents(setup: Setup) {
    let rig = Rig::with(configured(setup)).await;
    let admin = rig.super_admin().await;
    let service = Service::of(&rig, &admin).await;
    let link = service.make(&json!({ "single_use": true })).await;
    let mut callbacks = Vec::new();
    for person in [ALICE, BOB] {
        let browser = rig.browser();
        let asked = ask(&browser, &url_of(&link)).await;
        let form = asked.form("/v1/authorize").by_person(person);
        let sent = browser.submit_only(form.press("decision", "accept")).await;
        callbacks.push((browser, sent.location().to_owned()));
    }
    let [(one, first), (two, second)] = &callbacks[..] else {
        panic!("two persons");
    };
    let (one, two) = tokio::join!(one.open(first), two.open(second));
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 410], "{one:?} {two:?}");
    let (_, tokens) = service.call(Method::GET, "/tokens", None).await;
    assert_eq!(tokens["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn links_that_ended_or_were_mistyped_say_so() {
    let rig = Rig::with(configured(Setup::default())).await;
    let admin = rig.super_admin().await;
    let service = Service::of(&rig, &admin).await;
    let link = service.make(&json!({ "expires_in": 60 })).await;
    let url = url_of(&link);
    let browser = rig.browser();
    for wrong in [
        &url[..url.len() - 1],
        &format!("{url}A"),
        "/consent/x",
        "/consent/%00",
    ] {
        let page = browser.open(wrong).await;
        page.assert_error(404, "This link is not complete");
    }
    rig.advance(Duration::from_mins(1));
    browser
        .open(&url)
        .await
        .assert_error(410, "This link has expired");
    let text = url.rsplit('/').next().unwrap();
    let posted = browser.post("/auth/spark", &[("link", text)]).await;
    posted.assert_error(410, "This link has expired");
    assert_eq!(service.read(&link).await["state"], "expired");
}

#[tokio::test]
async fn who_declines_is_led_back() {
    let rig = Rig::with(configured(Setup::default())).await;
    let admin = rig.super_admin().await;
    let service = Service::of(&rig, &admin).await;
    let link = service.make(&json!({ "return_to": PLACE })).await;
    let browser = rig.browser();
    let asked = ask(&browser, &url_of(&link)).await;
    let declined = asked.form("/v1/authorize").press("decision", "decline");
    let page = browser.submit(declined).await;
    page.assert_error(403, "You declined");
    let back = page.link("Back to app.example.com");
    assert_eq!(back, format!("{PLACE}?spark_oauth=declined"));
    let again = page.link("Start again");
    assert_eq!(Url::parse(&url_of(&link)).unwrap().path(), again);
    assert_eq!(service.read(&link).await["state"], "declined");
}

#[tokio::test]
async fn what_a_link_may_not_is_refused_and_named() {
    let rig = Rig::with(configured(Setup::default())).await;
    let admin = rig.super_admin().await;
    let service = Service::of(&rig, &admin).await;
    for place in [
        "https://app.example.com.evil.com/",
        "https://app.example.com@evil.com/",
        "//app.example.com/",
        "https:/app.example.com/",
        "https://app.example.com:8443/",
        "http://app.example.com/",
        "https://evil.com\\@app.example.com/",
        "https://sub.app.example.com/",
        "javascript:alert(1)",
    ] {
        let refused = service.refusal(&json!({ "return_to": place })).await;
        assert_eq!(refused, (409, "return_not_allowed".to_owned()), "{place}");
    }
    service
        .make(&json!({ "return_to": "HTTPS://APP.example.com:443/a" }))
        .await;
    for (body, status, code) in [
        (
            json!({ "scopes": ["spark:kms"] }),
            409,
            "scope_not_registered",
        ),
        (json!({ "scopes": [] }), 422, "invalid_value"),
        (json!({ "expires_in": 59 }), 422, "invalid_value"),
        (json!({ "expires_in": 7_776_001 }), 422, "invalid_value"),
        (json!({ "note": "\u{7}" }), 422, "invalid_value"),
        (json!({ "expected_email": "nobody" }), 422, "invalid_value"),
        (json!({ "notes": "x" }), 400, "invalid_request"),
        (json!({ "single_use": "yes" }), 400, "invalid_request"),
    ] {
        let refused = service.refusal(&body).await;
        assert_eq!(refused, (status, code.to_owned()), "{body}");
    }
}

async fn a_link_is_sent_as_a_message_of_the_requester(setup: Setup) {
    let rig = Rig::with(configured(setup)).await;
    let admin = rig.super_admin().await;
    let service = Service::of(&rig, &admin).await;
    rig.upstream.provider.add_person(ALICE, "Alice", "A").ok();
    let link = service
        .make(&json!({ "expected_email": ALICE, "note": "Hello" }))
        .await;
    let path = format!("/consent-links/{}/message", link["id"].as_str().unwrap());
    let (status, refused) = service.call(Method::POST, &path, None).await;
    assert_eq!(
        (status, &refused["code"]),
        (409, &json!("no_sender")),
        "{refused}"
    );
    rig.browser().grant(REQUESTER).await;
    let (status, sent) = service.call(Method::POST, &path, None).await;
    assert_eq!(status, 200, "{sent}");
    // The admin centre asks first.
    let detail = format!("/admin/links/{}", link["id"].as_str().unwrap());
    let message = format!("{detail}/message");
    let page = admin.open(&detail).await;
    let confirm = admin.submit(page.form(&message)).await;
    assert_eq!(confirm.heading(), "Send the link?");
    let done = admin.submit(confirm.form(&message)).await;
    assert!(done.notice().contains("was sent to"), "{done:?}");
    let rooms = serde_json::to_value(rig.upstream.provider.rooms()).unwrap();
    let messages: Vec<_> = rooms
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|room| room["messages"].as_array().unwrap())
        .collect();
    assert_eq!(messages.len(), 2, "{rooms}");
    for message in messages {
        assert_eq!(message["personEmail"], REQUESTER);
        let text = message["text"].as_str().unwrap();
        assert!(
            text.contains(&url_of(&link)) && text.contains("Hello"),
            "{text}"
        );
    }
}

async fn a_lost_consent_is_renewed_under_the_link_of_the_error(setup: Setup) {
    let rig = Rig::with(configured(setup)).await;
    let admin = rig.super_admin().await;
    let service = Service::of(&rig, &admin).await;
    rig.browser().grant(ALICE).await;
    let (_, tokens) = service.call(Method::GET, "/tokens", None).await;
    let id = tokens["items"][0]["id"].as_str().unwrap().to_owned();
    rig.upstream.provider.revoke(ALICE);
    let refresh = format!("/admin/tokens/{id}/refresh");
    admin.post(&refresh, &[]).await;
    let path = format!("/tokens/{id}/access-token");
    let (status, problem) = service.call(Method::GET, &path, None).await;
    assert_eq!(
        (status, &problem["code"]),
        (409, &json!("needs_consent")),
        "{problem}"
    );
    let url = problem["consent_url"].as_str().unwrap().to_owned();
    let detail = admin.open(&format!("/admin/tokens/{id}")).await;
    assert!(
        detail.content().contains("Ask for consent again"),
        "{detail:?}"
    );
    let browser = rig.browser();
    let receipt = accept(&browser, &ask(&browser, &url).await, ALICE).await;
    assert_eq!(receipt.heading(), "Access granted");
    let (status, token) = service.call(Method::GET, &path, None).await;
    assert_eq!(status, 200, "{token}");
    let (_, tokens) = service.call(Method::GET, "/tokens", None).await;
    assert_eq!(
        tokens["items"].as_array().unwrap().len(),
        1,
        "the same record"
    );
}

#[tokio::test]
async fn an_admin_makes_a_link() {
    let rig = Rig::with(configured(Setup::default())).await;
    let admin = rig.super_admin().await;
    let form = admin.open("/admin/links/new").await.form("/admin/links");
    let refused = admin
        .submit(form.clone().set("expected_email", "alice"))
        .await;
    assert_eq!(refused.status.as_u16(), 422);
    let form = form.set("expected_email", ALICE).set("expires_at", "14d");
    let made = admin.submit(form.set("return_to", PLACE)).await;
    assert_eq!(made.heading(), ALICE);
    let url = made.element("consent-link").unwrap();
    let browser = rig.browser();
    accept(&browser, &ask(&browser, &url).await, ALICE).await;
    let list = admin.open("/admin/links").await;
    assert!(list.content().contains("Granted"), "{list:?}");
    let detail = admin.open(&list.link(ALICE)).await;
    assert!(
        detail.content().contains(&format!("The token of {ALICE}")),
        "{detail:?}"
    );
}
