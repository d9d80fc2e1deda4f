//! The list of tokens: pages, search, and addresses that are damaged.

use webex_emulator::Scopes;

use crate::harness::{ALICE, BOB, Browser, Rig, Setup, on_every_store};

on_every_store!(
    every_token_is_on_one_page_of_the_list,
    a_search_takes_what_was_typed_as_it_is,
    a_damaged_address_leads_back_to_the_list,
    a_second_consent_of_the_same_person_replaces_the_first,
    many_consents_of_one_person_at_once_end_in_one_record,
);

/// How many tokens a page shows.
const ROWS: usize = 50;

async fn emails(browser: &Browser, place: &str) -> Vec<String> {
    let page = browser.open(place).await;
    assert_eq!(page.status, 200, "{page:?}");
    page.all("tbody .address")
}

#[tokio::test]
async fn a_link_with_a_literal_plus_finds_the_address() {
    let rig = Rig::start().await;
    let admin = rig.super_admin().await;
    for email in ["ann+x@example.com", "annx@example.com"] {
        rig.browser().grant(email).await;
    }
    for query in ["ann+x@example.com", "ann%2Bx%40example.com", "+ann+x+"] {
        let found = emails(&admin, &format!("/admin/tokens?email={query}")).await;
        assert_eq!(found.len(), 1, "{query}: {found:?}");
        assert!(found[0].contains("ann+x@example.com"), "{query}: {found:?}");
    }
}

async fn every_token_is_on_one_page_of_the_list(setup: Setup) {
    let rig = Rig::with(setup).await;
    let admin = rig.super_admin().await;
    let count = ROWS + 7;
    for n in 0..count {
        let email = format!("person_{n:03}@example.com");
        assert_eq!(
            rig.browser().grant(&email).await.heading(),
            "Access granted"
        );
    }
    let (mut seen, mut next) = (Vec::new(), Some("/admin/tokens?email=person_".to_owned()));
    let mut pages = 0;
    while let Some(place) = next {
        let page = admin.open(&place).await;
        assert_eq!(page.form("/admin/tokens").value("email"), Some("person_"));
        seen.extend(page.hrefs("/admin/tokens/"));
        let more = page.all("a[rel=next]").len() == 1;
        next = more.then(|| page.link("Next"));
        assert_eq!(
            page.all("a[rel=first]").len(),
            usize::from(pages > 0),
            "{page:?}"
        );
        pages += 1;
    }
    assert_eq!((pages, seen.len()), (2, count));
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), count, "one stands twice");
}

async fn a_search_takes_what_was_typed_as_it_is(setup: Setup) {
    let rig = Rig::with(setup).await;
    let admin = rig.super_admin().await;
    for email in [ALICE, BOB, "o'neill_100%@example.com"] {
        rig.browser().grant(email).await;
    }
    for (typed, count) in [
        ("alice", 1),
        ("ALICE@", 1),
        ("example.com", 3),
        ("o'neill", 1),
        ("_100%", 1),
        ("%", 1),
        ("_", 1),
        ("a_ice", 0),
        ("\" OR 1=1 --", 0),
        ("*", 0),
        ("e", 3),
        ("", 3),
        ("   ", 3),
    ] {
        let page = admin.open("/admin/tokens").await;
        let found = admin
            .submit(page.form("/admin/tokens").set("email", typed))
            .await;
        assert_eq!(
            found.hrefs("/admin/tokens/").len(),
            count,
            "{typed}: {found:?}"
        );
    }
}

async fn a_damaged_address_leads_back_to_the_list(setup: Setup) {
    let rig = Rig::with(setup).await;
    let admin = rig.super_admin().await;
    rig.browser().grant(ALICE).await;
    for query in ["cursor=x", "cursor=%00", "status=dead", "status=Active"] {
        let page = admin.open(&format!("/admin/tokens?{query}")).await;
        page.assert_error(400, "This list cannot be shown");
        assert_eq!(page.link("Show all tokens"), "/admin/tokens");
    }
    let unknown = emails(&admin, "/admin/tokens?sort=up&page=7").await;
    assert_eq!(unknown, [ALICE]);
}

async fn a_second_consent_of_the_same_person_replaces_the_first(setup: Setup) {
    let rig = Rig::with(setup).await;
    let admin = rig.super_admin().await;
    rig.browser().grant(ALICE).await;
    let token = rig.only_token(&admin).await;
    let before = admin.submit(token.form("/reveal")).await.secrets();
    let again = rig.browser().grant("ALICE@example.com").await;
    assert!(again.notice().contains("Access renewed."), "{again:?}");
    let token = rig.only_token(&admin).await;
    assert_ne!(admin.submit(token.form("/reveal")).await.secrets(), before);
}

async fn many_consents_of_one_person_at_once_end_in_one_record(setup: Setup) {
    let rig = Rig::with(setup).await;
    let grants = (0..8).map(|_| {
        let browser = rig.browser();
        tokio::spawn(async move { browser.grant(ALICE).await.heading() })
    });
    for grant in grants.collect::<Vec<_>>() {
        assert_eq!(grant.await.unwrap(), "Access granted");
    }
    assert_eq!(rig.count("tokens").await, 1);
    let admin = rig.super_admin().await;
    let token = rig.only_token(&admin).await;
    let refreshed = admin.submit(token.form("/refresh")).await;
    assert!(
        refreshed.notice().contains("was refreshed"),
        "{refreshed:?}"
    );
}

#[tokio::test]
async fn a_grant_at_the_provider_alone_is_none_of_ours() {
    let rig = Rig::start().await;
    let scopes = Scopes::parse("spark:all").unwrap();
    rig.upstream.provider.grant(BOB, "C1", scopes).unwrap();
    let admin = rig.super_admin().await;
    let list = admin.open("/admin/tokens").await;
    assert!(list.content().contains("No tokens yet"), "{list:?}");
}
