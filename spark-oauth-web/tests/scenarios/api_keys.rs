//! API keys in the admin centre: made, shown once, revoked.

use std::time::Duration;

use crate::harness::{Browser, Form, OTHER_PASSWORD, Page, Rig, Setup, on_every_store};

on_every_store!(
    a_key_is_shown_once_and_never_again,
    a_key_is_revoked_after_it_was_confirmed,
    every_key_is_on_one_page_of_the_list,
);

async fn form(admin: &Browser) -> Form {
    admin.open("/admin/keys/new").await.form("/admin/keys")
}

async fn create(admin: &Browser, name: &str) -> Page {
    let form = form(admin).await.set("name", name);
    admin.submit(form.tick("scope", "tokens:use")).await
}

async fn a_key_is_shown_once_and_never_again(setup: Setup) {
    let rig = Rig::with(setup.set("logLevel", "trace")).await;
    let admin = rig.super_admin().await;
    let form = form(&admin).await.set("name", "nightly <b>report</b>");
    let form = form
        .tick("scope", "tokens:use")
        .tick("scope", "tokens:read");
    let form = form.set("emails", "Ann@example.org\nbob@example.org");
    let form = form.set("domains", "example.com").set("expires_at", "90d");
    let made = admin.submit(form.set("requests_per_minute", "60")).await;
    assert_eq!(
        (made.status.as_u16(), &*made.heading()),
        (200, "nightly <b>report</b>")
    );
    assert_eq!(made.header("cache-control"), Some("no-store"));
    let [key] = &made.secrets()[..] else {
        panic!("{made:?}");
    };
    assert!(key.starts_with("spoa_") && key.len() == 77, "{key}");
    assert!(!made.text().contains("<b>report"), "{made:?}");

    let path = made.link("I have copied it");
    let detail = admin.open(&path).await;
    let list = admin.open("/admin/keys").await;
    let log = admin.open("/admin/audit").await;
    let export = admin.submit(log.form("/admin/audit/export")).await;
    for page in [&detail, &list, &log, &export] {
        assert!(!page.text().contains(&key[5..]), "{page:?}");
    }
    for words in [
        "fetch access tokens tokens:use",
        "see which tokens there are, without their secrets tokens:read",
        "ann@example.org",
        "everybody at example.com",
        "in 90 days",
        "60",
        "by admin",
        "Active",
    ] {
        assert!(detail.content().contains(words), "{words}: {detail:?}");
    }
    assert!(
        list.content()
            .contains("for ann@example.org, bob@example.org and 1 more")
    );
    rig.log.request(export.request_id()).await;
    assert!(!rig.log.so_far().contains(&key[5..]));
}

async fn a_key_is_revoked_after_it_was_confirmed(setup: Setup) {
    let rig = Rig::with(setup).await;
    let admin = rig.super_admin().await;
    let path = create(&admin, "report").await.link("I have copied it");
    let asked = admin.submit(admin.open(&path).await.form("/revoke")).await;
    assert_eq!(asked.heading(), "Revoke this API key?");
    assert_eq!(admin.open(&path).await.all(".badge"), ["Active"]);
    let revoked = admin.submit(asked.form("/revoke")).await;
    assert!(
        revoked.notice().contains("“report” is revoked"),
        "{revoked:?}"
    );
    assert_eq!(revoked.all(".badge"), ["Revoked"]);
    assert!(revoked.forms("/revoke").is_empty(), "{revoked:?}");
    let list = admin.open("/admin/keys").await;
    assert_eq!(list.all("tbody .badge"), ["Revoked"]);
}

async fn every_key_is_on_one_page_of_the_list(setup: Setup) {
    let rig = Rig::with(setup).await;
    let admin = rig.super_admin().await;
    for number in 0..53 {
        rig.advance(Duration::from_millis(1));
        create(&admin, &format!("key {number:02}")).await;
    }
    let first = admin.open("/admin/keys").await;
    let second = admin.open(&first.link("Next")).await;
    let names = |page: &Page| page.all("tbody .row-link");
    assert_eq!((names(&first).len(), names(&second).len()), (50, 3));
    assert_eq!(names(&first)[0], "key 52", "the newest first");
    assert_eq!(names(&second), ["key 02", "key 01", "key 00"]);
    let back = admin.open(&second.link("First page")).await;
    assert_eq!(names(&back), names(&first));
}

