//! Sessions: whose they are, and when they end.

use std::time::Duration;

use reqwest::Method;

use crate::harness::{ALICE, BOB, Browser, OTHER_PASSWORD, PASSWORD, Rig, Setup, on_every_store};

on_every_store!(
    a_visitor_who_does_nothing_costs_no_session,
    a_session_that_somebody_planted_is_worth_nothing_after_the_sign_in,
    a_session_that_somebody_planted_shows_no_receipt,
    a_late_answer_does_not_put_an_earlier_session_back,
    a_made_up_id_is_not_taken_over,
    the_id_changes_with_each_sign_in_and_each_receipt_has_its_own,
    a_session_ends_when_it_is_not_used_for_half_an_hour,
    a_session_ends_after_twelve_hours_however_much_it_is_used,
    a_grant_does_not_make_an_admins_session_last_longer,
    a_changed_profile_ends_every_other_session,
    an_admin_who_is_changed_or_removed_is_signed_out,
    a_request_under_way_does_not_bring_a_signed_out_session_back,
    a_second_application_on_the_same_store_knows_the_session,
    a_consent_that_began_here_ends_at_another_application,
    a_restart_keeps_sessions_and_consents,
);

const COOKIE: &str = "spark_oauth_session";

async fn is_signed_in(browser: &Browser) -> bool {
    let page = browser.get("/admin/profile").await;
    match page.status.as_u16() {
        200 => true,
        303 => {
            assert!(page.location().starts_with("/admin"), "{page:?}");
            false
        }
        other => panic!("{other}: {page:?}"),
    }
}

fn minutes(count: u64) -> Duration {
    Duration::from_secs(count * 60)
}

async fn a_visitor_who_does_nothing_costs_no_session(setup: Setup) {
    let rig = Rig::with(setup).await;
    for path in [
        "/",
        "/granted",
        "/admin",
        "/admin/tokens",
        "/nowhere",
        "/livez",
        "/readyz",
    ] {
        let page = rig.browser().get(path).await;
        assert!(page.header("set-cookie").is_none(), "{page:?}");
    }
    let callback = rig
        .browser()
        .get("/auth/spark/callback?state=x&code=y")
        .await;
    assert!(callback.header("set-cookie").is_none(), "{callback:?}");
    let refused = rig
        .browser()
        .post("/admin/sign-in", &[("username", "x")])
        .await;
    assert!(refused.header("set-cookie").is_none(), "{refused:?}");
    assert_eq!(rig.count("sessions").await, 0);
    assert_eq!(rig.count("consents").await, 0);
}

async fn a_session_that_somebody_planted_is_worth_nothing_after_the_sign_in(setup: Setup) {
    let rig = Rig::with(setup).await;
    rig.super_admin().await;
    let attacker = rig.browser();
    attacker.grant(BOB).await;
    let planted = attacker.session().unwrap();

    let victim = rig.browser();
    victim.put_cookie(COOKIE, &planted);
    assert_eq!(victim.sign_in("admin", PASSWORD).await.heading(), "Tokens");
    assert_ne!(victim.session().unwrap(), planted);
    assert!(is_signed_in(&victim).await);
    assert!(!is_signed_in(&attacker).await);
}

/// A request that began before the sign-in must neither set the earlier cookie again nor
/// take the new one away.
async fn a_late_answer_does_not_put_an_earlier_session_back(setup: Setup) {
    let rig = Rig::with(setup).await;
    rig.super_admin().await;
    let browser = rig.browser();
    browser.grant(BOB).await;
    let before = browser.copied();
    browser.sign_in("admin", PASSWORD).await;
    rig.advance(minutes(2));
    for path in ["/", "/granted", "/admin/tokens", "/admin"] {
        let late = before.get(path).await;
        let set = late.header("set-cookie").unwrap_or_default();
        assert!(!set.contains(COOKIE), "{late:?}");
    }
    assert!(is_signed_in(&browser).await);
}

