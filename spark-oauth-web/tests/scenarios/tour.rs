//! The way that the product exists for, from the first click to the last.

use serde_json::Value;

use crate::harness::{
    ALICE, Browser, Command, OTHER_PASSWORD, PASSWORD, Page, REQUESTER, Rig, Setup, Site, Upstream,
    on_every_store,
};

on_every_store!(everything_works, everything_works_across_two_processes);

/// The person's part: grant, receipt, reveal, room, and the room away again.
async fn hand_a_token_over(site: &Site) -> Browser {
    let browser = site.browser();
    let home = browser.open("/").await;
    assert_eq!(home.heading(), "May they act for you in Webex?");
    assert!(home.content().contains(REQUESTER));
    assert!(home.content().contains("spark:rooms_write"));

    let receipt = browser.grant(ALICE).await;
    assert_eq!(receipt.url.path(), "/granted");
    assert_eq!(receipt.heading(), "Access granted");
    assert!(receipt.notice().contains("Access granted."), "{receipt:?}");
    assert!(receipt.content().contains(ALICE));
    assert!(receipt.content().contains("in 13 days"), "{receipt:?}");
    assert!(receipt.secrets().is_empty());
    assert_eq!(site.upstream.stats().code_exchanges, 1);

    let again = browser.open("/granted").await;
    assert!(again.notice().is_empty(), "said twice: {again:?}");

    let revealed = browser.submit(receipt.form("/granted/reveal")).await;
    assert_eq!(revealed.header("cache-control"), Some("no-store"));
    let [access, refresh] = revealed.secrets().try_into().unwrap();
    assert_ne!(access, refresh);
    assert_works(site, &access, ALICE).await;

    let form = receipt.form("/actions/createAndJoinRoom");
    let handed = browser
        .submit(form.set("roomName", "  Token of Alice "))
        .await;
    assert_eq!(handed.url.path(), "/granted");
    assert_room(site, &handed, &access, &refresh).await;

    let asked = browser.submit(handed.form("/actions/deleteRoom")).await;
    assert_eq!(asked.heading(), "Delete the room?");
    assert_eq!(site.upstream.provider.rooms().len(), 1, "deleted unasked");
    let deleted = browser.submit(asked.form("/actions/deleteRoom")).await;
    assert!(deleted.notice().contains("The room was deleted."));
    assert!(site.upstream.provider.rooms().is_empty());
    assert_eq!(deleted.forms("/actions/createAndJoinRoom").len(), 1);
    browser
}

async fn assert_works(site: &Site, access: &str, email: &str) {
    let people = format!("{}/people/me", site.upstream.base_url());
    let requester = site.browser();
    let ask = requester.ask(reqwest::Method::GET, &people);
    let answer = requester.send(ask.header("authorization", format!("Bearer {access}")));
    let answer: Value = serde_json::from_slice(&answer.await.body).unwrap();
    assert_eq!(answer["emails"][0], email);
}

/// The room holds the requester and the token that the receipt shows.
async fn assert_room(site: &Site, receipt: &Page, access: &str, refresh: &str) {
    let rooms = site.upstream.provider.rooms();
    let [room] = rooms.as_slice() else {
        panic!("{rooms:?}")
    };
    assert_eq!(room.room.title, "Token of Alice");
    let members: Vec<_> = room
        .members
        .iter()
        .map(|member| &*member.person_email)
        .collect();
    assert_eq!(members, [ALICE, REQUESTER]);
    let [message] = room.messages.as_slice() else {
        panic!("{room:?}")
    };
    for id in [&room.room.id, &room.members[1].id, &message.id] {
        assert!(
            receipt.content().contains(id),
            "{id} is missing: {receipt:?}"
        );
    }
    let json: Value = serde_json::from_str(&message.text).unwrap();
    assert_eq!(json["access_token"], access);
    assert_eq!(json["email"], ALICE);
    assert!(json["expires_in"].as_u64().unwrap() > 1_209_000);
    assert!(
        json["scope"]
            .as_str()
            .unwrap()
            .contains("spark:people_read")
    );
    assert!(json["expires_at"].as_str().unwrap().ends_with('Z'));
    assert!(
        !message.text.contains(refresh),
        "two holders of one refresh token"
    );
    assert_works(site, json["access_token"].as_str().unwrap(), ALICE).await;
}

