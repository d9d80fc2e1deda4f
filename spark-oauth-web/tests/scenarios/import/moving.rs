//! From the sample's export to a running application.

use serde_json::{Value, json};

use super::export;
use super::records::{OLD_PASSWORD, admin, live_token, object_id, secrets, token, with};
use crate::harness::{ALICE, BOB, Command, Ended, Server, Setup, Upstream, on_every_store};

on_every_store!(
    everything_moves_in_and_works,
    a_server_may_run_meanwhile_and_what_lives_here_stays,
);

const IMPORT: [&str; 2] = ["import", "export"];

/// That nothing of the sample's secrets was written anywhere.
fn assert_discreet(ended: &Ended, records: &[Value]) {
    for secret in secrets(records) {
        assert!(!ended.out.contains(&secret), "{ended:?}");
        assert!(!ended.errors.contains(&secret), "{ended:?}");
    }
}

/// The numbers of a row of the table.
fn row(ended: &Ended, name: &str) -> Vec<u64> {
    let row = ended.out.lines().find(|line| line.starts_with(name));
    let row = row.unwrap_or_else(|| panic!("{ended:?}"));
    let numbers = row.split_whitespace().skip(1);
    numbers.map(|number| number.parse().unwrap()).collect()
}

fn tokens(upstream: &Upstream) -> Vec<Value> {
    vec![
        live_token(upstream, 9, ALICE),
        token(1, "Alice@Example.com", "that-is-older"),
        with(
            with(live_token(upstream, 2, BOB), "message", "refused"),
            "trackingId",
            "ROUTER_1",
        ),
        with(token(3, "nobody@example.com", "3"), "email", Value::Null),
        with(token(4, "carol@example.com", "4"), "refresh_token", 5),
        with(
            token(5, "dave@example.com", "5"),
            "access_token",
            "a".repeat(8193),
        ),
    ]
}

fn admins() -> Vec<Value> {
    vec![
        admin(1, "admin"),
        admin(2, "carol"),
        admin(3, "CAROL"),
        admin(4, "no name!"),
        with(admin(5, "erin"), "password", "plain-old-secret"),
    ]
}

async fn everything_moves_in_and_works(setup: Setup) {
    let folder = tempfile::tempdir().unwrap();
    let upstream = Upstream::start().await;
    let command = Command::new(folder.path(), &setup, &upstream);
    let (tokens, admins) = (tokens(&upstream), admins());
    export::write(folder.path(), &tokens, &admins);

    let plan = command.run(&["import", "export", "--dry-run"], "").await;
    assert_eq!(plan.code, Some(0), "{plan:?}");
    assert!(!command.key_file().exists() && !folder.path().join("data").exists());
    let done = command.run(&IMPORT, "").await;
    assert_eq!(done.code, Some(0), "{done:?}");
    assert_eq!(done.errors, "", "no bar where there is no terminal");
    for ended in [&plan, &done] {
        assert_eq!(row(ended, "tokens"), [6, 2, 0, 0, 4, 0, 0], "{ended:?}");
        assert_eq!(row(ended, "admins"), [5, 2, 0, 0, 3, 0, 0], "{ended:?}");
        assert_discreet(ended, &[tokens.clone(), admins.clone()].concat());
    }
    let told = [
        format!(
            "left out: token of Alice@Example.com ({} in tokenCenterCollection.json, line 2): an \
             older record of this person; {} is taken",
            object_id(1),
            object_id(9)
        ),
        format!("taken: token of {BOB}"),
        format!(
            "left out: token ({} in tokenCenterCollection.json, line 4): email is missing",
            object_id(3)
        ),
        "refresh_token is a number, not a text".to_owned(),
        "access_token has 8193 bytes; a token has at most 8192".to_owned(),
        format!("left out: admin CAROL ({}", object_id(3)),
        "left out: admin \"no name!\"".to_owned(),
        "left out: admin erin".to_owned(),
    ];
    for line in &told {
        assert!(done.out.contains(line), "{line}:\n{}", done.out);
    }

    let again = command.run(&IMPORT, "").await;
    assert_eq!(again.code, Some(0), "{again:?}");
    assert_eq!(row(&again, "tokens"), [6, 0, 0, 2, 4, 0, 0], "{again:?}");
    assert_eq!(row(&again, "admins"), [5, 0, 0, 2, 3, 0, 0], "{again:?}");
    assert_eq!(command.count("tokens").await, 2);
    assert_eq!(command.count("admins").await, 2);
    let server = command.serve().await;
    assert_it_works(&server, &upstream).await;
    let log = server.shut_down().await;
    for secret in secrets(&tokens) {
        assert!(!log.contains(&secret), "{log}");
    }
}

