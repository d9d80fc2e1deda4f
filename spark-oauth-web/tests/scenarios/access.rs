//! Who may see and do what in the admin centre.

use reqwest::Method;

use crate::harness::{
    ADMIN_PAGES, ALICE, Browser, OTHER_PASSWORD, PASSWORD, Page, Rig, SUPER_ADMIN_ROUTES, path_of,
};

/// Creates an admin, and answers the page of that admin.
async fn carol(super_admin: &Browser) -> Page {
    let page = super_admin.open("/admin/admins").await;
    let form = page.form("/admin/admins").set("username", "carol");
    let form = form
        .set("email", "carol@example.org")
        .set("password", OTHER_PASSWORD);
    let list = super_admin
        .submit(form.set("password_again", OTHER_PASSWORD))
        .await;
    super_admin.open(&list.link("carol")).await
}

#[tokio::test]
async fn an_admin_is_kept_from_everything_that_is_the_super_admins() {
    let rig = Rig::start().await;
    let super_admin = rig.super_admin().await;
    let own = carol(&super_admin).await.url.path().to_owned();
    let browser = rig.browser();
    browser.sign_in("carol", OTHER_PASSWORD).await;
    let fields = [
        ("username", "mallory"),
        ("email", "m@example.org"),
        ("password", PASSWORD),
        ("password_again", PASSWORD),
        ("confirm", "yes"),
    ];
    for (method, route) in SUPER_ADMIN_ROUTES {
        for path in [path_of(route), route.replace("/admin/admins/{id}", &own)] {
            let ask = browser
                .ask(method.parse::<Method>().unwrap(), &path)
                .fields(&fields);
            let page = browser.send(ask).await;
            page.assert_error(403, "Only the super admin may see this");
            assert!(page.text().contains("Sign out"), "still the admin's page");
        }
    }
    let list = super_admin.open("/admin/admins").await;
    assert_eq!(list.hrefs("/admin/admins/").len(), 2);
    assert!(!list.content().contains("mallory"));
}

#[tokio::test]
async fn whoever_is_not_signed_in_is_led_to_the_entrance() {
    let rig = Rig::start().await;
    rig.super_admin().await;
    rig.browser().grant(ALICE).await;
    for route in ADMIN_PAGES {
        for id in ["01JZZZZZZZZZZZZZZZZZZZZZZZ", "x", "%20"] {
            let page = rig.browser().get(&route.replace("{id}", id)).await;
            assert_eq!(page.status, 303, "{page:?}");
            let to = page.location();
            assert!(
                to == "/admin" || to.starts_with("/admin?next=%2Fadmin%2F"),
                "{to}"
            );
        }
    }
    for action in ["refresh", "revoke", "remove", "reveal"] {
        let path = path_of(&format!("/admin/tokens/{{id}}/{action}"));
        let page = rig.browser().post(&path, &[("confirm", "yes")]).await;
        page.assert_redirect("/admin");
    }
    for (_, route) in SUPER_ADMIN_ROUTES {
        rig.browser()
            .post(&path_of(route), &[])
            .await
            .assert_redirect("/admin");
    }
    assert_eq!(rig.upstream.stats().refreshes, 0);
}

#[tokio::test]
async fn ids_that_nobody_has_and_that_are_none_are_not_found() {
    let rig = Rig::start().await;
    let admin = rig.super_admin().await;
    for id in [
        "01JZZZZZZZZZZZZZZZZZZZZZZZ",
        "x",
        "%20",
        "..%2f..",
        "%27%20OR%201=1--",
        "0",
        "%00",
    ] {
        for (kind, heading) in [
            ("tokens", "There is no such token"),
            ("admins", "There is no such admin"),
        ] {
            let path = format!("/admin/{kind}/{id}");
            admin.get(&path).await.assert_error(404, heading);
            let actions: &[&str] = match kind {
                "tokens" => &["/refresh", "/revoke", "/remove", "/reveal"],
                _ => &["", "/remove"],
            };
            for action in actions {
                for fields in [&[][..], &[("confirm", "yes")]] {
                    let page = admin.post(&format!("{path}{action}"), fields).await;
                    page.assert_error(404, heading);
                }
            }
        }
    }
}

#[tokio::test]
async fn an_admin_looks_after_tokens() {
    let rig = Rig::start().await;
    let super_admin = rig.super_admin().await;
    carol(&super_admin).await;
    rig.browser().grant(ALICE).await;
    let browser = rig.browser();
    browser.sign_in("carol", OTHER_PASSWORD).await;
    let token = rig.only_token(&browser).await;
    assert_eq!(
        browser.submit(token.form("/reveal")).await.secrets().len(),
        2
    );
    let asked = browser.submit(token.form("/remove")).await;
    let removed = browser.submit(asked.form("/remove")).await;
    assert!(removed.notice().contains("was removed"), "{removed:?}");
}
