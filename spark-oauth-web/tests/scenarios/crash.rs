//! `kill -9` in the middle of everything: what was confirmed is there afterwards.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::watch;

use crate::harness::{ALICE, Browser, Command, PASSWORD, Server, Setup, Upstream, on_every_store};

on_every_store!(
    a_confirmed_grant_survives_every_kill,
    a_super_admin_who_was_confirmed_survives_a_kill,
    a_kill_in_the_middle_of_a_refresh_leaves_a_token_that_works,
);

/// How often the process is killed.
const KILLS: usize = 6;
/// How many people grant at once.
const AT_ONCE: usize = 4;

/// Whom the application told that access was granted, and in which browser.
type Confirmed = Arc<watch::Sender<BTreeMap<String, Browser>>>;

/// One person after the other, until the application is gone.
async fn grant_until_the_end(
    server_browser: impl Fn() -> Browser,
    names: String,
    confirmed: Confirmed,
) {
    for n in 0.. {
        let (email, browser) = (format!("{names}_{n}@example.com"), server_browser());
        let Some(()) = grant(&browser, &email).await else {
            return;
        };
        confirmed.send_modify(|known| drop(known.insert(email, browser)));
    }
}

/// `None` where the application went away meanwhile.
async fn grant(browser: &Browser, email: &str) -> Option<()> {
    let home = browser.try_get("/").await?;
    let begun = browser
        .try_send(browser.ask_form(&home.form("/auth/spark")))
        .await?;
    let asked = browser.get(begun.location()).await;
    let accepted = asked
        .form("/v1/authorize")
        .by_person(email)
        .press("decision", "accept");
    let sent = browser.submit_only(accepted).await;
    let granted = browser.try_get(sent.location()).await?;
    granted.assert_redirect("/granted");
    Some(())
}

/// Lets people grant until so many are confirmed, and kills the process with
/// others under way.
async fn grant_and_kill(server: Server, round: usize, confirmed: &Confirmed) {
    let site = server.site.clone();
    let goal = confirmed.borrow().len() + 3 + round * 2;
    let people: Vec<_> = (0..AT_ONCE)
        .map(|n| {
            let (site, confirmed) = (site.clone(), confirmed.clone());
            let names = format!("person_{round}_{n}");
            tokio::spawn(grant_until_the_end(
                move || site.browser(),
                names,
                confirmed,
            ))
        })
        .collect();
    let mut watched = confirmed.subscribe();
    drop(watched.wait_for(|known| known.len() >= goal).await.unwrap());
    server.kill().await;
    for person in people {
        person.await.unwrap();
    }
}

async fn assert_kept(server: &Server, admin: &Browser, confirmed: &Confirmed) {
    let admin = admin.moved_to(server.site.address());
    let confirmed = confirmed.borrow().clone();
    for (email, browser) in &confirmed {
        let found = admin.get(&format!("/admin/tokens?email={email}")).await;
        assert_eq!(found.status, 200, "the admin's session is kept: {found:?}");
        let hrefs = found.hrefs("/admin/tokens/");
        assert_eq!(hrefs.len(), 1, "{email} is there once: {found:?}");
        let receipt = browser
            .moved_to(server.site.address())
            .open("/granted")
            .await;
        assert!(receipt.content().contains(email), "{receipt:?}");
    }
    let (_, browser) = confirmed.last_key_value().unwrap();
    let browser = browser.moved_to(server.site.address());
    let receipt = browser.open("/granted").await;
    let revealed = browser.submit(receipt.form("/granted/reveal")).await;
    assert_eq!(revealed.secrets().len(), 2, "{revealed:?}");
}

async fn a_confirmed_grant_survives_every_kill(setup: Setup) {
    let folder = tempfile::tempdir().unwrap();
    let upstream = Upstream::start().await;
    let command = Command::new(folder.path(), &setup, &upstream);
    let confirmed = Confirmed::default();
    let mut server = command.serve().await;
    let admin = server.site.super_admin().await;
    for round in 0..KILLS {
        grant_and_kill(server, round, &confirmed).await;
        server = command.serve().await;
        assert_kept(&server, &admin, &confirmed).await;
    }
    command.assert_intact().await;
    let count = confirmed.borrow().len();
    assert!(count >= KILLS * 3, "{count}");
    server.shut_down().await;
}

async fn a_super_admin_who_was_confirmed_survives_a_kill(setup: Setup) {
    let folder = tempfile::tempdir().unwrap();
    let upstream = Upstream::start().await;
    let command = Command::new(folder.path(), &setup, &upstream);
    let server = command.serve().await;
    let admin = server.site.super_admin().await;
    server.kill().await;
    let server = command.serve().await;
    let page = admin
        .moved_to(server.site.address())
        .get("/admin/profile")
        .await;
    assert_eq!(page.heading(), "Profile");
    let page = server.browser().sign_in("admin", PASSWORD).await;
    assert_eq!(page.heading(), "Tokens");
    server.shut_down().await;
}

async fn a_kill_in_the_middle_of_a_refresh_leaves_a_token_that_works(setup: Setup) {
    let folder = tempfile::tempdir().unwrap();
    let upstream = Upstream::start().await;
    let command = Command::new(folder.path(), &setup, &upstream);
    let server = command.serve().await;
    server.browser().grant(ALICE).await;
    let admin = server.site.super_admin().await;
    let list = admin.open("/admin/tokens").await;
    let path = list.hrefs("/admin/tokens/").remove(0);
    let form = admin.open(&path).await.form("/refresh");
    let mut held = upstream.hold(reqwest::Method::POST, "/v1/access_token");
    let tab = admin.clone();
    let cut = tokio::spawn(async move { tab.try_send(tab.ask_form(&form)).await });
    held.arrived().await;
    server.kill().await;
    held.release();
    assert!(cut.await.unwrap().is_none());

    let server = command.serve().await;
    let admin = admin.moved_to(server.site.address());
    let token = admin.open(&path).await;
    assert!(token.content().contains("Active"), "{token:?}");
    let revealed = admin.submit(token.form("/reveal")).await;
    let [access, _] = revealed.secrets().try_into().unwrap();
    let people = format!("{}/people/me", upstream.base_url());
    let ask = admin.ask(reqwest::Method::GET, &people);
    let answer = admin
        .send(ask.header("authorization", format!("Bearer {access}")))
        .await;
    assert_eq!(answer.status, 200, "{answer:?}");
    server.shut_down().await;
}
