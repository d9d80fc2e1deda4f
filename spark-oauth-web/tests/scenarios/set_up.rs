//! The super admin is set up once, by whoever has the link.

use crate::harness::{
    Browser, Command, OTHER_PASSWORD, PASSWORD, Rig, Setup, Upstream, on_every_store,
};

on_every_store!(
    the_link_works_once,
    without_the_right_code_nobody_is_set_up,
    of_two_set_ups_at_once_one_wins,
    the_link_of_before_a_restart_still_works,
    a_new_name_in_the_configuration_renames_the_super_admin_where_it_is_free,
);

const DONE: &str = "The super admin is set up already";
const WRONG_LINK: &str = "This set-up link is not the right one";

async fn the_link_works_once(setup: Setup) {
    let rig = Rig::with(setup).await;
    let stranger = rig.browser();
    let before = stranger.open("/admin").await;
    assert_eq!(before.heading(), "Not set up yet");
    let admin = rig.super_admin().await;
    assert_eq!(admin.open("/admin/admins").await.status, 200);
    assert_eq!(rig.browser().open("/admin").await.heading(), "Sign in");
    let path = rig.set_up_path();
    rig.browser().get(&path).await.assert_error(404, DONE);
    let code = path.split_once('=').unwrap().1;
    let again = rig
        .browser()
        .post("/admin/initialize", &[("code", code)])
        .await;
    again.assert_error(404, DONE);
}

async fn without_the_right_code_nobody_is_set_up(setup: Setup) {
    let rig = Rig::with(setup).await;
    let path = rig.set_up_path();
    let right = path.split_once('=').unwrap().1.to_owned();
    let browser = rig.browser();
    let cut = &right[..right.len() - 1];
    for code in [
        "",
        "x",
        cut,
        &format!("{right}x"),
        &right.to_lowercase(),
        &"a".repeat(9_000),
    ] {
        let place = format!("/admin/initialize?code={code}");
        browser.get(&place).await.assert_error(403, WRONG_LINK);
        let fields = [
            ("code", code),
            ("password", PASSWORD),
            ("password_again", PASSWORD),
        ];
        let page = browser.post("/admin/initialize", &fields).await;
        page.assert_error(403, WRONG_LINK);
    }
    browser
        .get("/admin/initialize")
        .await
        .assert_error(403, WRONG_LINK);
    browser
        .post("/admin/initialize", &[])
        .await
        .assert_error(403, WRONG_LINK);
    assert_eq!(browser.open("/admin").await.heading(), "Not set up yet");
    rig.super_admin().await;
}

#[tokio::test]
async fn a_form_without_a_usable_password_in_the_configuration_asks_for_one() {
    for configured in [
        serde_json::Value::Null,
        "123456".into(),
        "admin@example.org".into(),
    ] {
        let rig = Rig::with(Setup::default().set("superAdminAccount.password", configured)).await;
        let browser = rig.browser();
        let page = browser.open(&rig.set_up_path()).await;
        let form = page.form("/admin/initialize");
        for (password, again) in [("", ""), (PASSWORD, ""), (PASSWORD, OTHER_PASSWORD)] {
            let form = form.clone().set("password", password);
            let page = browser.submit(form.set("password_again", again)).await;
            assert_eq!(page.status, 422, "{page:?}");
            assert!(!page.all(".field__error").is_empty(), "{page:?}");
        }
        let form = form
            .set("password", PASSWORD)
            .set("password_again", PASSWORD);
        assert_eq!(browser.submit(form).await.heading(), "Tokens");
        assert_eq!(
            rig.browser().sign_in("admin", PASSWORD).await.heading(),
            "Tokens"
        );
    }
}

