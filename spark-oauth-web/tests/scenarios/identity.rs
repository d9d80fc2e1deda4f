//! An address is an attribute of a person: people are renamed, others get their
//! addresses, and one address is written in several ways.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::api::{Scene, audit};
use crate::harness::{ALICE, BOB, Page, Service, Setup, on_every_store, until};

on_every_store!(
    an_address_that_moves_to_another_person_takes_no_token_with_it,
    a_link_to_consent_again_is_for_the_person_and_not_the_address,
    a_character_that_folds_to_another_joins_no_two_people,
    an_internationalized_domain_is_the_same_in_either_form,
    a_consent_to_more_scopes_replaces_the_narrower_one_in_look_ups,
);

const ALICE_NEW: &str = "alice.new@example.com";
const NARROW: &str = "spark:people_read spark:rooms_read";

impl Scene {
    /// A service that may do everything for these addresses.
    async fn limited(&self, field: &str, limit: &str) -> Service {
        let mut fields = crate::api::ALL_SCOPES.to_vec();
        fields.push((field, limit));
        self.service(&fields).await
    }

    async fn links(&self) -> Service {
        self.service(&[("scope", "consents:request"), ("scope", "tokens:use")])
            .await
    }

    async fn link(&self, body: &Value) -> Value {
        let service = self.links().await;
        let ask = service.ask(Method::POST, "/consent-links");
        let ask = ask.body("application/json", body.to_string());
        let made = service.send(ask).await;
        assert_eq!(made.status, 201, "{made:?}");
        made.json()
    }

    /// Consents under a link, as the person who signs in with this address.
    async fn consent_under(&self, url: &str, email: &str) -> Page {
        let browser = self.rig.browser();
        let page = browser.open(url).await;
        let asked = browser.submit(page.form("/auth/spark")).await;
        let form = asked.form("/v1/authorize").by_person(email);
        browser.submit(form.press("decision", "accept")).await
    }

    /// Consents to fewer scopes than the configuration asks for.
    async fn consent_to_less(&self, email: &str) {
        let scopes: Vec<_> = NARROW.split(' ').collect();
        let link = self.link(&json!({ "scopes": scopes })).await;
        let receipt = self.consent_under(link["url"].as_str().unwrap(), email);
        assert_eq!(receipt.await.status, 200);
    }

    fn rename(&self, email: &str, new_email: &str) {
        let provider = &self.rig.upstream.provider;
        assert!(provider.rename_person(email, new_email).unwrap().is_some());
    }

    /// Refreshes a token, and waits until its profile was read.
    async fn refresh_until(&self, id: &str, email: &str) {
        self.rig.advance(Duration::from_secs(31));
        let path = format!("/tokens/{id}/refresh");
        let refreshed = self.service.call(Method::POST, &path).await;
        assert_eq!(refreshed.status, 200, "{refreshed:?}");
        until("the record has the new address", async || {
            let record = self.service.read(&format!("/tokens/{id}")).await;
            (record["email"] == email).then_some(())
        })
        .await;
    }

    async fn fetched(&self, path: &str) -> (u16, String) {
        let answer = self.service.get(&format!("/people/{path}")).await;
        let place = answer.header("content-location").unwrap_or_default();
        let id = place.split('/').nth(4).unwrap_or_default();
        let code = answer.json()["code"].as_str().unwrap_or(id).to_owned();
        (answer.status.as_u16(), code)
    }
}

fn ids(list: &Value) -> Vec<&str> {
    let items = list["items"].as_array().unwrap().iter();
    items.map(|item| item["id"].as_str().unwrap()).collect()
}

