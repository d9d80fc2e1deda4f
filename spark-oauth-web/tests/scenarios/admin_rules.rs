//! The rules for admins, as a browser meets them.

use crate::harness::{Browser, Form, OTHER_PASSWORD, PASSWORD, Page, Rig, Setup, on_every_store};

on_every_store!(
    usernames_that_differ_in_case_alone_are_one,
    of_two_admins_with_one_name_at_once_one_is_created,
    a_profile_changes_with_the_present_password_alone,
    nobody_changes_an_own_username,
    the_super_admin_is_neither_renamed_nor_removed_nor_demoted,
    the_super_admin_changes_another_admin,
);

fn described(form: Form, username: &str, password: &str) -> Form {
    let form = form
        .set("username", username)
        .set("email", "carol@example.org");
    form.set("password", password)
        .set("password_again", password)
}

async fn create(super_admin: &Browser, username: &str, password: &str) -> Page {
    let page = super_admin.open("/admin/admins").await;
    super_admin
        .submit(described(page.form("/admin/admins"), username, password))
        .await
}

/// The page of an admin whom the super admin just created.
async fn carol(super_admin: &Browser) -> Page {
    let list = create(super_admin, "carol", OTHER_PASSWORD).await;
    super_admin.open(&list.link("carol")).await
}

#[track_caller]
fn assert_refused(page: &Page, words: &str) {
    assert_eq!(page.status, 422, "{page:?}");
    let errors = page.all(".field__error").join(" ");
    assert!(errors.contains(words), "{words}: {page:?}");
    assert!(page.text().contains("<title>Error: "), "{page:?}");
    for password in [PASSWORD, OTHER_PASSWORD] {
        assert!(
            !page.text().contains(password),
            "a password is never sent back"
        );
    }
}

async fn usernames_that_differ_in_case_alone_are_one(setup: Setup) {
    let rig = Rig::with(setup).await;
    let super_admin = rig.super_admin().await;
    create(&super_admin, "Carol", OTHER_PASSWORD).await;
    for taken in ["carol", "CAROL", "Carol", "admin", "ADMIN", "Admin"] {
        let page = create(&super_admin, taken, OTHER_PASSWORD).await;
        assert_refused(&page, "Another admin has this username.");
        assert_eq!(page.form("/admin/admins").value("username"), Some(taken));
    }
    let list = super_admin.open("/admin/admins").await;
    assert_eq!(list.hrefs("/admin/admins/").len(), 2);
}

async fn of_two_admins_with_one_name_at_once_one_is_created(setup: Setup) {
    let rig = Rig::with(setup).await;
    let super_admin = rig.super_admin().await;
    let page = super_admin.open("/admin/admins").await;
    let form = |name| described(page.form("/admin/admins"), name, OTHER_PASSWORD);
    let (one, other) = tokio::join!(
        super_admin.submit_only(form("carol")),
        super_admin.submit_only(form("CAROL")),
    );
    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 422]);
}

#[tokio::test]
async fn usernames_have_three_to_twenty_plain_characters() {
    let rig = Rig::start().await;
    let super_admin = rig.super_admin().await;
    for wrong in [
        "",
        "ab",
        &"a".repeat(21),
        "a b c",
        "carol!",
        "cärol",
        "<b>carol",
    ] {
        let page = create(&super_admin, wrong, OTHER_PASSWORD).await;
        assert_refused(&page, "3 to 20 letters (a to z)");
        assert!(!page.text().contains("<b>carol"), "{page:?}");
    }
    for right in ["abc", &"a".repeat(20), "C_1"] {
        let page = create(&super_admin, right, OTHER_PASSWORD).await;
        assert_eq!(page.status, 200, "{page:?}");
        assert!(page.notice().contains("was created"), "{page:?}");
    }
}

#[tokio::test]
async fn passwords_have_up_to_72_bytes_and_are_never_cut() {
    let rig = Rig::start().await;
    let super_admin = rig.super_admin().await;
    let long = "correct horse battery staple ".repeat(3);
    for wrong in [&long[..73], &"ü".repeat(37)] {
        let page = create(&super_admin, "carol", wrong).await;
        assert_refused(&page, "at most 72 bytes");
    }
    let page = create(&super_admin, "carol", &long[..72]).await;
    assert!(page.notice().contains("was created"), "{page:?}");
    let carol = rig.browser();
    assert_eq!(
        carol.sign_in("carol", &long[..72]).await.heading(),
        "Tokens"
    );
    for other in [&long[..71], &long[..73], &long[..]] {
        assert_eq!(rig.browser().sign_in("carol", other).await.status, 401);
    }
}

#[tokio::test]
async fn passwords_that_are_guessed_first_are_refused() {
    let rig = Rig::start().await;
    let super_admin = rig.super_admin().await;
    for (weak, words) in [
        ("", "password"),
        ("short", "at least 8 characters"),
        ("password1", "easy to guess"),
        ("carolcarol", "easy to guess"),
        ("carol@example.org", "easy to guess"),
        ("sparkoauth", "easy to guess"),
    ] {
        assert_refused(&create(&super_admin, "carol", weak).await, words);
    }
    let page = super_admin.open("/admin/admins").await;
    let form = described(page.form("/admin/admins"), "carol", PASSWORD);
    let page = super_admin
        .submit(form.set("password_again", OTHER_PASSWORD))
        .await;
    assert_refused(&page, "not the same");
    let form = described(page.form("/admin/admins"), "carol", PASSWORD);
    let page = super_admin.submit(form.set("email", "no address")).await;
    assert_refused(&page, "address");
}

