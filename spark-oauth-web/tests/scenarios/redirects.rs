//! Redirects lead to pages of ours, whatever a link says.

use reqwest::Method;

use crate::harness::{Browser, PASSWORD, Page, Rig, Setup};

const ELSEWHERE: [&str; 18] = [
    "https://evil.example/admin/tokens",
    "//evil.example/admin/tokens",
    "/\\evil.example",
    "\\\\evil.example",
    "/admin/\\evil.example",
    "/admin//evil.example",
    "/admin/../../evil",
    "/admin/%2e%2e/%2e%2e/evil",
    "/admin/tokens\r\nLocation: https://evil.example",
    "javascript:alert(1)",
    "http:evil.example",
    "/%09/evil.example",
    "\t//evil.example",
    "/",
    "/granted",
    "/admin/sign-out",
    "/admin/initialize",
    "@evil.example/admin/",
];

fn query(next: &str) -> String {
    let mut pairs = url::form_urlencoded::Serializer::new(String::new());
    pairs.append_pair("next", next);
    format!("/admin?{}", pairs.finish())
}

#[tokio::test]
async fn a_return_path_to_somewhere_else_is_forgotten() {
    let rig = Rig::start().await;
    let signed_in = rig.super_admin().await;
    for next in ELSEWHERE {
        signed_in
            .get(&query(next))
            .await
            .assert_redirect("/admin/tokens");
        let browser = rig.browser();
        let page = browser.open(&query(next)).await;
        let form = page.form("/admin/sign-in");
        assert_eq!(form.value("next"), None, "{next}");
        let form = form.set("username", "admin").set("password", PASSWORD);
        let landed = browser.submit_only(form.forge("next", next)).await;
        landed.assert_redirect("/admin/tokens");
    }
}

#[tokio::test]
async fn a_return_path_of_ours_is_kept_through_the_sign_in() {
    let rig = Rig::start().await;
    rig.super_admin().await;
    for path in [
        "/admin/profile",
        "/admin/admins",
        "/admin/tokens?email=a%40b&status=active",
    ] {
        let browser = rig.browser();
        let page = browser.open(path).await;
        assert_eq!(page.heading(), "Sign in");
        let form = page.form("/admin/sign-in").set("username", "admin");
        // A mistake does not lose the way.
        let page = browser.submit(form.set("password", "mistaken")).await;
        assert_eq!(page.status, 401);
        let form = page.form("/admin/sign-in").set("password", PASSWORD);
        let landed = browser.submit_only(form).await;
        landed.assert_redirect(path);
    }
}

async fn ask_as(browser: &Browser, method: Method, path: &str, host: &str) -> Page {
    let ask = browser.ask(method, path).bare();
    browser.send(ask.header("host", host)).await
}

#[tokio::test]
async fn another_name_of_this_machine_is_redirected_to_the_public_one() {
    let rig = Rig::start().await;
    let browser = rig.browser();
    for host in [
        "localhost:3000",
        "LOCALHOST",
        "localhost.",
        "demo.localhost:80",
        "[::1]:3000",
        "127.0.0.2",
    ] {
        for (path, place) in [
            ("/", "http://127.0.0.1:3000/"),
            (
                "/admin?next=%2Fadmin%2Fprofile",
                "http://127.0.0.1:3000/admin?next=%2Fadmin%2Fprofile",
            ),
            (
                "/granted?a=b&c=%20",
                "http://127.0.0.1:3000/granted?a=b&c=%20",
            ),
        ] {
            let led = ask_as(&browser, Method::GET, path, host).await;
            assert_eq!(led.status, 307, "{led:?}");
            assert_eq!(led.location(), place);
        }
        // What was typed into a form under the wrong name is not carried over.
        let led = ask_as(&browser, Method::POST, "/admin/sign-in", host).await;
        led.assert_redirect("http://127.0.0.1:3000/admin");
        let led = ask_as(&browser, Method::POST, "/auth/spark", host).await;
        led.assert_redirect("http://127.0.0.1:3000/");
        // Whoever watches the process asks by address, whatever it is.
        assert_eq!(
            ask_as(&browser, Method::GET, "/livez", host).await.status,
            200
        );
    }
    assert!(
        rig.site()
            .visited()
            .iter()
            .all(|page| page.header("set-cookie").is_none())
    );
}

