//! Links that an admin takes back.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Service, accept, ask, configured, url_of};
use crate::harness::{ALICE, BOB, Browser, Page, Rig, Setup, on_every_store};

on_every_store!(
    an_open_link_is_taken_back,
    an_end_and_a_consent_at_once_exclude_each_other,
);

const CONFIRMED: [(&str, &str); 1] = [("confirm", "yes")];

fn path_of(link: &Value) -> String {
    format!("/admin/links/{}", link["id"].as_str().unwrap())
}

async fn end(admin: &Browser, link: &Value) -> Page {
    admin
        .post(&format!("{}/end", path_of(link)), &CONFIRMED)
        .await
}

async fn token_count(service: &Service) -> usize {
    let (_, tokens) = service.call(reqwest::Method::GET, "/tokens", None).await;
    tokens["items"].as_array().unwrap().len()
}

async fn an_open_link_is_taken_back(setup: Setup) {
    let rig = Rig::with(configured(setup)).await;
    let admin = rig.super_admin().await;
    let service = Service::of(&rig, &admin).await;
    let link = service.make(&json!({ "expected_email": ALICE })).await;
    let person = rig.browser();
    let asked = ask(&person, &url_of(&link)).await;

    let detail = admin.open(&path_of(&link)).await;
    let question = admin.submit(detail.form("/end")).await;
    assert_eq!(question.heading(), "End this link?");
    assert!(question.content().contains(ALICE), "{question:?}");
    assert_eq!(service.read(&link).await, link, "asked, not done");
    let detail = admin.submit(question.form("/end")).await;
    assert_eq!(detail.heading(), ALICE);
    assert!(
        detail.notice().contains("The link has ended."),
        "{detail:?}"
    );
    assert!(detail.content().contains("Expired"), "{detail:?}");
    assert!(detail.forms("/end").is_empty() && detail.forms("/message").is_empty());
    assert_eq!(detail.element("consent-link"), None);

    let ended = service.read(&link).await;
    assert_eq!(ended["state"], "expired");
    let end_of = |link: &Value| link["expires_at"].as_str().unwrap().to_owned();
    assert!(end_of(&ended) < end_of(&link), "{ended}");
    let opened = rig.browser().open(&url_of(&link)).await;
    opened.assert_error(410, "This link has expired");
    // Who was at the provider when it ended.
    let refused = accept(&person, &asked, ALICE).await;
    refused.assert_error(410, "This link has expired");
    assert_eq!(rig.upstream.stats().code_exchanges, 0);
    assert_eq!(token_count(&service).await, 0);
    let again = end(&admin, &link).await;
    again.assert_error(409, "The link was not ended");
    assert_eq!(service.read(&link).await, ended);
}

async fn an_end_and_a_consent_at_once_exclude_each_other(setup: Setup) {
    let rig = Rig::with(configured(setup)).await;
    let admin = rig.super_admin().await;
    let service = Service::of(&rig, &admin).await;
    let link = service.make(&json!({ "single_use": true })).await;
    let person = rig.browser();
    let form = ask(&person, &url_of(&link)).await.form("/v1/authorize");
    let form = form.by_person(ALICE).press("decision", "accept");
    let callback = person.submit_only(form).await.location().to_owned();
    let (ended, consent) = tokio::join!(end(&admin, &link), person.open(&callback));
    let state = service.read(&link).await["state"].clone();
    let outcome = (
        ended.status.as_u16(),
        consent.status.as_u16(),
        state.as_str().unwrap(),
        token_count(&service).await,
    );
    assert!(
        [(303, 410, "expired", 0), (409, 200, "granted", 1)].contains(&outcome),
        "{outcome:?}"
    );
}

/// The pages judge a link by the time that the services go by, else it would look open
/// for as long as this machine is late.
#[tokio::test]
async fn a_link_that_ended_looks_so_where_the_clock_is_late() {
    let rig = Rig::with(configured(Setup::default())).await;
    let admin = rig.super_admin().await;
    let service = Service::of(&rig, &admin).await;
    let late = Duration::from_hours(1);
    rig.upstream.provider.advance_clock(late);
    rig.browser().grant(BOB).await;
    let link = service.make(&json!({ "expected_email": ALICE })).await;
    let ended = end(&admin, &link).await;
    let detail = admin.open(ended.location()).await;
    assert!(
        detail.notice().contains("The link has ended."),
        "{detail:?}"
    );
    assert!(detail.content().contains("Expired"), "{detail:?}");
    assert!(detail.forms("/end").is_empty(), "{detail:?}");
    let list = admin.open("/admin/links").await;
    assert!(list.content().contains("Expired"), "{list:?}");
    assert_eq!(service.read(&link).await["state"], "expired");
}

/// Somebody else could still consent under it, or the same person think better of it.
#[tokio::test]
async fn a_link_that_was_answered_is_taken_back_too() {
    let rig = Rig::with(configured(Setup::default())).await;
    let admin = rig.super_admin().await;
    let service = Service::of(&rig, &admin).await;
    let granted = service.make(&json!({ "single_use": false })).await;
    let person = rig.browser();
    accept(&person, &ask(&person, &url_of(&granted)).await, ALICE).await;
    let declined = service.make(&json!({})).await;
    let asked = ask(&person, &url_of(&declined)).await;
    let form = asked.form("/v1/authorize").press("decision", "decline");
    person.submit(form).await;
    for (link, state) in [(granted, "granted"), (declined, "declined")] {
        let detail = admin.open(&path_of(&link)).await;
        assert_eq!(detail.forms("/end").len(), 1, "{detail:?}");
        let ended = end(&admin, &link).await;
        assert_eq!(ended.location(), path_of(&link));
        assert_eq!(service.read(&link).await["state"], state);
        let opened = rig.browser().open(&url_of(&link)).await;
        opened.assert_error(410, "This link has expired");
        let detail = admin.open(&path_of(&link)).await;
        assert!(detail.forms("/end").is_empty(), "{detail:?}");
    }
    assert_eq!(token_count(&service).await, 1);
}

#[tokio::test]
async fn what_nobody_can_use_cannot_be_taken_back() {
    let rig = Rig::with(configured(Setup::default())).await;
    let admin = rig.super_admin().await;
    let service = Service::of(&rig, &admin).await;
    let granted = service.make(&json!({ "single_use": true })).await;
    let person = rig.browser();
    accept(&person, &ask(&person, &url_of(&granted)).await, ALICE).await;
    let expired = service.make(&json!({ "expires_in": 60 })).await;
    rig.advance(Duration::from_mins(1));
    for (link, state, why) in [
        (granted, "granted", "revoke or remove the token"),
        (expired, "expired", "had ended before"),
    ] {
        let before = service.read(&link).await;
        assert_eq!(before["state"], state);
        let detail = admin.open(&path_of(&link)).await;
        assert!(detail.forms("/end").is_empty(), "{detail:?}");
        let path = format!("{}/end", path_of(&link));
        for fields in [&[][..], &CONFIRMED] {
            let refused = admin.post(&path, fields).await;
            refused.assert_error(409, "The link was not ended");
            assert!(refused.content().contains(why), "{refused:?}");
            assert_eq!(refused.link("Show the link"), path_of(&link));
        }
        assert_eq!(service.read(&link).await, before);
    }
    for nobodys in ["01JZZZZZZZZZZZZZZZZZZZZZZZ", "no-id"] {
        let path = format!("/admin/links/{nobodys}/end");
        for fields in [&[][..], &CONFIRMED] {
            let refused = admin.post(&path, fields).await;
            refused.assert_error(404, "There is no such consent link");
        }
    }
}
