//! A refresh by hand, and what the provider may say to it.

use std::collections::BTreeMap;
use std::time::Duration;

use webex_emulator::{Cut, Fault};

use crate::harness::{ALICE, Browser, Page, Rig, Setup, on_every_store};

on_every_store!(
    a_person_who_withdrew_must_consent_again_and_then_all_is_well,
    a_refresh_token_that_rotates_is_followed,
    a_refresh_token_that_is_left_out_is_kept,
    many_at_once_call_the_provider_once,
);

const TOKENS: &str = "POST /v1/access_token";

async fn granted(setup: Setup) -> (Rig, Browser, Page) {
    let rig = Rig::with(setup).await;
    rig.browser().grant(ALICE).await;
    let admin = rig.super_admin().await;
    let token = rig.only_token(&admin).await;
    (rig, admin, token)
}

async fn a_person_who_withdrew_must_consent_again_and_then_all_is_well(setup: Setup) {
    let (rig, admin, token) = granted(setup).await;
    rig.upstream.provider.revoke(ALICE);
    let page = admin.submit(token.form("/refresh")).await;
    assert!(
        page.notice().contains("Webex refused to refresh"),
        "{page:?}"
    );
    assert!(page.content().contains("Needs consent"), "{page:?}");
    assert!(
        page.forms("/refresh").is_empty(),
        "nothing to refresh: {page:?}"
    );
    let found = admin.open("/admin/tokens?status=needs_consent").await;
    assert_eq!(found.hrefs("/admin/tokens/").len(), 1);
    let found = admin.open("/admin/tokens?status=active").await;
    assert_eq!(found.hrefs("/admin/tokens/").len(), 0);

    let again = rig.browser().grant(ALICE).await;
    assert!(again.notice().contains("Access renewed."), "{again:?}");
    let page = admin.open(token.url.path()).await;
    assert!(page.content().contains("Active"), "{page:?}");
    rig.advance(Duration::from_secs(31));
    let page = admin.submit(page.form("/refresh")).await;
    assert!(page.notice().contains("was refreshed"), "{page:?}");
}

#[tokio::test]
async fn a_fault_that_passes_changes_nothing() {
    let retry_after = BTreeMap::from([("retry-after".to_owned(), "rand(30),add(30)".to_owned())]);
    for (fault, words) in [
        (
            Fault {
                status: Some(500),
                ..Fault::on(TOKENS)
            },
            "did not answer as expected",
        ),
        (
            Fault {
                status: Some(429),
                headers: retry_after,
                ..Fault::on(TOKENS)
            },
            "slow down",
        ),
        (
            Fault {
                drop: Some(Cut::Before),
                ..Fault::on(TOKENS)
            },
            "did not answer as expected",
        ),
        (
            Fault {
                status: Some(200),
                body: Some(b"<html>".to_vec()),
                ..Fault::on(TOKENS)
            },
            "did not answer as expected",
        ),
    ] {
        let (rig, admin, token) = granted(Setup::on_disk()).await;
        let before = admin.submit(token.form("/reveal")).await.secrets();
        rig.upstream.spoil(fault);
        let page = admin.submit(token.form("/refresh")).await;
        assert!(page.notice().contains(words), "{page:?}");
        assert!(page.content().contains("Active"), "{page:?}");
        assert!(
            page.content().contains("The last refresh failed"),
            "{page:?}"
        );
        assert_eq!(admin.submit(page.form("/reveal")).await.secrets(), before);
        // Where Webex asked to be left alone, an admin waits, too.
        rig.advance(Duration::from_mins(1));
        let page = admin.submit(page.form("/refresh")).await;
        assert!(page.notice().contains("was refreshed"), "{page:?}");
        assert!(
            !page.content().contains("The last refresh failed"),
            "{page:?}"
        );
    }
}

#[tokio::test]
async fn a_faulty_integration_costs_no_token_its_status() {
    let (rig, admin, token) = granted(Setup::on_disk()).await;
    rig.upstream.spoil(Fault {
        status: Some(401),
        body: Some(br#"{"error":"invalid_client"}"#.to_vec()),
        ..Fault::on(TOKENS)
    });
    let page = admin.submit(token.form("/refresh")).await;
    assert!(
        page.notice().contains("refused this integration"),
        "{page:?}"
    );
    assert!(page.content().contains("Active"), "{page:?}");
}

async fn a_refresh_token_that_rotates_is_followed(setup: Setup) {
    let (rig, admin, token) = granted(setup).await;
    rig.upstream
        .provider
        .update_settings(|settings| settings.rotate_refresh_tokens = true);
    let mut seen = admin.submit(token.form("/reveal")).await.secrets();
    for _ in 0..3 {
        rig.advance(Duration::from_secs(31));
        let page = admin.submit(token.form("/refresh")).await;
        assert!(page.notice().contains("was refreshed"), "{page:?}");
        let secrets = admin.submit(page.form("/reveal")).await.secrets();
        assert!(secrets.iter().all(|secret| !seen.contains(secret)));
        seen.extend(secrets);
    }
    assert_eq!(rig.upstream.stats().refresh_reuses, 0);
}

async fn a_refresh_token_that_is_left_out_is_kept(setup: Setup) {
    let (rig, admin, token) = granted(setup).await;
    rig.upstream
        .provider
        .update_settings(|settings| settings.omit_refresh_token = true);
    let before = admin.submit(token.form("/reveal")).await.secrets();
    let page = admin.submit(token.form("/refresh")).await;
    let after = admin.submit(page.form("/reveal")).await.secrets();
    assert_eq!(after[1], before[1]);
    assert_ne!(after[0], before[0]);
}

async fn many_at_once_call_the_provider_once(setup: Setup) {
    let (rig, admin, token) = granted(setup).await;
    let clicks = (0..20).map(|_| {
        let (admin, form) = (admin.clone(), token.form("/refresh"));
        tokio::spawn(async move { admin.submit_only(form).await.status })
    });
    for click in clicks.collect::<Vec<_>>() {
        assert_eq!(click.await.unwrap(), 303);
    }
    assert_eq!(rig.upstream.stats().refreshes, 1);
}
