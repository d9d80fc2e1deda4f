//! Forms, addresses and cookies that no page of ours makes: each gets a clear
//! answer, and the process goes on.

use reqwest::Method;

use crate::harness::{PASSWORD, Page, Rig, STATE_CHANGES, path_of};

const FORM: &str = "application/x-www-form-urlencoded";

/// An answer that a person can do something with, whatever was asked.
#[track_caller]
fn assert_sane(page: &Page) {
    assert!(page.status.as_u16() < 500, "{page:?}");
    let is_form = matches!(page.status.as_u16(), 401 | 422) && !page.notice().is_empty();
    if page.status.is_client_error() && !is_form {
        page.assert_error(page.status.as_u16(), &page.heading());
    }
}

#[tokio::test]
async fn a_form_without_its_fields_is_told_what_is_missing() {
    let rig = Rig::start().await;
    let insider = rig.insider().await;
    let ways = [
        ("", ""),
        (FORM, ""),
        (FORM, "unknown=1"),
        (FORM, "&&==&%"),
        (FORM, "="),
    ];
    for route in STATE_CHANGES {
        for (kind, body) in ways {
            let mut ask = insider.ask(Method::POST, &path_of(route));
            if !kind.is_empty() {
                ask = ask.body(kind, body);
            }
            let page = insider.send(ask).await;
            assert_sane(&page);
            assert_ne!(page.status, 403, "{page:?}");
            if route == "/admin/sign-out" {
                insider.sign_in("admin", PASSWORD).await;
            }
        }
    }
    rig.assert_alive().await;
}