async fn a_session_that_somebody_planted_shows_no_receipt(setup: Setup) {
    let rig = Rig::with(setup).await;
    let attacker = rig.browser();
    attacker.grant(BOB).await;
    let planted = attacker.session().unwrap();

    let victim = rig.browser();
    victim.put_cookie(COOKIE, &planted);
    let page = victim.grant(ALICE).await;
    assert!(page.content().contains(ALICE), "{page:?}");
    let page = attacker.open("/granted").await;
    assert!(!page.content().contains(ALICE), "{page:?}");
}

async fn a_made_up_id_is_not_taken_over(setup: Setup) {
    let rig = Rig::with(setup).await;
    rig.super_admin().await;
    for made_up in [
        "AAAAAAAAAAAAAAAAAAAAAA",
        "x",
        "",
        "%00",
        "\"quoted\"",
        "../../etc",
    ] {
        let browser = rig.browser();
        browser.put_cookie(COOKIE, made_up);
        assert!(!is_signed_in(&browser).await);
        assert_eq!(browser.sign_in("admin", PASSWORD).await.heading(), "Tokens");
        assert_ne!(browser.session().as_deref(), Some(made_up));
    }
}

async fn the_id_changes_with_each_sign_in_and_each_receipt_has_its_own(setup: Setup) {
    let rig = Rig::with(setup).await;
    let browser = rig.super_admin().await;
    let mut seen = vec![browser.session()];
    for _ in 0..2 {
        browser.grant(ALICE).await;
        seen.push(browser.cookie_under("spark_oauth_receipt_"));
        browser
            .post(
                "/admin/sign-in",
                &[("username", "admin"), ("password", PASSWORD)],
            )
            .await;
        seen.push(browser.session());
    }
    let count = seen.len();
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), count, "{seen:?}");
    assert!(is_signed_in(&browser).await);
}

async fn a_session_ends_when_it_is_not_used_for_half_an_hour(setup: Setup) {
    let rig = Rig::with(setup).await;
    let admin = rig.super_admin().await;
    for _ in 0..3 {
        rig.advance(minutes(29));
        assert!(is_signed_in(&admin).await);
    }
    let cookie = admin.session().unwrap();
    rig.advance(minutes(30));
    assert!(!is_signed_in(&admin).await);
    admin.put_cookie(COOKIE, &cookie);
    assert!(!is_signed_in(&admin).await, "it came back");
}

async fn a_session_ends_after_twelve_hours_however_much_it_is_used(setup: Setup) {
    let rig = Rig::with(setup).await;
    let admin = rig.super_admin().await;
    for _ in 0..(12 * 60 / 20 - 1) {
        rig.advance(minutes(20));
        assert!(is_signed_in(&admin).await);
    }
    rig.advance(minutes(20));
    assert!(!is_signed_in(&admin).await);
}

async fn a_grant_does_not_make_an_admins_session_last_longer(setup: Setup) {
    let rig = Rig::with(setup).await;
    let admin = rig.super_admin().await;
    for _ in 0..(12 * 60 / 20 - 1) {
        rig.advance(minutes(20));
        admin.grant(ALICE).await;
    }
    assert!(is_signed_in(&admin).await);
    rig.advance(minutes(20));
    assert!(!is_signed_in(&admin).await);
}

async fn a_changed_profile_ends_every_other_session(setup: Setup) {
    let rig = Rig::with(setup).await;
    let here = rig.super_admin().await;
    let (there, thief) = (rig.browser(), here.copied());
    there.sign_in("admin", PASSWORD).await;
    let before = here.session();
    let profile = here.open("/admin/profile").await;
    let form = profile
        .form("/admin/profile")
        .set("current_password", PASSWORD);
    let form = form
        .set("password", OTHER_PASSWORD)
        .set("password_again", OTHER_PASSWORD);
    let changed = here.submit(form).await;
    assert_eq!(changed.status, 200, "{changed:?}");
    assert!(is_signed_in(&here).await);
    assert_ne!(here.session(), before);
    assert!(!is_signed_in(&there).await);
    assert!(!is_signed_in(&thief).await);
}

