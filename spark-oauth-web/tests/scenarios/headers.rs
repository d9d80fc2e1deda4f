//! What every answer says to a browser.

use reqwest::Method;
use reqwest::header::SET_COOKIE;
use scraper::Selector;

use crate::harness::{ALICE, Page, Rig, STATE_CHANGES, Setup, path_of};
use crate::tour;

const HTTPS: &str = "https://tokens.example.com";

fn over_https() -> Setup {
    Setup::on_disk().set("publicUrl", HTTPS).set(
        "oauth.redirectURIUnencoded",
        format!("{HTTPS}/auth/spark/callback"),
    )
}

/// Answers of every kind: pages, redirects, errors, files, bare words.
async fn answers(rig: &Rig) -> Vec<Page> {
    let site = rig.site();
    let admin = site.super_admin().await;
    let person = site.browser();
    let home = person.grant(ALICE).await;
    let selector = Selector::parse("link[href], script[src]").unwrap();
    let mut files: Vec<String> = Vec::new();
    for element in home.html().select(&selector) {
        let attribute = element.attr("href").or(element.attr("src"));
        files.push(attribute.unwrap().to_owned());
    }
    assert_eq!(files.len(), 3, "{files:?}");
    for path in files
        .iter()
        .map(String::as_str)
        .chain(["/", "/nowhere", "/assets/none.css"])
    {
        assert_ne!(person.get(path).await.status, 500);
        person.send(person.ask(Method::HEAD, path)).await;
        person.send(person.ask(Method::PUT, path)).await;
        person.send(person.ask(Method::OPTIONS, path)).await;
    }
    for path in [
        "/livez",
        "/readyz",
        "/admin/tokens",
        "/admin/tokens/x",
        "/admin/admins",
    ] {
        admin.get(path).await;
        person.get(path).await;
    }
    for route in STATE_CHANGES {
        person.post(&path_of(route), &[]).await;
        let cross = person.ask(Method::POST, &path_of(route));
        person
            .send(cross.header("sec-fetch-site", "cross-site"))
            .await;
    }
    let huge = person.ask(Method::POST, "/admin/sign-in");
    let huge = huge.body("application/x-www-form-urlencoded", "a".repeat(100_000));
    assert_eq!(person.send(huge).await.status, 413);
    let ours = |page: &Page| page.url.origin() == home.url.origin();
    site.visited().into_iter().filter(ours).collect()
}

fn assert_fixed(page: &Page) {
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        assert_eq!(page.header(name), Some(value), "{name}: {page:?}");
    }
    // A popup keeps its opener on the pages of people, and on none of the admins'.
    let opener_policy = if page.url.path().starts_with("/admin") {
        "same-origin"
    } else {
        "unsafe-none"
    };
    let sent = page.header("cross-origin-opener-policy");
    assert_eq!(sent, Some(opener_policy), "{page:?}");
    assert_eq!(page.request_id().len(), 26, "{page:?}");
    let policy = page.header("content-security-policy").unwrap();
    for part in [
        "default-src 'none'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    ] {
        assert!(policy.contains(part), "{part}: {policy}");
    }
    assert!(!policy.contains("unsafe"), "{policy}");
    let caching = page.header("cache-control").unwrap();
    let is_file = page.url.path().starts_with("/assets/") && page.status.is_success();
    assert_eq!(caching == "no-store", !is_file, "{page:?}");
}

#[tokio::test]
async fn every_answer_carries_them() {
    let rig = Rig::start().await;
    let answers = answers(&rig).await;
    let mut statuses: Vec<_> = answers.iter().map(|page| page.status.as_u16()).collect();
    statuses.sort_unstable();
    statuses.dedup();
    for status in [200, 303, 401, 403, 404, 405, 413] {
        assert!(
            statuses.contains(&status),
            "{status} is not among {statuses:?}"
        );
    }
    for page in &answers {
        assert_fixed(page);
        assert!(
            page.header("strict-transport-security").is_none(),
            "{page:?}"
        );
    }
}

#[tokio::test]
async fn over_https_every_answer_asks_for_nothing_else() {
    let rig = Rig::with(over_https()).await;
    for page in answers(&rig).await {
        assert_fixed(&page);
        let policy = page.header("strict-transport-security");
        assert_eq!(
            policy,
            Some("max-age=63072000"),
            "this host alone: {page:?}"
        );
    }
}