async fn assert_it_works(server: &Server, upstream: &Upstream) {
    let page = server.browser().open("/admin").await;
    assert!(!page.content().contains("set-up link"), "{page:?}");
    let carol = server.browser().sign_in("carol", OLD_PASSWORD).await;
    assert_eq!(carol.heading(), "Tokens", "{carol:?}");
    let admin = server.browser();
    let list = admin.sign_in("admin", OLD_PASSWORD).await;
    assert_eq!(list.heading(), "Tokens", "{list:?}");
    assert_eq!(admin.get("/admin/admins").await.status, 200, "super admin");
    for email in [ALICE, BOB] {
        let found = admin.open(&format!("/admin/tokens?email={email}")).await;
        let [href] = found.hrefs("/admin/tokens/").try_into().unwrap();
        let page = admin.open(&href).await;
        admin.submit(page.form("/refresh")).await;
        let revealed = admin.submit(page.form("/reveal")).await;
        let [access, _] = revealed.secrets().try_into().unwrap();
        assert_eq!(owner_of(upstream, &access).await, email);
    }
    // Whether the admin or the background worker was first: once for each.
    assert_eq!(upstream.stats().refreshes, 2);
}

/// Whose access token this is, as the provider says.
async fn owner_of(upstream: &Upstream, access: &str) -> String {
    let asked = reqwest::Client::builder().build().unwrap();
    let asked = asked.get(format!("{}/people/me", upstream.base_url()));
    let answer = asked.bearer_auth(access).send().await.unwrap();
    let me: Value = answer.json().await.unwrap();
    me["emails"][0].as_str().unwrap_or_default().to_owned()
}

async fn a_server_may_run_meanwhile_and_what_lives_here_stays(setup: Setup) {
    let folder = tempfile::tempdir().unwrap();
    let upstream = Upstream::start().await;
    let command = Command::new(folder.path(), &setup, &upstream);
    let server = command.serve().await;
    let link = server.site.set_up_path();
    let alice = live_token(&upstream, 1, ALICE);
    export::write(
        folder.path(),
        std::slice::from_ref(&alice),
        &[admin(1, "Admin")],
    );
    let done = command.run(&IMPORT, "").await;
    assert_eq!(done.code, Some(0), "{done:?}");

    assert_eq!(
        server.browser().get(&link).await.status,
        404,
        "nobody is to be set up"
    );
    let admin = server.browser();
    admin.sign_in("admin", OLD_PASSWORD).await;
    let list = admin.open("/admin/tokens").await;
    let [href] = list.hrefs("/admin/tokens/").try_into().unwrap();
    let page = admin.open(&href).await;
    admin.submit(page.form("/refresh")).await;
    let page = admin.open(&href).await;
    let before = admin.submit(page.form("/reveal")).await.secrets();
    assert_ne!(json!(before[0]), alice["access_token"], "it was refreshed");

    // The sample refreshed its own copy, or somebody exported it again.
    let other = with(alice, "refresh_token", "a-dead-refresh-token");
    export::write(folder.path(), &[other], &[]);
    let again = command.run(&IMPORT, "").await;
    assert_eq!(again.code, Some(0), "{again:?}");
    assert_eq!(row(&again, "tokens"), [1, 0, 0, 1, 0, 0, 0], "{again:?}");
    let page = admin.open(&href).await;
    let after = admin.submit(page.form("/reveal")).await.secrets();
    assert_eq!(after, before);

    // A consent of the same person does not make a second record.
    server.browser().grant(ALICE).await;
    let list = admin.open("/admin/tokens").await;
    assert_eq!(list.hrefs("/admin/tokens/"), [href], "{list:?}");
    server.shut_down().await;
}