/// The admin's part: find, refresh, reveal, revoke, remove.
async fn manage_the_token(site: &Site, admin: &Browser) {
    let list = admin.open("/admin/tokens").await;
    let search = list.form("/admin/tokens").set("email", "LICE@exam");
    let found = admin.submit(search.set("status", "active")).await;
    let [href] = found.hrefs("/admin/tokens/").try_into().unwrap();
    let nobody = admin
        .submit(list.form("/admin/tokens").set("email", "bob"))
        .await;
    assert!(nobody.content().contains("No token matches"), "{nobody:?}");

    let token = admin.open(&href).await;
    assert!(token.content().contains(ALICE) && token.secrets().is_empty());
    let before = admin.submit(token.form("/reveal")).await.secrets();

    let refreshed = admin.submit(token.form("/refresh")).await;
    assert!(
        refreshed.notice().contains("The token was refreshed."),
        "{refreshed:?}"
    );
    assert_eq!(site.upstream.stats().refreshes, 1);
    let too_soon = admin.submit(refreshed.form("/refresh")).await;
    assert!(
        too_soon.notice().contains("less than 30 seconds ago"),
        "{too_soon:?}"
    );
    assert_eq!(site.upstream.stats().refreshes, 1);
    assert_eq!(site.upstream.token_requests(), 2);

    let revealed = admin.submit(too_soon.form("/reveal")).await;
    assert_eq!(revealed.header("cache-control"), Some("no-store"));
    let access = revealed.element("access-token").unwrap();
    let refresh = revealed.element("refresh-token").unwrap();
    assert_eq!(revealed.secrets(), [&*access, &*refresh]);
    assert_ne!(access, before[0]);
    assert_works(site, &access, ALICE).await;

    let asked = admin.submit(token.form("/revoke")).await;
    assert_eq!(asked.heading(), "Revoke this token?");
    assert_eq!(site.upstream.stats().revocations, 0, "revoked unasked");
    let revoked = admin.submit(asked.form("/revoke")).await;
    assert!(revoked.notice().contains("revoked at Webex"), "{revoked:?}");
    assert_eq!(site.upstream.stats().revocations, 1);
    assert_eq!(site.upstream.stats().live_grants, 0);
    assert!(revoked.content().contains("An admin revoked it."));
    assert!(revoked.forms("/refresh").is_empty());

    let asked = admin.submit(revoked.form("/remove")).await;
    assert_eq!(asked.heading(), "Remove this token?");
    let removed = admin.submit(asked.form("/remove")).await;
    assert_eq!(removed.url.path(), "/admin/tokens");
    assert!(removed.content().contains("No tokens yet"), "{removed:?}");
    admin
        .open(&href)
        .await
        .assert_error(404, "There is no such token");
}

/// Another admin: created, signed in, changed, kept from the super admin's pages.
async fn manage_an_admin(site: &Site, super_admin: &Browser) {
    let admins = super_admin.open("/admin/admins").await;
    let form = admins.form("/admin/admins").set("username", "carol_2");
    let form = form
        .set("email", "carol@example.org")
        .set("password", OTHER_PASSWORD);
    let created = super_admin
        .submit(form.set("password_again", OTHER_PASSWORD))
        .await;
    assert!(
        created.notice().contains("The admin carol_2 was created."),
        "{created:?}"
    );
    assert_eq!(created.hrefs("/admin/admins/").len(), 2);

    let carol = site.browser();
    let tokens = carol.sign_in("carol_2", OTHER_PASSWORD).await;
    assert_eq!(tokens.heading(), "Tokens", "{tokens:?}");
    assert!(
        !tokens.text().contains("/admin/admins"),
        "a link that leads nowhere"
    );
    let refused = carol.open("/admin/admins").await;
    refused.assert_error(403, "Only the super admin may see this");

    let profile = carol.open("/admin/profile").await;
    let form = profile
        .form("/admin/profile")
        .set("email", "carol@example.net");
    let form = form
        .set("current_password", OTHER_PASSWORD)
        .set("password", PASSWORD);
    let changed = carol.submit(form.set("password_again", PASSWORD)).await;
    assert!(
        changed.notice().contains("Your profile was changed."),
        "{changed:?}"
    );
    assert_eq!(
        changed.form("/admin/profile").value("email"),
        Some("carol@example.net")
    );

    let before = carol.copied();
    let out = carol.submit(changed.form("/admin/sign-out")).await;
    assert_eq!(out.heading(), "Sign in");
    assert_eq!(carol.session(), None);
    assert!(before.session().is_some());
    before.get("/admin/tokens").await.assert_redirect("/admin");

    let old = carol.sign_in("carol_2", OTHER_PASSWORD).await;
    assert_eq!(old.status, 401);
    assert_eq!(carol.sign_in("carol_2", PASSWORD).await.heading(), "Tokens");
}

/// All of it.
pub(crate) async fn take(site: &Site) {
    let person = hand_a_token_over(site).await;
    let super_admin = site.super_admin().await;
    manage_the_token(site, &super_admin).await;
    manage_an_admin(site, &super_admin).await;
    let receipts = person.open("/granted").await;
    assert_eq!(receipts.heading(), "Nothing granted yet");
}

#[tokio::test]
async fn everything_works_on_records_in_memory() {
    take(&Rig::start().await.site()).await;
}

async fn everything_works(setup: Setup) {
    let rig = Rig::with(setup).await;
    take(&rig.site()).await;
    assert_eq!(rig.count("admins").await, 2);
    assert_eq!(rig.count("tokens").await, 0);
}

/// With two processes behind a balancer that sends every request to the other one.
async fn everything_works_across_two_processes(setup: Setup) {
    let folder = tempfile::tempdir().unwrap();
    let upstream = Upstream::start().await;
    let command = Command::new(folder.path(), &setup, &upstream);
    let servers = command.serve_at_once(2).await;
    let site = servers[0].site.balanced_with([servers[1].site.address()]);
    take(&site).await;
    for server in servers {
        let log = server.shut_down().await;
        let answered = log.lines().filter(|line| line.contains("answered status="));
        let half = site.visited().len() / 3;
        assert!(answered.count() > half, "it took part in everything: {log}");
        assert!(!log.contains("panicked"), "{log}");
    }
    assert_eq!(command.count("admins").await, 2);
}