#[tokio::test]
async fn a_body_of_another_kind_is_refused() {
    let rig = Rig::start().await;
    let insider = rig.insider().await;
    for kind in [
        "application/json",
        "multipart/form-data; boundary=x",
        "text/plain",
        "x",
    ] {
        for route in [
            "/admin/sign-in",
            "/admin/profile",
            "/admin/admins",
            "/granted/reveal",
        ] {
            let ask = insider.ask(Method::POST, route);
            let page = insider
                .send(ask.body(kind, r#"{"username":"admin"}"#))
                .await;
            assert_eq!(page.status, 415, "{page:?}");
            assert_sane(&page);
        }
    }
    rig.assert_alive().await;
}

#[tokio::test]
async fn a_huge_body_is_not_read() {
    let rig = Rig::start().await;
    let insider = rig.insider().await;
    for route in [
        "/admin/sign-in",
        "/admin/profile",
        "/actions/createAndJoinRoom",
    ] {
        let body = format!("username={}", "a".repeat(64 * 1024));
        let page = insider
            .send(insider.ask(Method::POST, route).body(FORM, body))
            .await;
        page.assert_error(413, "That is too much data");
    }
    let begun = insider
        .ask(Method::POST, "/auth/spark")
        .body(FORM, vec![b'a'; 64 * 1024]);
    assert_sane(&insider.send(begun).await);
    rig.assert_alive().await;
}

#[tokio::test]
async fn an_unknown_path_is_a_page_of_ours() {
    let rig = Rig::start().await;
    let browser = rig.browser();
    for path in [
        "/nowhere",
        "/admin/",
        "/admin/nowhere",
        "/admin/tokens/",
        "/admin/tokens/x/y/z",
        "/granted/",
        "http://127.0.0.1:3000//",
        "http://127.0.0.1:3000//evil.example/",
        "/.git/config",
        "/metrics",
        "/assets/",
        "/assets/../Cargo.toml",
        "/assets/%2e%2e/%2e%2e/etc/passwd",
        "/%F0%9F%99%82",
        "/<script>alert(1)</script>",
    ] {
        for method in [Method::GET, Method::POST] {
            let page = browser.send(browser.ask(method, path)).await;
            assert!(matches!(page.status.as_u16(), 404 | 405), "{page:?}");
            assert_sane(&page);
            assert!(!page.text().contains("<script>alert"), "{page:?}");
        }
    }
    rig.assert_alive().await;
}

#[tokio::test]
async fn broken_text_in_paths_and_queries_and_forms_is_answered() {
    let rig = Rig::start().await;
    let insider = rig.insider().await;
    let broken = [
        "%ff%fe",
        "%",
        "%zz",
        "%00",
        "%c3%28",
        "a%0d%0ab",
        "%E2%80%AE",
    ];
    for text in broken {
        for place in [
            format!("/{text}"),
            format!("/admin/tokens/{text}"),
            format!("/admin/admins/{text}"),
            format!("/assets/{text}"),
            format!("/admin/tokens?email={text}&status=active"),
            format!("/admin/tokens?cursor={text}"),
            format!("/admin/tokens?status={text}"),
            format!("/admin/admins?cursor={text}"),
            format!("/admin?next={text}"),
            format!("/admin/initialize?code={text}"),
            format!("/auth/spark/callback?state={text}&code={text}"),
            format!("/?{text}={text}"),
        ] {
            assert_sane(&insider.get(&place).await);
            assert_sane(&rig.browser().get(&place).await);
        }
        for route in STATE_CHANGES
            .into_iter()
            .filter(|route| *route != "/admin/sign-out")
        {
            let fields = [
                "username", "password", "roomName", "token", "confirm", "email",
            ];
            let body: Vec<_> = fields.iter().map(|name| format!("{name}={text}")).collect();
            let ask = insider.ask(Method::POST, &path_of(route));
            assert_sane(&insider.send(ask.body(FORM, body.join("&"))).await);
        }
    }
    let raw = insider.ask(Method::POST, "/admin/sign-in");
    assert_sane(
        &insider
            .send(raw.body(FORM, b"username=\xff\xfe&password=\x00".to_vec()))
            .await,
    );
    rig.assert_alive().await;
}

#[tokio::test]
async fn a_field_twice_and_names_of_any_length_are_answered() {
    let rig = Rig::start().await;
    let insider = rig.insider().await;
    for body in [
        "username=a&username=b&password=c".to_owned(),
        format!("username={}", "a".repeat(30_000)),
        format!("username={}&password=x", "%F0%9F%99%82".repeat(2_000)),
        "a=1&".repeat(8_000),
    ] {
        for route in ["/admin/sign-in", "/admin/admins", "/admin/profile"] {
            let ask = insider.ask(Method::POST, route).body(FORM, body.clone());
            assert_sane(&insider.send(ask).await);
        }
    }
    let search = format!("/admin/tokens?email={}", "a".repeat(20_000));
    assert_sane(&insider.get(&search).await);
    rig.assert_alive().await;
}

#[tokio::test]
async fn cookies_of_any_kind_are_no_cookies_of_ours() {
    let rig = Rig::start().await;
    rig.super_admin().await;
    let browser = rig.browser();
    let long = format!("spark_oauth_session={}", "A".repeat(8_000));
    let many = "a=b; ".repeat(1_000);
    for cookie in [
        &b"\xff\xfe=\x80"[..],
        b"spark_oauth_session=",
        b"spark_oauth_session=\xff",
        b"spark_oauth_session=%ff%fe",
        b"spark_oauth_session",
        b"=;=;;;",
        b"spark_oauth_session=a; spark_oauth_session=b",
        b"spark_oauth_browser=x; spark_oauth_browser=\"",
        b"__Host-spark_oauth_session=AAAAAAAAAAAAAAAAAAAAAA",
        long.as_bytes(),
        many.as_bytes(),
    ] {
        for (method, path) in [
            (Method::GET, "/"),
            (Method::GET, "/granted"),
            (Method::GET, "/admin/tokens"),
            (Method::POST, "/auth/spark"),
            (Method::GET, "/auth/spark/callback?state=x"),
        ] {
            let ask = browser.ask(method, path).bare().header("cookie", cookie);
            let page = browser.send(ask).await;
            assert_sane(&page);
            assert!(page.status != 200 || path != "/admin/tokens", "{page:?}");
        }
    }
    rig.assert_alive().await;
}