#[tokio::test]
async fn a_host_name_that_is_not_ours_is_rejected_and_never_redirected() {
    const PUBLIC: &str = "https://tokens.example.com";
    let setup = Setup::default().set("publicUrl", PUBLIC).set(
        "oauth.redirectURIUnencoded",
        format!("{PUBLIC}/auth/spark/callback"),
    );
    let rig = Rig::with(setup).await;
    let browser = rig.browser();
    for host in [
        // nginx with nothing but `proxy_pass` sends the address or the upstream's name.
        "127.0.0.1:3000",
        "localhost",
        "spark_oauth",
        "10.0.0.5:3000",
        "[::1]:3000",
        "evil.example",
        "example.com",
        "tokens.example.com.evil.example",
    ] {
        for (method, path) in [
            (Method::GET, "/"),
            (Method::GET, "/auth/spark/callback?code=a&state=b"),
            (Method::POST, "/auth/spark"),
            (Method::GET, "/admin"),
        ] {
            let page = ask_as(&browser, method, path, host).await;
            assert_eq!(page.status, 421, "{host}: {page:?}");
            assert_eq!(page.heading(), "This is not the address of this service");
            let name = host.rsplit_once(":3000").map_or(host, |(name, _)| name);
            for part in [
                name,
                PUBLIC,
                "Host",
                "X-Forwarded-Host",
                "server.trustedProxies",
            ] {
                assert!(page.content().contains(part), "{part}: {page:?}");
            }
            assert_eq!(page.link("Open this service"), format!("{PUBLIC}/"));
        }
        let health = ask_as(&browser, Method::GET, "/readyz", host).await;
        assert_eq!(health.status, 200);
    }
    let log = rig.log.so_far();
    let rejected = "request for an unknown host name rejected";
    let lines = log.lines().filter(|line| line.contains(rejected));
    let warnings = lines.filter(|line| line.contains(" WARN ")).count();
    assert_eq!(warnings, 1, "{log}");
    // The public name passes, in every form in which it is the same to a browser.
    for host in [
        "tokens.example.com",
        "TOKENS.Example.com:443",
        "tokens.example.com:8443",
    ] {
        assert_eq!(ask_as(&browser, Method::GET, "/", host).await.status, 200);
    }
    // A browser keeps other cookies for the name with the root's dot.
    let dotted = ask_as(&browser, Method::GET, "/?a=b", "tokens.example.com.").await;
    assert_eq!(
        (dotted.status.as_u16(), dotted.location()),
        (307, "https://tokens.example.com/?a=b")
    );
}

#[tokio::test]
async fn our_own_name_at_any_port_is_ours() {
    let rig = Rig::start().await;
    let browser = rig.browser();
    for host in [
        "127.0.0.1",
        "127.0.0.1:3000",
        "127.0.0.1:61234",
        "not a host",
    ] {
        assert_eq!(
            ask_as(&browser, Method::GET, "/", host).await.status,
            200,
            "{host}"
        );
    }
}

#[tokio::test]
async fn only_a_trusted_proxy_names_the_host() {
    for (proxies, status) in [
        (serde_json::json!([]), 200),
        (serde_json::json!(["127.0.0.1"]), 307),
    ] {
        let rig = Rig::with(Setup::default().set("server.trustedProxies", proxies)).await;
        let browser = rig.browser();
        let ask = browser.ask(Method::GET, "/");
        let page = browser
            .send(ask.header("x-forwarded-host", "localhost"))
            .await;
        assert_eq!(page.status, status, "{page:?}");
    }
}