#[tokio::test]
async fn a_list_without_keys_says_what_to_do() {
    let rig = Rig::start().await;
    let admin = rig.super_admin().await;
    let list = admin.open("/admin/keys").await;
    assert!(list.content().contains("No API keys yet"), "{list:?}");
    assert_eq!(list.link("Create a key"), "/admin/keys/new");
}

#[tokio::test]
async fn every_admin_may_make_and_revoke_keys() {
    let rig = Rig::start().await;
    let super_admin = rig.super_admin().await;
    let admins = super_admin
        .open("/admin/admins")
        .await
        .form("/admin/admins");
    let carol = admins
        .set("username", "carol")
        .set("email", "c@example.org");
    let carol = carol.set("password", OTHER_PASSWORD);
    super_admin
        .submit(carol.set("password_again", OTHER_PASSWORD))
        .await;
    let browser = rig.browser();
    browser.sign_in("carol", OTHER_PASSWORD).await;
    let path = create(&browser, "report").await.link("I have copied it");
    let page = browser.open(&path).await;
    assert!(page.content().contains("by carol"), "{page:?}");
    let asked = browser.submit(page.form("/revoke")).await;
    let revoked = browser.submit(asked.form("/revoke")).await;
    assert!(revoked.notice().contains("is revoked"), "{revoked:?}");
}

#[tokio::test]
async fn a_mistake_is_told_beside_its_field_and_what_was_typed_stays() {
    let rig = Rig::start().await;
    let admin = rig.super_admin().await;
    let long = "x".repeat(65);
    for (field, typed, words) in [
        ("name", "", "1 to 64 characters"),
        ("name", &*long, "1 to 64 characters"),
        ("emails", "ann@example.org, nobody", "“nobody”"),
        ("domains", "a@b.example", "what stands behind the @"),
        ("expires_at", "soon", "a number of days such as 90d"),
        ("expires_at", "2020-01-31", "The end must lie ahead."),
        ("requests_per_minute", "0", "a whole number such as 60"),
        ("requests_per_minute", "1.5", "a whole number such as 60"),
    ] {
        let form = form(&admin)
            .await
            .set("name", "report")
            .tick("scope", "tokens:use");
        let page = admin.submit(form.set(field, typed)).await;
        assert_eq!(page.status, 422, "{field} {typed}: {page:?}");
        let errors = page.all(".field__error");
        assert_eq!(errors.len(), 1, "{page:?}");
        assert!(errors[0].contains(words), "{errors:?}");
        assert_eq!(page.all(&format!("#{field}-error")), errors);
        assert_eq!(
            page.hrefs(&format!("#{field}")).len(),
            1,
            "summed up at the top"
        );
        let form = page.form("/admin/keys");
        assert_eq!(form.value(field), Some(typed));
        assert_eq!(form.values("scope"), ["tokens:use"]);
    }
    let page = admin.submit(form(&admin).await.set("name", "report")).await;
    assert_eq!(page.status, 422);
    assert_eq!(page.all("#scope-error"), ["Choose at least one scope."]);
    let page = admin
        .submit(form(&admin).await.forge("scope", "everything"))
        .await;
    assert!(
        page.all("#scope-error")[0].contains("tokens:read"),
        "{page:?}"
    );
    assert!(page.all(".field__error").len() == 2, "all mistakes at once");
    let list = admin.open("/admin/keys").await;
    assert!(
        list.content().contains("No API keys yet"),
        "nothing was made"
    );
}

#[tokio::test]
async fn an_address_that_names_no_key_leads_back_to_the_list() {
    let rig = Rig::start().await;
    let admin = rig.super_admin().await;
    for id in ["x", "01JZZZZZZZZZZZZZZZZZZZZZZZ"] {
        let page = admin.open(&format!("/admin/keys/{id}")).await;
        page.assert_error(404, "There is no such API key");
        for confirm in [&[][..], &[("confirm", "yes")]] {
            let page = admin
                .post(&format!("/admin/keys/{id}/revoke"), confirm)
                .await;
            page.assert_error(404, "There is no such API key");
        }
    }
    let page = admin.open("/admin/keys?cursor=!").await;
    page.assert_error(400, "This list cannot be shown");
    assert_eq!(page.link("Show all API keys"), "/admin/keys");
}
