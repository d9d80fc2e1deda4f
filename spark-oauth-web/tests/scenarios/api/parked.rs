//! The client ID in the configuration changes: tokens that another one obtained are
//! parked.

use std::time::Duration;

use super::{ALL_SCOPES, make_key};
use crate::harness::{ALICE, PASSWORD, Rig, Service, Setup, on_every_store};

on_every_store!(tokens_of_another_client_id_are_parked_until_it_is_configured_again);

async fn tokens_of_another_client_id_are_parked_until_it_is_configured_again(setup: Setup) {
    let rig = Rig::with(setup).await;
    rig.browser().grant(ALICE).await;
    let admin = rig.super_admin().await;
    let key = make_key(&admin, &ALL_SCOPES).await.text;
    let list = Service::new(rig.browser(), Some(&key))
        .read("/tokens")
        .await;
    let (id, own) = (&list["items"][0]["id"], &list["items"][0]["integration"]);
    let (path, own) = (
        format!("/tokens/{}", id.as_str().unwrap()),
        own.as_str().unwrap(),
    );
    let asked = rig.upstream.token_requests();

    let rig = rig.restart_as("C1234").await;
    let warning = rig.log.line(&["tokens parked", "C1234"]).await;
    assert!(
        warning.contains("WARN") && warning.contains(own),
        "{warning}"
    );
    let admin = rig.browser();
    admin.sign_in("admin", PASSWORD).await;
    let overview = admin.open("/admin/overview").await;
    assert!(
        overview.content().contains("Some tokens are not refreshed"),
        "{overview:?}"
    );
    assert!(overview.content().contains(own), "{overview:?}");
    let page = rig.only_token(&admin).await;
    assert!(
        page.content()
            .contains("Another integration obtained this token"),
        "{page:?}"
    );
    assert!(page.forms("/refresh").is_empty(), "{page:?}");
    let refused = admin
        .post(&format!("{}/refresh", page.url.path()), &[])
        .await;
    let page = admin.open(refused.location()).await;
    assert!(
        page.notice().contains("Configure that integration"),
        "{page:?}"
    );

    let service = Service::new(rig.browser(), Some(&key));
    let stored = service.get(&format!("{path}/access-token")).await;
    assert_eq!(stored.status, 200, "{stored:?}");
    let of_person = format!("/people/{ALICE}/access-token");
    let same = service.get(&of_person).await;
    assert_eq!(same.json()["access_token"], stored.json()["access_token"]);
    let access = stored.json()["access_token"].clone();
    let refused = service
        .call(reqwest::Method::POST, &format!("{path}/refresh"))
        .await;
    refused.assert_problem(409, "integration_unknown");
    let problem = refused.json();
    assert!(
        problem["detail"].as_str().unwrap().contains(own),
        "{problem}"
    );
    assert!(problem["consent_url"].is_string(), "{problem}");
    rig.advance(Duration::from_hours(24 * 20));
    for path in [&format!("{path}/access-token"), &of_person] {
        let refused = service.get(path).await;
        refused.assert_problem(409, "integration_unknown");
    }
    let record = service.read(&path).await;
    assert_eq!(record["status"], "active");
    assert_eq!(
        rig.upstream.token_requests(),
        asked,
        "the refresh token was sent"
    );

    let rig = rig.restart_as(own).await;
    let service = Service::new(rig.browser(), Some(&key));
    let fresh = service.get(&format!("{path}/access-token")).await;
    assert_eq!(fresh.status, 200, "{fresh:?}");
    assert_ne!(fresh.json()["access_token"], access);
    assert_eq!(rig.upstream.token_requests(), asked + 1);
}
