//! What another site makes a browser send changes nothing here.

use std::collections::BTreeSet;
use std::path::Path;

use reqwest::Method;

use crate::harness::{Browser, PASSWORD, Page, Rig, STATE_CHANGES, Setup, path_of};

/// What a browser says of a form on somebody else's page.
const STRANGERS: [&[(&str, &str)]; 7] = [
    &[("sec-fetch-site", "cross-site")],
    &[("sec-fetch-site", "same-site")],
    &[("sec-fetch-site", "nonsense")],
    &[
        ("sec-fetch-site", "cross-site"),
        ("origin", "http://127.0.0.1:3000"),
    ],
    &[("origin", "https://evil.example")],
    &[("origin", "null")],
    &[("origin", "http://127.0.0.1:3001")],
];

/// What it says of our own, and what a program says.
const FRIENDS: [&[(&str, &str)]; 4] = [
    &[
        ("sec-fetch-site", "same-origin"),
        ("origin", "http://127.0.0.1:3000"),
    ],
    &[("sec-fetch-site", "none")],
    &[("origin", "http://127.0.0.1:3000")],
    &[],
];

async fn send(browser: &Browser, path: &str, headers: &[(&str, &str)]) -> Page {
    let fields = [
        ("confirm", "yes"),
        ("roomName", "A room"),
        ("username", "admin"),
        ("password", PASSWORD),
        ("current_password", PASSWORD),
        ("email", "evil@example.com"),
    ];
    let mut ask = browser.ask(Method::POST, path).fields(&fields);
    for (name, value) in headers {
        ask = ask.header(name, value);
    }
    browser.send(ask).await
}

/// The routes with the IDs of what really stands there.
async fn targets(browser: &Browser) -> Vec<String> {
    let tokens = browser.open("/admin/tokens").await;
    let token = tokens.hrefs("/admin/tokens/").remove(0);
    let admins = browser.open("/admin/admins").await;
    let admin = admins.hrefs("/admin/admins/").remove(0);
    let target = |route: &&str| {
        let path = route.replace("/admin/tokens/{id}", &token);
        path.replace("/admin/admins/{id}", &admin)
    };
    STATE_CHANGES.iter().map(target).collect()
}

#[tokio::test]
async fn every_state_change_from_another_site_is_refused_and_changes_nothing() {
    let rig = Rig::with(Setup::on_disk()).await;
    let browser = rig.insider().await;
    let database = rig.database().await;
    let mut before = Vec::new();
    let tables = ["tokens", "admins", "sessions", "consents"];
    for table in tables {
        before.push(database.count(table).await);
    }
    let versions = "SELECT email || version || generation FROM tokens";
    let tokens = database.texts(versions).await;
    for path in targets(&browser).await {
        for headers in STRANGERS {
            let refused = send(&browser, &path, headers).await;
            refused.assert_error(403, "You cannot do that here");
            assert!(refused.header("set-cookie").is_none(), "{refused:?}");
        }
    }
    for (table, before) in tables.iter().zip(before) {
        assert_eq!(database.count(table).await, before, "{table}");
    }
    assert_eq!(database.texts(versions).await, tokens);
    let stats = rig.upstream.stats();
    assert_eq!((stats.refreshes, stats.revocations), (0, 0));
    assert!(rig.upstream.provider.rooms().is_empty());
    assert_eq!(browser.open("/admin/profile").await.heading(), "Profile");
}

#[tokio::test]
async fn every_state_change_from_our_own_site_passes() {
    let rig = Rig::start().await;
    rig.insider().await;
    for route in STATE_CHANGES {
        for headers in FRIENDS {
            let browser = rig.browser();
            browser.sign_in("admin", PASSWORD).await;
            let page = send(&browser, &path_of(route), headers).await;
            assert_ne!(page.status, 403, "{headers:?}: {page:?}");
        }
    }
}

#[tokio::test]
async fn looking_is_allowed_from_everywhere() {
    let rig = Rig::start().await;
    let browser = rig.browser();
    for method in [Method::GET, Method::HEAD] {
        let ask = browser
            .ask(method, "/")
            .header("sec-fetch-site", "cross-site");
        assert_eq!(browser.send(ask).await.status, 200);
    }
}

/// The routes in the source that take a POST.
fn routes_in(folder: &Path) -> BTreeSet<String> {
    let mut routes = BTreeSet::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            routes.extend(routes_in(&path));
            continue;
        }
        let source = std::fs::read_to_string(path).unwrap();
        for call in source.split(".route(").skip(1) {
            let call = call.split(".route(").next().unwrap();
            let own = call.split("\n}").next().unwrap();
            let route = own.split('"').nth(1).unwrap_or_default();
            if own.contains("post(") && route.starts_with('/') {
                routes.insert(route.to_owned());
            }
        }
    }
    routes
}

#[test]
fn the_list_of_state_changes_is_complete() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/routes");
    let listed: BTreeSet<_> = STATE_CHANGES.iter().map(ToString::to_string).collect();
    assert_eq!(routes_in(&folder), listed);
}
