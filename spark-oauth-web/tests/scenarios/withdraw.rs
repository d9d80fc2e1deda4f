//! The person takes the consent back.

use reqwest::Method;
use webex_emulator::{Cut, Fault};

use crate::harness::{ALICE, BOB, Browser, Page, Rig, Setup, on_every_store};

on_every_store!(
    the_token_is_revoked_and_its_record_removed_after_a_second_word,
    of_two_receipts_the_right_one_is_withdrawn,
    a_person_who_revoked_at_the_provider_withdraws_all_the_same,
    a_consent_given_meanwhile_is_not_lost,
);

const REVOKE: &str = "DELETE /v1/authorizations";

async fn withdraw(browser: &Browser, receipt: &Page) -> Page {
    let asked = browser.submit(receipt.form("/granted/withdraw")).await;
    assert_eq!(asked.heading(), "Withdraw your access?");
    browser.submit(asked.form("/granted/withdraw")).await
}

async fn count(rig: &Rig) -> usize {
    let admin = rig.super_admin().await;
    admin
        .open("/admin/tokens")
        .await
        .hrefs("/admin/tokens/")
        .len()
}

async fn the_token_is_revoked_and_its_record_removed_after_a_second_word(setup: Setup) {
    let rig = Rig::with(setup).await;
    let browser = rig.browser();
    let receipt = browser.grant(ALICE).await;
    browser.submit(receipt.form("/granted/withdraw")).await;
    assert_eq!(rig.upstream.stats().revocations, 0, "withdrawn unasked");
    let done = withdraw(&browser, &receipt).await;
    assert!(done.notice().contains("Access withdrawn."), "{done:?}");
    assert_eq!(done.heading(), "Nothing granted yet");
    assert_eq!(rig.upstream.stats().live_grants, 0);
    assert_eq!(count(&rig).await, 0);
    let again = browser
        .post("/granted/withdraw", &[("confirm", "yes")])
        .await;
    again.assert_error(404, "This session has no such receipt");
    assert_eq!(browser.grant(ALICE).await.heading(), "Access granted");
}

#[tokio::test]
async fn a_provider_that_does_not_allow_it_or_is_down_does_not_stop_the_removal() {
    for (fault, words) in [
        (
            Fault {
                status: Some(403),
                ..Fault::on(REVOKE)
            },
            "does not let this service revoke it",
        ),
        (
            Fault {
                status: Some(500),
                ..Fault::on(REVOKE)
            },
            "Webex did not answer",
        ),
        (
            Fault {
                drop: Some(Cut::Before),
                ..Fault::on(REVOKE)
            },
            "Webex did not answer",
        ),
        (
            Fault {
                status: Some(404),
                ..Fault::on(REVOKE)
            },
            "Webex did not confirm",
        ),
        (
            Fault {
                status: Some(401),
                times: 2,
                ..Fault::on(REVOKE)
            },
            "Webex refused to revoke it",
        ),
    ] {
        let rig = Rig::start().await;
        let browser = rig.browser();
        let receipt = browser.grant(ALICE).await;
        rig.upstream.spoil(fault);
        let done = withdraw(&browser, &receipt).await;
        assert!(
            done.notice().contains("The token was deleted here"),
            "{done:?}"
        );
        assert!(done.notice().contains(words), "{done:?}");
        assert!(done.notice().contains("in your Webex settings"), "{done:?}");
        assert!(!done.notice().contains("was revoked at Webex"), "{done:?}");
        assert_eq!(rig.upstream.stats().live_grants, 1);
        assert_eq!(count(&rig).await, 0);
    }
}

/// The access token may have been refused for a passing reason, and the grant exists.
#[tokio::test]
async fn a_refused_access_token_is_refreshed_before_the_revocation_is_given_up() {
    let rig = Rig::start().await;
    let browser = rig.browser();
    let receipt = browser.grant(ALICE).await;
    rig.upstream.spoil(Fault {
        status: Some(401),
        ..Fault::on(REVOKE)
    });
    let done = withdraw(&browser, &receipt).await;
    assert!(done.notice().contains("was revoked at Webex"), "{done:?}");
    assert_eq!(rig.upstream.stats().live_grants, 0);
    assert_eq!(count(&rig).await, 0);
}

async fn of_two_receipts_the_right_one_is_withdrawn(setup: Setup) {
    let rig = Rig::with(setup).await;
    let browser = rig.browser();
    browser.grant(ALICE).await;
    let receipts = browser.grant(BOB).await;
    let forms = receipts.forms("/granted/withdraw");
    assert_eq!(forms.len(), 2);
    let unnamed = browser
        .post("/granted/withdraw", &[("confirm", "yes")])
        .await;
    unnamed.assert_error(404, "This session has no such receipt");
    // The newest stands first.
    let asked = browser.submit(forms[1].clone()).await;
    assert!(asked.content().contains(ALICE), "{asked:?}");
    let done = browser.submit(asked.form("/granted/withdraw")).await;
    assert!(
        done.content().contains(BOB) && !done.text().contains(ALICE),
        "{done:?}"
    );
}

async fn a_person_who_revoked_at_the_provider_withdraws_all_the_same(setup: Setup) {
    let rig = Rig::with(setup).await;
    let browser = rig.browser();
    let receipt = browser.grant(ALICE).await;
    rig.upstream.provider.revoke(ALICE);
    let done = withdraw(&browser, &receipt).await;
    assert!(done.notice().contains("deleted here"), "{done:?}");
    assert_eq!(count(&rig).await, 0);
}

async fn a_consent_given_meanwhile_is_not_lost(setup: Setup) {
    let rig = Rig::with(setup).await;
    let browser = rig.browser();
    let receipt = browser.grant(ALICE).await;
    let asked = browser.submit(receipt.form("/granted/withdraw")).await;
    let mut held = rig.upstream.hold(Method::DELETE, "/v1/authorizations");
    let (tab, form) = (browser.clone(), asked.form("/granted/withdraw"));
    let withdrawing = tokio::spawn(async move { tab.submit_only(form).await });
    held.arrived().await;
    let other = rig.browser();
    assert_eq!(other.grant(ALICE).await.heading(), "Access granted");
    held.release();
    let done = withdrawing.await.unwrap();
    assert!(done.status.as_u16() < 500, "{done:?}");
    // Either the withdrawal or the consent came last; a record that stands opens.
    let receipt = other.open("/granted").await;
    for form in receipt.forms("/granted/reveal") {
        assert_eq!(other.submit(form).await.secrets().len(), 2);
    }
    rig.assert_alive().await;
}
