//! Every admin action leaves an entry that a search finds, also where it was refused.

use std::time::Duration;

use crate::harness::{
    ALICE, Browser, Form, OTHER_PASSWORD, PASSWORD, Page, Rig, Setup, on_every_store,
};

on_every_store!(
    what_an_admin_does_is_found_by_its_kind,
    what_was_refused_is_found_too,
);

/// What, who, outcome of the newest entry of a kind.
#[track_caller]
fn newest(page: &Page) -> (String, String, String) {
    let first = |selector: &str| {
        let found = page.all(&format!("tbody tr:first-child {selector}"));
        found
            .into_iter()
            .next()
            .unwrap_or_else(|| panic!("{page:?}"))
    };
    (
        first("th"),
        first("td[data-label=Who]"),
        first("td[data-label=Outcome]"),
    )
}

async fn find(admin: &Browser, action: &str) -> Page {
    let page = admin.open("/admin/audit").await;
    admin
        .submit(page.form("/admin/audit").set("action", action))
        .await
}

async fn assert_found(admin: &Browser, action: &str, expected: (&str, &str, &str)) {
    let page = find(admin, action).await;
    let (what, who, outcome) = newest(&page);
    assert_eq!((&*what, &*who, &*outcome), expected, "{action}");
    let from = &page.all("tbody tr:first-child td[data-label=From]")[0];
    let request = from.strip_prefix("127.0.0.1 ");
    assert_eq!(
        request.map(str::len),
        Some(26),
        "address and request: {from}"
    );
    let when = &page.all("tbody tr:first-child td[data-label=When]")[0];
    assert!(when.contains("UTC"), "{when}");
}

fn described(form: Form, username: &str, email: &str) -> Form {
    let form = form.set("username", username).set("email", email);
    form.set("password", OTHER_PASSWORD)
        .set("password_again", OTHER_PASSWORD)
}

async fn confirmed(admin: &Browser, page: &Page, action: &str) -> Page {
    let asked = admin.submit(page.form(action)).await;
    admin.submit(asked.form(action)).await
}

async fn what_an_admin_does_is_found_by_its_kind(setup: Setup) {
    let rig = Rig::with(setup).await;
    let admin = rig.super_admin().await;
    rig.browser().grant(ALICE).await;
    let token = rig.only_token(&admin).await;
    admin.submit(token.form("/refresh")).await;
    admin.submit(token.form("/reveal")).await;
    confirmed(&admin, &token, "/revoke").await;
    confirmed(&admin, &token, "/remove").await;

    let page = admin.open("/admin/admins").await;
    let list = admin
        .submit(described(
            page.form("/admin/admins"),
            "carol",
            "c@example.org",
        ))
        .await;
    let page = admin.open(&list.link("carol")).await;
    let path = page.url.path().to_owned();
    let changed = described(page.form(&path), "carol", "c2@example.org");
    admin.submit(changed).await;
    confirmed(&admin, &page, "/remove").await;

    let page = admin.open("/admin/keys/new").await;
    let form = page.form("/admin/keys").set("name", "report");
    let made = admin.submit(form.tick("scope", "tokens:use")).await;
    let key = admin.open(&made.link("I have copied it")).await;
    confirmed(&admin, &key, "/revoke").await;
    let page = admin.open("/admin/links/new").await;
    let form = page.form("/admin/links").set("expected_email", ALICE);
    let link = admin.submit(form).await;
    confirmed(&admin, &link, "/end").await;
    let log = admin.open("/admin/audit").await;
    admin.submit(log.form("/admin/audit/export")).await;
    let other = rig.browser();
    let page = other.sign_in("admin", PASSWORD).await;
    other.submit(page.form("/admin/sign-out")).await;

    let by = "admin admin";
    for (action, what) in [
        ("super_admin_set_up", "Set up the super admin admin"),
        ("token_refreshed", "Refresh a token alice@example.com"),
        (
            "token_revealed",
            "Look at the secrets of a token alice@example.com",
        ),
        ("token_revoked", "Revoke a token alice@example.com"),
        ("token_removed", "Remove a token alice@example.com"),
        ("admin_created", "Create an admin carol"),
        ("admin_changed", "Change an admin carol"),
        ("admin_removed", "Remove an admin carol"),
        ("api_key_created", "Create an API key report"),
        ("api_key_revoked", "Revoke an API key report"),
        (
            "consent_link_created",
            "Make a consent link alice@example.com",
        ),
        ("consent_link_ended", "End a consent link alice@example.com"),
        ("audit_exported", "Export the audit log"),
        ("sign_in", "Sign in"),
        ("sign_out", "Sign out"),
    ] {
        assert_found(&admin, action, (what, by, "Done")).await;
    }
    let granted = (
        "Grant access alice@example.com",
        "alice@example.com person",
        "Done",
    );
    assert_found(&admin, "consent_granted", granted).await;
    rig.advance(Duration::from_millis(1));
    let profile = admin.open("/admin/profile").await;
    let form = profile
        .form("/admin/profile")
        .set("email", "new@example.org");
    admin.submit(form.set("current_password", PASSWORD)).await;
    assert_found(
        &admin,
        "admin_changed",
        ("Change an admin admin", by, "Done"),
    )
    .await;
}

