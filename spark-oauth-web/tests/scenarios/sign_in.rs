//! Signing in: what a stranger learns from it, and how often one may try.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;

use crate::harness::{Browser, OTHER_PASSWORD, PASSWORD, Page, Rig, Setup};

async fn attempt(browser: &Browser, username: &str, password: &str) -> Page {
    let fields = [("username", username), ("password", password)];
    browser.post("/admin/sign-in", &fields).await
}

/// What is left of an answer when the name that was typed is taken away.
fn impression(page: &Page, username: &str) -> (u16, Vec<(String, String)>, String) {
    let mut headers: Vec<_> = page
        .headers
        .iter()
        .filter(|(name, _)| !matches!(name.as_str(), "x-request-id" | "date" | "content-length"))
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect();
    headers.sort();
    let text = page
        .text()
        .replace(&format!("value=\"{username}\""), "value=\"…\"");
    (page.status.as_u16(), headers, text)
}

#[tokio::test]
async fn an_unknown_name_looks_just_like_a_wrong_password() {
    let rig = Rig::start().await;
    rig.super_admin().await;
    let wrong = attempt(&rig.browser(), "admin", OTHER_PASSWORD).await;
    assert_eq!(wrong.status, 401);
    assert!(wrong.header("www-authenticate").is_some());
    assert!(
        wrong
            .content()
            .contains("The username or the password is wrong.")
    );
    for (username, password) in [
        ("nobody_here", OTHER_PASSWORD),
        ("ADMIN", OTHER_PASSWORD),
        ("a", OTHER_PASSWORD),
        ("no name at all", OTHER_PASSWORD),
        ("admin", ""),
        ("", ""),
        ("admin", &"long".repeat(19)),
        ("admin", "tulip harbour 42 quill\u{0}"),
    ] {
        let page = attempt(&rig.browser(), username, password).await;
        assert_eq!(
            impression(&page, username),
            impression(&wrong, "admin"),
            "{username}"
        );
    }
}

#[tokio::test]
async fn the_case_of_the_name_and_space_around_it_do_not_matter() {
    let rig = Rig::start().await;
    rig.super_admin().await;
    for username in ["Admin", "ADMIN", " admin "] {
        let page = attempt(&rig.browser(), username, PASSWORD).await;
        page.assert_redirect("/admin/tokens");
    }
    for password in [&format!(" {PASSWORD}"), &PASSWORD.to_uppercase()] {
        assert_eq!(attempt(&rig.browser(), "admin", password).await.status, 401);
    }
}

#[tokio::test]
async fn failures_slow_an_address_down_and_time_forgives() {
    let rig = Rig::start().await;
    let signed_in = rig.super_admin().await;
    let browser = rig.browser();
    for n in 0..10 {
        let page = attempt(&browser, &format!("guess_{n}"), OTHER_PASSWORD).await;
        assert_eq!(page.status, 401, "{n}");
    }
    let refused = attempt(&browser, "admin", PASSWORD).await;
    refused.assert_error(429, "Too many failed sign-ins");
    let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=30).contains(&wait), "{wait}");
    rig.log
        .line(&[refused.request_id(), "WARN", "slowed down"])
        .await;
    // Whoever is in stays in.
    assert_eq!(signed_in.get("/admin/tokens").await.status, 200);

    rig.advance(Duration::from_secs(wait));
    attempt(&browser, "admin", PASSWORD)
        .await
        .assert_redirect("/admin/tokens");
}

#[tokio::test]
async fn only_failures_count() {
    let rig = Rig::start().await;
    rig.super_admin().await;
    for _ in 0..40 {
        attempt(&rig.browser(), "admin", PASSWORD)
            .await
            .assert_redirect("/admin/tokens");
    }
}

#[tokio::test]
async fn many_guesses_at_once_do_not_slip_past() {
    let rig = Rig::start().await;
    rig.super_admin().await;
    let browser = rig.browser();
    let guesses = (0..40).map(|_| {
        let browser = browser.clone();
        tokio::spawn(async move { attempt(&browser, "admin", OTHER_PASSWORD).await.status })
    });
    let mut checked = 0;
    for guess in guesses.collect::<Vec<_>>() {
        match guess.await.unwrap().as_u16() {
            401 => checked += 1,
            other => assert_eq!(other, 429),
        }
    }
    assert_eq!(checked, 10);
}

/// A try from an address of one's own, through a proxy that is trusted.
async fn attempt_from(rig: &Rig, address: &str, password: &str) -> Page {
    let browser = rig.browser();
    let fields = [("username", "admin"), ("password", password)];
    let ask = browser.ask(Method::POST, "/admin/sign-in").fields(&fields);
    browser.send(ask.header("x-forwarded-for", address)).await
}

#[tokio::test]
async fn many_addresses_do_not_lock_the_super_admin_out() {
    let rig = Rig::with(Setup::default().set("server.trustedProxies", json!(["127.0.0.1"]))).await;
    rig.super_admin().await;
    let home = "203.0.113.7";
    attempt_from(&rig, home, PASSWORD)
        .await
        .assert_redirect("/admin/tokens");
    let mut refused = 0;
    for n in 0..30 {
        let page = attempt_from(&rig, &format!("198.51.100.{n}"), OTHER_PASSWORD).await;
        refused += u32::from(page.status == 429);
    }
    assert!(refused > 0, "an account that many try at is slowed down");
    let stranger = attempt_from(&rig, "192.0.2.1", PASSWORD).await;
    assert_eq!(stranger.status, 429);
    // Who signed in from here before is not held back by what others do.
    attempt_from(&rig, home, PASSWORD)
        .await
        .assert_redirect("/admin/tokens");
    rig.advance(Duration::from_mins(1));
    attempt_from(&rig, "192.0.2.1", PASSWORD)
        .await
        .assert_redirect("/admin/tokens");
}

#[tokio::test]
async fn an_address_that_the_client_makes_up_does_not_count() {
    let rig = Rig::start().await;
    rig.super_admin().await;
    for n in 0..10 {
        attempt_from(&rig, &format!("198.51.100.{n}"), OTHER_PASSWORD).await;
    }
    assert_eq!(
        attempt_from(&rig, "203.0.113.7", PASSWORD).await.status,
        429
    );
}

#[tokio::test]
async fn a_hash_of_another_kind_and_lower_cost_signs_in_and_is_renewed() {
    let rig = Rig::with(Setup::on_disk().set("passwordHashCost", 6)).await;
    rig.super_admin().await;
    let database = rig.database().await;
    // A test vector of crypt_blowfish: shorter than what may be set today.
    let old = "UPDATE admins SET password_hash = \
               '$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'";
    assert_eq!(database.execute(old).await, 1);
    let signed_in = attempt(&rig.browser(), "admin", "U*U").await;
    signed_in.assert_redirect("/admin/tokens");
    let hashes = database.texts("SELECT password_hash FROM admins").await;
    assert!(hashes[0].contains("$06$"), "{hashes:?}");
    let again = attempt(&rig.browser(), "admin", "U*U").await;
    again.assert_redirect("/admin/tokens");
}