#[tokio::test]
async fn a_usable_password_in_the_configuration_is_taken() {
    let rig = Rig::start().await;
    let browser = rig.browser();
    let page = browser.open(&rig.set_up_path()).await;
    let form = page.form("/admin/initialize");
    assert_eq!(form.value("password"), None, "it asks for nothing");
    assert!(!page.text().contains(PASSWORD));
    let forged = form
        .forge("password", OTHER_PASSWORD)
        .forge("password_again", OTHER_PASSWORD);
    assert_eq!(browser.submit(forged).await.heading(), "Tokens");
    assert_eq!(
        rig.browser().sign_in("admin", PASSWORD).await.heading(),
        "Tokens"
    );
    assert_eq!(
        rig.browser().sign_in("admin", OTHER_PASSWORD).await.status,
        401
    );
}

async fn set_up(browser: &Browser, path: &str) -> u16 {
    let page = browser.open(path).await;
    let form = page.form("/admin/initialize");
    browser.submit_only(form).await.status.as_u16()
}

async fn of_two_set_ups_at_once_one_wins(setup: Setup) {
    let rig = Rig::with(setup).await;
    let second = rig.second().await;
    let path = rig.set_up_path();
    let (here, there) = (rig.browser(), rig.browser().moved_to(second.address));
    let link = second.set_up_link.clone().unwrap();
    assert!(
        link.ends_with(path.split_once('?').unwrap().1),
        "one code for all: {link}"
    );
    // Both have the form before either sends it.
    let (one, other) = (here.open(&path).await, there.open(&path).await);
    let (one, other) = tokio::join!(
        here.submit_only(one.form("/admin/initialize")),
        there.submit_only(other.form("/admin/initialize")),
    );
    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 404]);
    assert_eq!(rig.count("admins").await, 1);
    second.shut_down().await;
}

async fn the_link_of_before_a_restart_still_works(setup: Setup) {
    let rig = Rig::with(setup).await;
    let path = rig.set_up_path();
    let rig = rig.restart().await;
    assert_eq!(rig.set_up_path(), path);
    assert_eq!(set_up(&rig.browser(), &path).await, 303);
    let rig = rig.restart().await;
    assert_eq!(rig.running().set_up_link, None);
}

async fn a_new_name_in_the_configuration_renames_the_super_admin_where_it_is_free(setup: Setup) {
    let folder = tempfile::tempdir().unwrap();
    let upstream = Upstream::start().await;
    let command = Command::new(folder.path(), &setup, &upstream);
    let server = command.serve().await;
    let admin = server.site.super_admin().await;
    let page = admin.open("/admin/admins").await;
    let form = page.form("/admin/admins").set("username", "carol");
    let form = form.set("email", "carol@example.org");
    let form = form
        .set("password", OTHER_PASSWORD)
        .set("password_again", OTHER_PASSWORD);
    admin.submit(form).await;
    server.shut_down().await;

    let name = "SPARK_OAUTH__SUPERADMINACCOUNT__USERNAME";
    let taken = command.clone().variable(name, "CAROL").serve().await;
    assert_eq!(
        taken.browser().sign_in("admin", PASSWORD).await.heading(),
        "Tokens"
    );
    let carol = taken.browser().sign_in("carol", OTHER_PASSWORD).await;
    assert_eq!(carol.heading(), "Tokens");
    let log = taken.shut_down().await;
    let told = |line: &str| line.contains("ERROR") && line.contains("was not renamed");
    assert!(log.lines().any(told), "{log}");

    let renamed = command.variable(name, "queen").serve().await;
    assert_eq!(
        renamed.browser().sign_in("queen", PASSWORD).await.heading(),
        "Tokens"
    );
    assert_eq!(
        renamed.browser().sign_in("admin", PASSWORD).await.status,
        401
    );
    let old = admin
        .moved_to(renamed.site.address())
        .get("/admin/tokens")
        .await;
    assert_eq!(
        old.status, 303,
        "the sessions of before have ended: {old:?}"
    );
    let log = renamed.shut_down().await;
    assert!(log.contains("was renamed"), "{log}");
}