#[tokio::test]
async fn what_browsers_are_told_of_https_can_be_set() {
    for (hsts, sent) in [
        ("off", None),
        ("max-age=0", Some("max-age=0")),
        (
            "max-age=31536000; includeSubDomains",
            Some("max-age=31536000; includeSubDomains"),
        ),
    ] {
        let rig = Rig::with(over_https().set("server.hsts", hsts)).await;
        let page = rig.browser().get("/").await;
        assert_eq!(page.header("strict-transport-security"), sent, "{hsts}");
    }
}

/// Browsers apply `form-action` to the whole chain of redirects.
fn assert_policy_fits(page: &Page) {
    let policy = page.header("content-security-policy").unwrap();
    let starts_consent = !page.forms("/auth/spark").is_empty();
    assert_eq!(
        policy.contains("form-action 'self'"),
        !starts_consent,
        "{page:?}"
    );
    assert_eq!(policy.contains("form-action"), !starts_consent, "{page:?}");
    let html = page.html();
    let inline = "script:not([src]), style, [style], [onclick], [onload], [onsubmit], [onerror], \
                  a[href^='javascript:'], iframe, object, embed, base";
    let inline = Selector::parse(inline).unwrap();
    assert_eq!(html.select(&inline).count(), 0, "{page:?}");
    let sources = Selector::parse("script[src], link[href], img[src]").unwrap();
    for element in html.select(&sources) {
        let source = element.attr("src").or(element.attr("href")).unwrap();
        assert!(source.starts_with("/assets/"), "{source}: {page:?}");
    }
}

#[tokio::test]
async fn no_page_needs_more_than_its_policy_allows() {
    for setup in [Setup::on_disk(), over_https()] {
        let rig = Rig::with(setup).await;
        tour::take(&rig.site()).await;
        rig.browser().get("/nowhere").await;
        rig.browser().get("/auth/spark/callback").await;
        let pages = rig.site().visited();
        let ours = pages
            .iter()
            .filter(|page| page.header("x-request-id").is_some());
        let mut starts = 0;
        for page in ours.filter(|page| page.text().starts_with("<!doctype html>")) {
            assert_policy_fits(page);
            starts += page.forms("/auth/spark").len();
        }
        assert!(starts > 0, "no page starts a consent");
    }
}

/// Every cookie that was set.
fn cookies(pages: &[Page]) -> Vec<cookie::Cookie<'static>> {
    let values = pages
        .iter()
        .flat_map(|page| page.headers.get_all(SET_COOKIE));
    let parse = |text: &str| cookie::Cookie::parse(text.to_owned()).unwrap();
    values.map(|value| parse(value.to_str().unwrap())).collect()
}

#[tokio::test]
async fn cookies_are_for_the_server_alone_and_over_https_for_nothing_else() {
    for (setup, secure) in [(Setup::default(), false), (over_https(), true)] {
        let rig = Rig::with(setup).await;
        let admin = rig.super_admin().await;
        admin.grant(ALICE).await;
        admin
            .submit(admin.open("/admin/profile").await.form("/admin/sign-out"))
            .await;
        let cookies = cookies(&rig.site().visited());
        // Some names end in an underscore and eight digits of their own.
        let bare = |name: &str| {
            name.trim_end_matches(|c: char| c.is_ascii_hexdigit())
                .to_owned()
        };
        let mut names: Vec<_> = cookies
            .iter()
            .map(|cookie| match cookie.name() {
                name if name.ends_with("session") => name.to_owned(),
                name => bare(name),
            })
            .collect();
        names.sort();
        names.dedup();
        let prefix = if secure { "__Host-" } else { "" };
        let expected = [
            "spark_oauth_browser_",
            "spark_oauth_receipt_",
            "spark_oauth_session",
        ];
        assert_eq!(names, expected.map(|name| format!("{prefix}{name}")));
        for cookie in cookies {
            assert_eq!(cookie.path(), Some("/"), "{cookie}");
            assert_eq!(cookie.domain(), None, "{cookie}");
            assert_eq!(cookie.secure().unwrap_or(false), secure, "{cookie}");
            assert_eq!(cookie.http_only(), Some(true), "{cookie}");
            assert_eq!(cookie.same_site(), Some(cookie::SameSite::Lax), "{cookie}");
            let ends = cookie.max_age() == Some(cookie::time::Duration::ZERO);
            assert!(
                ends || cookie.max_age().is_none(),
                "it goes with the browser: {cookie}"
            );
        }
    }
}