async fn a_profile_changes_with_the_present_password_alone(setup: Setup) {
    let rig = Rig::with(setup).await;
    let admin = rig.super_admin().await;
    let profile = admin.open("/admin/profile").await;
    let form = profile
        .form("/admin/profile")
        .set("email", "new@example.org");
    for wrong in ["", OTHER_PASSWORD] {
        let page = admin
            .submit(form.clone().set("current_password", wrong))
            .await;
        assert_refused(&page, "current password");
        assert_eq!(
            page.form("/admin/profile").value("email"),
            Some("new@example.org")
        );
    }
    let kept = admin.open("/admin/profile").await;
    assert_eq!(
        kept.form("/admin/profile").value("email"),
        Some("admin@example.org")
    );

    let page = admin.submit(form.set("current_password", PASSWORD)).await;
    assert!(
        page.notice().contains("Your profile was changed."),
        "{page:?}"
    );
    assert_eq!(
        page.form("/admin/profile").value("email"),
        Some("new@example.org")
    );
    let there = rig.browser().sign_in("admin", PASSWORD).await;
    assert_eq!(
        there.heading(),
        "Tokens",
        "an empty new password keeps the old one"
    );
}

#[tokio::test]
async fn guessing_the_present_password_of_an_open_session_is_slowed_down() {
    let rig = Rig::start().await;
    let admin = rig.super_admin().await;
    let profile = admin.open("/admin/profile").await;
    let form = profile
        .form("/admin/profile")
        .set("current_password", OTHER_PASSWORD);
    let mut last = admin.submit(form.clone()).await;
    for _ in 0..20 {
        last = admin.submit(form.clone()).await;
    }
    last.assert_error(429, "Too many attempts");
    assert!(last.header("retry-after").is_some());
}

async fn nobody_changes_an_own_username(setup: Setup) {
    let rig = Rig::with(setup).await;
    let super_admin = rig.super_admin().await;
    carol(&super_admin).await;
    let browser = rig.browser();
    browser.sign_in("carol", OTHER_PASSWORD).await;
    let profile = browser.open("/admin/profile").await;
    let form = profile.form("/admin/profile");
    assert_eq!(form.value("username"), None, "there is no such field");
    let form = form
        .set("current_password", OTHER_PASSWORD)
        .forge("username", "queen");
    browser.submit(form).await;
    let list = super_admin.open("/admin/admins").await;
    assert!(!list.content().contains("queen"), "{list:?}");
    assert!(list.content().contains("carol"));
}

async fn the_super_admin_is_neither_renamed_nor_removed_nor_demoted(setup: Setup) {
    let rig = Rig::with(setup).await;
    let super_admin = rig.super_admin().await;
    let list = super_admin.open("/admin/admins").await;
    let path = list.link("admin");
    let page = super_admin.open(&path).await;
    assert!(page.forms("/remove").is_empty(), "{page:?}");
    let form = page.form(&path);
    let refused = super_admin
        .submit(form.clone().forge("username", "queen"))
        .await;
    assert_eq!(refused.status, 422);
    assert!(
        refused.notice().contains("comes from the configuration"),
        "{refused:?}"
    );
    for confirm in [&[][..], &[("confirm", "yes")]] {
        let refused = super_admin.post(&format!("{path}/remove"), confirm).await;
        refused.assert_error(409, "The super admin stays");
    }
    let forged = form.forge("role", "admin").forge("super", "false");
    super_admin.submit(forged).await;
    assert_eq!(super_admin.open("/admin/admins").await.status, 200);
}

async fn the_super_admin_changes_another_admin(setup: Setup) {
    let rig = Rig::with(setup).await;
    let super_admin = rig.super_admin().await;
    let page = carol(&super_admin).await;
    let path = page.url.path().to_owned();
    let form = page
        .form(&path)
        .set("username", "Carol_2")
        .set("email", "c2@example.org");
    let form = form
        .set("password", PASSWORD)
        .set("password_again", PASSWORD);
    let page = super_admin.submit(form).await;
    assert!(page.notice().contains("Carol_2 was changed"), "{page:?}");
    assert_eq!(
        rig.browser().sign_in("carol", OTHER_PASSWORD).await.status,
        401
    );
    assert_eq!(
        rig.browser().sign_in("carol_2", PASSWORD).await.heading(),
        "Tokens"
    );

    // An own name in another case is no name of somebody else.
    let page = super_admin
        .submit(page.form(&path).set("username", "CAROL_2"))
        .await;
    assert!(page.notice().contains("CAROL_2 was changed"), "{page:?}");
    let page = super_admin
        .submit(page.form(&path).set("username", "ADMIN"))
        .await;
    assert_refused(&page, "Another admin has this username.");
}