/// Creates an admin and signs in as that admin.
async fn another_admin(rig: &Rig, super_admin: &Browser) -> (Browser, String) {
    let page = super_admin.open("/admin/admins").await;
    let form = page
        .form("/admin/admins")
        .set("username", "carol")
        .set("email", "c@example.org");
    let form = form
        .set("password", OTHER_PASSWORD)
        .set("password_again", OTHER_PASSWORD);
    let page = super_admin.submit(form).await;
    let carol = rig.browser();
    assert_eq!(
        carol.sign_in("carol", OTHER_PASSWORD).await.heading(),
        "Tokens"
    );
    (carol, page.link("carol"))
}

async fn an_admin_who_is_changed_or_removed_is_signed_out(setup: Setup) {
    let rig = Rig::with(setup).await;
    let super_admin = rig.super_admin().await;
    let (carol, path) = another_admin(&rig, &super_admin).await;
    let page = super_admin.open(&path).await;
    super_admin
        .submit(page.form(&path).set("email", "new@example.org"))
        .await;
    assert!(!is_signed_in(&carol).await);

    carol.sign_in("carol", OTHER_PASSWORD).await;
    assert!(is_signed_in(&carol).await);
    let asked = super_admin
        .submit(super_admin.open(&path).await.form("/remove"))
        .await;
    super_admin.submit(asked.form("/remove")).await;
    assert!(!is_signed_in(&carol).await);
    assert_eq!(carol.sign_in("carol", OTHER_PASSWORD).await.status, 401);
}

async fn a_request_under_way_does_not_bring_a_signed_out_session_back(setup: Setup) {
    let rig = Rig::with(setup).await;
    let admin = rig.super_admin().await;
    rig.browser().grant(ALICE).await;
    let token = rig.only_token(&admin).await;
    let mut held = rig.upstream.hold(Method::POST, "/v1/access_token");
    let (tab, form) = (admin.clone(), token.form("/refresh"));
    let refreshing = tokio::spawn(async move { tab.submit_only(form).await });
    held.arrived().await;
    let before = admin.copied();
    admin.submit(token.form("/admin/sign-out")).await;
    held.release();
    let late = refreshing.await.unwrap();
    assert!(!is_signed_in(&before).await, "{late:?}");
    assert!(!is_signed_in(&admin).await, "{late:?}");
    assert_eq!(
        rig.upstream.stats().refreshes,
        1,
        "the work itself was done"
    );
}

async fn a_second_application_on_the_same_store_knows_the_session(setup: Setup) {
    let rig = Rig::with(setup).await;
    let admin = rig.super_admin().await;
    let person = rig.browser();
    person.grant(ALICE).await;
    let second = rig.second().await;
    assert_eq!(second.set_up_link, None);
    let (there, receipts) = (
        admin.moved_to(second.address),
        person.moved_to(second.address),
    );
    assert!(is_signed_in(&there).await);
    assert!(receipts.open("/granted").await.content().contains(ALICE));

    there
        .submit(there.open("/admin/tokens").await.form("/admin/sign-out"))
        .await;
    assert!(!is_signed_in(&admin).await);
    second.shut_down().await;
}

async fn a_consent_that_began_here_ends_at_another_application(setup: Setup) {
    let rig = Rig::with(setup).await;
    let second = rig.second().await;
    let person = rig.browser();
    let callback = person.callback(ALICE).await;
    let there = person.moved_to(second.address);
    assert_eq!(there.open(&callback).await.heading(), "Access granted");
    assert_eq!(person.open(&callback).await.heading(), "Access granted");
    assert_eq!(rig.upstream.token_requests(), 1, "exchanged there");
    second.shut_down().await;
}

async fn a_restart_keeps_sessions_and_consents(setup: Setup) {
    let rig = Rig::with(setup).await;
    let (admin, person) = (rig.super_admin().await, rig.browser());
    person.grant(ALICE).await;
    let callback = person.callback(BOB).await;
    let rig = rig.restart().await;
    let address = rig.running().address;
    assert!(is_signed_in(&admin.moved_to(address)).await);
    let person = person.moved_to(address);
    assert!(person.open("/granted").await.content().contains(ALICE));
    assert_eq!(
        person.open(&callback).await.heading(),
        "2 grants in this session"
    );
}