async fn act_on_what_is_gone(admin: &Browser, unknown: &str) {
    for (kind, action) in [
        ("tokens", "refresh"),
        ("tokens", "reveal"),
        ("tokens", "revoke"),
        ("tokens", "remove"),
        ("keys", "revoke"),
        ("links", "end"),
    ] {
        let path = format!("/admin/{kind}/{unknown}/{action}");
        assert_eq!(admin.post(&path, &[("confirm", "yes")]).await.status, 404);
    }
}

async fn what_was_refused_is_found_too(setup: Setup) {
    let rig = Rig::with(setup).await;
    let stranger = rig.browser();
    let fields = [
        ("code", "made-up"),
        ("password", PASSWORD),
        ("password_again", PASSWORD),
    ];
    assert_eq!(
        stranger.post("/admin/initialize", &fields).await.status,
        403
    );
    let admin = rig.super_admin().await;
    let unknown = "01JZZZZZZZZZZZZZZZZZZZZZZZ";
    act_on_what_is_gone(&admin, unknown).await;
    let page = admin.open("/admin/admins").await;
    let list = admin
        .submit(described(
            page.form("/admin/admins"),
            "carol",
            "c@example.org",
        ))
        .await;
    let carol = rig.browser();
    carol.sign_in("carol", OTHER_PASSWORD).await;
    let path = format!("{}/remove", list.link("carol"));
    assert_eq!(carol.post(&path, &[("confirm", "yes")]).await.status, 403);
    let profile = carol.open("/admin/profile").await;
    carol
        .submit(
            profile
                .form("/admin/profile")
                .set("current_password", "wrong"),
        )
        .await;
    let refused = rig.browser().sign_in("admin", OTHER_PASSWORD).await;
    assert_eq!(refused.status, 401);

    let gone = "Refused There is none";
    let of = |what: &str| format!("{what} the token");
    for (action, what, who, outcome) in [
        (
            "super_admin_set_up",
            "Set up the super admin admin".to_owned(),
            "admin not signed in",
            "Refused The set-up code is wrong",
        ),
        (
            "token_refreshed",
            of("Refresh a token"),
            "admin admin",
            gone,
        ),
        (
            "token_revealed",
            of("Look at the secrets of a token"),
            "admin admin",
            gone,
        ),
        ("token_revoked", of("Revoke a token"), "admin admin", gone),
        ("token_removed", of("Remove a token"), "admin admin", gone),
        (
            "api_key_revoked",
            "Revoke an API key the key".to_owned(),
            "admin admin",
            gone,
        ),
        (
            "consent_link_ended",
            format!("End a consent link {unknown}"),
            "admin admin",
            gone,
        ),
        (
            "admin_changed",
            "Change an admin carol".to_owned(),
            "carol admin",
            "Refused A field was wrong",
        ),
        (
            "sign_in",
            "Sign in".to_owned(),
            "admin not signed in",
            "Refused Wrong username or password",
        ),
    ] {
        let page = admin.open("/admin/audit").await;
        let form = page.form("/admin/audit").set("action", action);
        let page = admin.submit(form.set("outcome", "refused")).await;
        let found = newest(&page);
        assert_eq!(
            found,
            (what, who.to_owned(), outcome.to_owned()),
            "{action}"
        );
    }
    let page = find(&admin, "admin_removed").await;
    let (_, who, outcome) = newest(&page);
    assert_eq!(who, "carol admin");
    assert_eq!(outcome, "Refused Only the super admin may do it");
}

#[tokio::test]
async fn a_throttled_sign_in_leaves_one_entry() {
    let rig = Rig::start().await;
    let admin = rig.super_admin().await;
    let stranger = rig.browser();
    let mut throttled = 0;
    for _ in 0..40 {
        let page = stranger.sign_in("carol", "wrong-password").await;
        throttled += u32::from(page.status == 429);
    }
    assert!(throttled > 5, "{throttled}");
    let page = find(&admin, "sign_in").await;
    let outcomes = page.all("td[data-label=Outcome]");
    let of = |words: &str| {
        outcomes
            .iter()
            .filter(|outcome| outcome.contains(words))
            .count()
    };
    assert_eq!(of("Too many attempts"), 1, "{outcomes:?}");
    assert!(of("Wrong username or password") > 5, "{outcomes:?}");
}