async fn an_address_that_moves_to_another_person_takes_no_token_with_it(setup: Setup) {
    let scene = Scene::with(setup).await;
    let first = scene.id.clone();
    let limited = scene.limited("emails", ALICE).await;
    assert_eq!(limited.get(&format!("/tokens/{first}")).await.status, 200);

    scene.rename(ALICE, ALICE_NEW);
    scene.consent_to_less(ALICE).await;
    let list = scene.service.read("/tokens").await;
    let second = ids(&list)[0].to_owned();
    let (of_first, of_second) = (format!("/tokens/{first}"), format!("/tokens/{second}"));
    let record = scene.service.read(&of_first).await;
    assert_eq!(
        (&record["email"], &record["former_email"]),
        (&Value::Null, &json!(ALICE))
    );
    let record = scene.service.read(&of_second).await;
    assert_eq!(
        (&record["email"], &record["former_email"]),
        (&json!(ALICE), &Value::Null)
    );

    let path = format!("{ALICE}/access-token");
    assert_eq!(scene.fetched(&path).await, (200, second.clone()));
    let broader = scene
        .fetched(&format!("{path}?scope=spark:rooms_write"))
        .await;
    assert_eq!(broader, (404, "person_not_found".to_owned()));
    for (method, rest) in [
        (Method::GET, ""),
        (Method::GET, "/access-token"),
        (Method::POST, "/refresh"),
        (Method::DELETE, "?revoke=true"),
    ] {
        let refused = limited.call(method, &format!("{of_first}{rest}")).await;
        refused.assert_problem(403, "person_not_allowed");
    }
    assert_eq!(ids(&limited.read("/tokens").await), [&second]);
    let found = scene.service.read("/tokens?email=alice@example").await;
    assert_eq!(ids(&found), [&second]);

    let listed = scene.admin.open("/admin/tokens?email=alice%40").await;
    assert_eq!(
        listed.hrefs("/admin/tokens/"),
        [format!("/admin{of_second}")]
    );
    let all = scene.admin.open("/admin/tokens").await;
    assert!(
        all.content().contains(&format!("formerly {ALICE}")),
        "{all:?}"
    );
    let shown = scene.admin.open(&format!("/admin{of_first}")).await;
    assert!(
        shown.content().contains("belongs to another person"),
        "{shown:?}"
    );

    // The audit log of the address is about the person who has it.
    assert_eq!(
        scene
            .service
            .get(&format!("{of_first}/access-token"))
            .await
            .status,
        200
    );
    until("the fetch is in the audit log", async || {
        let filter = [("token", first.as_str()), ("action", "token_checked_out")];
        let of_token = audit(&scene.admin, &filter).await;
        let subject = of_token.first()?["subject"].clone();
        let person = scene.service.read(&of_first).await["person_id"].clone();
        (subject == person).then_some(())
    })
    .await;

    // The second person's consent is lost: nobody else's token stands in for it.
    scene.rig.upstream.provider.revoke(ALICE);
    let path_of_refresh = format!("{of_second}/refresh");
    let refused = scene.service.call(Method::POST, &path_of_refresh).await;
    refused.assert_problem(409, "needs_consent");
    assert_eq!(
        scene.fetched(&path).await,
        (409, "needs_consent".to_owned())
    );

    scene.refresh_until(&first, ALICE_NEW).await;
    let path = format!("{ALICE_NEW}/access-token?scope=spark:rooms_write");
    assert_eq!(scene.fetched(&path).await, (200, first.clone()));
    limited
        .get(&of_first)
        .await
        .assert_problem(403, "person_not_allowed");
    let limited = scene.limited("emails", ALICE_NEW).await;
    assert_eq!(limited.get(&of_first).await.status, 200);
}

async fn a_link_to_consent_again_is_for_the_person_and_not_the_address(setup: Setup) {
    let scene = Scene::with(setup).await;
    scene.rig.upstream.provider.revoke(ALICE);
    let path = scene.path("");
    let refused = scene
        .service
        .call(Method::POST, &format!("{path}/refresh"))
        .await;
    refused.assert_problem(409, "needs_consent");
    let path = format!("/people/{ALICE}/access-token");
    let problem = scene.service.get(&path).await.json();
    let url = problem["consent_url"].as_str().unwrap();
    let by_address = scene.link(&json!({ "expected_email": ALICE })).await;

    scene.rename(ALICE, ALICE_NEW);
    let other = scene.consent_under(url, ALICE).await;
    assert_eq!(other.status, 403, "{other:?}");
    let receipt = scene.consent_under(url, ALICE_NEW).await;
    assert_eq!(receipt.status, 200, "{receipt:?}");
    let list = scene.service.read("/tokens").await;
    assert_eq!(ids(&list), [&scene.id], "renewed in place");
    assert_eq!(list["items"][0]["email"], ALICE_NEW);
    assert_eq!(list["items"][0]["status"], "active");

    // A link for an address is for the person who has it today.
    let url = by_address["url"].as_str().unwrap();
    let former = scene.consent_under(url, ALICE_NEW).await;
    assert_eq!(former.status, 403, "{former:?}");
    assert_eq!(scene.consent_under(url, ALICE).await.status, 200);
    assert_eq!(scene.rig.count("tokens").await, 2);
}

