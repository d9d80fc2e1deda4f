//! What is not understood is refused and named, in the form of a program.

use reqwest::Method;

use super::Scene;

#[tokio::test]
async fn parameters_that_a_call_does_not_know_or_cannot_read_are_named() {
    let scene = Scene::new().await;
    let list = |query: &str| (Method::GET, format!("/tokens?{query}"));
    let fetch = |query: &str| (Method::GET, scene.path(&format!("/access-token?{query}")));
    let cases = [
        (list("limitt=1"), "limitt"),
        (list("limit=1&limit=2"), "limit"),
        (list("limit=0"), "limit"),
        (list("limit=201"), "limit"),
        (list("limit=ten"), "limit"),
        (list("status=Active"), "status"),
        (list("status="), "status"),
        (list("expiring_before=tomorrow"), "expiring_before"),
        (list("expiring_before=2026-11-25"), "expiring_before"),
        (list("scope=%22"), "scope"),
        (list("scope="), "scope"),
        (list("cursor=%21"), "cursor"),
        (list("cursor="), "cursor"),
        (list("email=%00"), "email"),
        (list("email=%ff"), "email"),
        (list("email=%zz"), "email"),
        (list("%ff=1"), "the name of a parameter"),
        (fetch("min_ttl=-1"), "min_ttl"),
        (fetch("min_ttl=1.5"), "min_ttl"),
        (fetch("min_ttl=86401"), "min_ttl"),
        (fetch("scope=a"), "scope"),
        ((Method::GET, scene.path("?x=1")), "x"),
        ((Method::DELETE, scene.path("?revoke=yes")), "revoke"),
        ((Method::POST, scene.path("/refresh?force=1")), "force"),
        ((Method::GET, "/openapi.json?pretty=1".to_owned()), "pretty"),
        ((Method::GET, "/docs?page=2".to_owned()), "page"),
    ];
    for ((method, path), name) in cases {
        let answer = scene.service.call(method, &path).await;
        answer.assert_problem(400, "invalid_request");
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains(name), "{path}: {detail}");
    }
    // A cursor that nobody made, in the right form, begins somewhere or nowhere: no
    // schema can tell it from another.
    scene.service.read("/tokens?cursor=AAAA").await;
    assert_eq!(scene.rig.upstream.stats().refreshes, 0);
}

#[tokio::test]
async fn a_body_that_nobody_reads_is_refused() {
    let scene = Scene::new().await;
    let huge = vec![b'x'; 3 << 20];
    for (method, path) in [
        (Method::GET, "/tokens".to_owned()),
        (Method::GET, scene.path("/access-token")),
        (Method::POST, scene.path("/refresh")),
        (Method::DELETE, scene.path("")),
    ] {
        for body in [b"{}".to_vec(), b"x".to_vec(), huge.clone()] {
            let ask = scene.service.ask(method.clone(), &path);
            let answer = scene.service.send(ask.body("application/json", body)).await;
            answer.assert_problem(400, "invalid_request");
            assert!(answer.text().contains("the body"), "{answer:?}");
        }
    }
    scene.service.read(&scene.path("")).await;
}

/// Nobody takes a record away whose version is not the one that was meant.
#[tokio::test]
async fn a_condition_that_nobody_checks_is_refused() {
    let scene = Scene::new().await;
    for (method, path) in [
        (Method::GET, scene.path("")),
        (Method::POST, scene.path("/refresh")),
        (Method::DELETE, scene.path("")),
    ] {
        for (name, value) in [
            ("if-match", "\"nope\""),
            ("if-match", "*"),
            ("if-unmodified-since", "Wed, 25 Nov 2026 09:30:00 GMT"),
        ] {
            let ask = scene.service.ask(method.clone(), &path);
            let answer = scene.service.send(ask.header(name, value)).await;
            answer.assert_problem(400, "invalid_request");
            assert!(answer.text().contains(name), "{answer:?}");
        }
    }
    scene.service.read(&scene.path("")).await;
    assert_eq!(scene.rig.upstream.stats().refreshes, 0);
}

#[tokio::test]
async fn other_methods_and_paths_are_told_so_without_a_page() {
    let scene = Scene::new().await;
    for (path, allowed) in [
        ("/tokens".to_owned(), "GET,HEAD"),
        (scene.path(""), "GET,HEAD,DELETE"),
        (scene.path("/access-token"), "GET,HEAD"),
        (scene.path("/refresh"), "POST"),
        ("/people/a@b.example/access-token".to_owned(), "GET,HEAD"),
        ("/openapi.json".to_owned(), "GET,HEAD"),
        ("/docs".to_owned(), "GET,HEAD"),
    ] {
        for method in ["PUT", "PATCH", "OPTIONS", "TRACE", "PROPFIND"] {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            let answer = scene.service.call(method, &path).await;
            answer.assert_problem(405, "method_not_allowed");
            assert_eq!(answer.header("allow"), Some(allowed), "{answer:?}");
        }
    }
    for path in [
        "",
        "/",
        "/nowhere",
        "/tokens/",
        "/tokens/x/y/z",
        "/people/a@b.example",
    ] {
        for method in [Method::GET, Method::POST, Method::DELETE] {
            let answer = scene.service.call(method, path).await;
            answer.assert_problem(404, "no_such_path");
        }
    }
    for path in ["/api", "/api/", "/api/v2/tokens"] {
        let answer = scene.rig.browser().get(path).await;
        answer.assert_problem(404, "no_such_path");
    }
    for id in [
        "x",
        "01JZZZZZZZZZZZZZZZZZZZZZZZ",
        "%ff",
        "%00",
        "%2F",
        &"9".repeat(5_000),
    ] {
        let answer = scene.service.get(&format!("/tokens/{id}")).await;
        let is_one = matches!(answer.status.as_u16(), 400 | 404);
        assert!(is_one, "{answer:?}");
    }
    let head = scene
        .service
        .call(Method::HEAD, &scene.path("/access-token"))
        .await;
    assert_eq!(
        (head.status.as_u16(), head.body.len()),
        (200, 0),
        "{head:?}"
    );
}

#[tokio::test]
async fn the_api_knows_no_session_no_origin_and_no_other_host() {
    let scene = Scene::new().await;
    let path = scene.path("/refresh");
    let ask = scene.service.ask(Method::POST, &path);
    let ask = ask.header("origin", "https://elsewhere.example");
    let ask = ask.header("sec-fetch-site", "cross-site");
    let answer = scene
        .service
        .send(ask.header("host", "api.internal:9"))
        .await;
    assert_eq!(answer.status, 200, "{answer:?}");
    // With a cookie that is good, and no key, it is refused all the same.
    let ask = scene.admin.ask(Method::POST, &format!("/api/v1{path}"));
    let refused = scene
        .admin
        .send(ask.header("sec-fetch-site", "same-origin"))
        .await;
    refused.assert_problem(401, "key_missing");
    assert!(refused.header("set-cookie").is_none(), "{refused:?}");
}