async fn a_character_that_folds_to_another_joins_no_two_people(setup: Setup) {
    const KELVIN: &str = "\u{212A}ate@example.com";
    let scene = Scene::with(setup).await;
    let link = scene
        .link(&json!({ "expected_email": "kate@example.com" }))
        .await;
    let url = link["url"].as_str().unwrap();
    let refused = scene.consent_under(url, KELVIN).await;
    assert_eq!(refused.status, 403, "{refused:?}");
    assert_eq!(
        scene.consent_under(url, "KATE@example.com").await.status,
        200
    );
    scene.rig.browser().grant(KELVIN).await;

    let limited = scene.limited("emails", "Kate@Example.com").await;
    let seen = limited.read("/tokens").await;
    assert_eq!(seen["items"].as_array().unwrap().len(), 1);
    assert_eq!(seen["items"][0]["email"], "kate@example.com");
    let found = scene.service.read("/tokens?email=%E2%84%AAate").await;
    assert_eq!(found["items"].as_array().unwrap().len(), 1);
    let of_kelvin = format!(
        "/people/{}/access-token",
        KELVIN.replace('\u{212A}', "%E2%84%AA")
    );
    assert_eq!(scene.service.get(&of_kelvin).await.status, 200);
    limited
        .get(&of_kelvin)
        .await
        .assert_problem(403, "person_not_allowed");
}

async fn an_internationalized_domain_is_the_same_in_either_form(setup: Setup) {
    const UNICODE: &str = "ann@b\u{fc}cher.example";
    const A_LABEL: &str = "Ann@XN--bcher-kva.example";
    let scene = Scene::with(setup).await;
    let link = scene.link(&json!({ "expected_email": A_LABEL })).await;
    let receipt = scene
        .consent_under(link["url"].as_str().unwrap(), UNICODE)
        .await;
    assert_eq!(receipt.status, 200, "{receipt:?}");
    let encoded = UNICODE.replace('\u{fc}', "%C3%BC");
    let (_, id) = scene.fetched(&format!("{encoded}/access-token")).await;
    assert_eq!(
        scene.fetched(&format!("{A_LABEL}/access-token")).await,
        (200, id.clone())
    );
    for (field, limit) in [
        ("emails", UNICODE),
        ("emails", A_LABEL),
        ("domains", "B\u{dc}CHER.example"),
        ("domains", "xn--bcher-kva.example"),
    ] {
        let limited = scene.limited(field, limit).await;
        assert_eq!(
            ids(&limited.read("/tokens").await),
            [&id],
            "{field} {limit}"
        );
        let fetched = limited
            .get(&format!("/people/{encoded}/access-token"))
            .await;
        assert_eq!(fetched.status, 200, "{field} {limit}");
    }
    for part in [
        "b%C3%BCcher",
        "xn--bcher",
        "ann@b%C3%BC",
        "ANN@xn--b",
        "%C3%BC",
    ] {
        let found = scene.service.read(&format!("/tokens?email={part}")).await;
        assert_eq!(ids(&found), [&id], "{part}");
    }
}

async fn a_consent_to_more_scopes_replaces_the_narrower_one_in_look_ups(setup: Setup) {
    let scene = Scene::with(setup).await;
    scene.consent_to_less(BOB).await;
    let path = format!("{BOB}/access-token");
    let (_, narrow) = scene.fetched(&path).await;
    scene.rig.advance(Duration::from_secs(1));
    // The configuration asks for more than the link did.
    scene.rig.browser().grant(BOB).await;
    let (status, wide) = scene.fetched(&path).await;
    assert_eq!(status, 200);
    assert_ne!(wide, narrow);
    for query in ["", "?scope=spark:rooms_read", "?scope=spark:rooms_write"] {
        assert_eq!(
            scene.fetched(&format!("{path}{query}")).await,
            (200, wide.clone()),
            "{query}"
        );
    }
    // And to less again: the newest consent that covers what is asked for.
    scene.rig.advance(Duration::from_secs(1));
    scene.consent_to_less(BOB).await;
    assert_eq!(scene.fetched(&path).await, (200, narrow));
    let path = format!("{path}?scope=spark:rooms_write");
    assert_eq!(scene.fetched(&path).await, (200, wide));
}
