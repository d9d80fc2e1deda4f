//! A sealed value opens where it was sealed, and nowhere else.

use crate::harness::{ALICE, BOB, Browser, Page, Rig, Setup};

const DOES_NOT_OPEN: &str = "A stored secret does not open";

struct Two {
    rig: Rig,
    admin: Browser,
    person: Browser,
}

/// Alice and Bob granted access, and Alice's browser holds her receipt.
async fn two_grants() -> Two {
    let rig = Rig::with(Setup::on_disk()).await;
    let person = rig.browser();
    person.grant(ALICE).await;
    rig.browser().grant(BOB).await;
    let admin = rig.super_admin().await;
    Two { rig, admin, person }
}

impl Two {
    async fn reveal(&self, email: &str) -> Page {
        let found = self
            .admin
            .open(&format!("/admin/tokens?email={email}"))
            .await;
        let token = self.admin.open(&found.hrefs("/admin/tokens/")[0]).await;
        self.admin.submit(token.form("/reveal")).await
    }

    /// Alice's secrets do not open, Bob's do, and the process goes on.
    async fn assert_alices_is_shut(&self) {
        let refused = self.reveal(ALICE).await;
        refused.assert_error(500, DOES_NOT_OPEN);
        assert!(refused.secrets().is_empty());
        let lines = self.rig.log.request(refused.request_id()).await;
        assert!(lines.iter().any(|line| line.contains("ERROR")), "{lines:?}");
        let receipt = self.person.open("/granted").await;
        let refused = self.person.submit(receipt.form("/granted/reveal")).await;
        refused.assert_error(500, DOES_NOT_OPEN);
        assert_eq!(self.reveal(BOB).await.secrets().len(), 2);
    }
}

#[tokio::test]
async fn an_access_token_moved_to_another_record_does_not_open() {
    let two = two_grants().await;
    let moved = "UPDATE tokens SET access = (SELECT access FROM tokens WHERE email = \
                 'bob@example.com') WHERE email = 'alice@example.com'";
    assert_eq!(two.rig.database().await.execute(moved).await, 1);
    two.assert_alices_is_shut().await;
}

#[tokio::test]
async fn a_refresh_token_moved_to_another_record_does_not_open() {
    let two = two_grants().await;
    let moved = "UPDATE tokens SET refresh = (SELECT refresh FROM tokens WHERE email = \
                 'bob@example.com') WHERE email = 'alice@example.com'";
    assert_eq!(two.rig.database().await.execute(moved).await, 1);
    two.assert_alices_is_shut().await;
}

#[tokio::test]
async fn a_value_moved_to_another_field_does_not_open() {
    let two = two_grants().await;
    let moved = "UPDATE tokens SET access = refresh WHERE email = 'alice@example.com'";
    assert_eq!(two.rig.database().await.execute(moved).await, 1);
    two.assert_alices_is_shut().await;
}

#[tokio::test]
async fn a_value_that_was_cut_does_not_open() {
    let two = two_grants().await;
    let changed = "UPDATE tokens SET access = substr(access, 1, length(access) - 1) \
                   WHERE email = 'alice@example.com'";
    assert_eq!(two.rig.database().await.execute(changed).await, 1);
    two.assert_alices_is_shut().await;
}

#[tokio::test]
async fn a_value_that_does_not_open_is_told_of_at_a_refresh_too_and_costs_no_call() {
    let two = two_grants().await;
    let moved = "UPDATE tokens SET refresh = access WHERE email = 'alice@example.com'";
    assert_eq!(two.rig.database().await.execute(moved).await, 1);
    let found = two.admin.open("/admin/tokens?email=alice").await;
    let token = two.admin.open(&found.hrefs("/admin/tokens/")[0]).await;
    let shown = two.admin.submit(token.form("/refresh")).await;
    assert!(shown.notice().contains(DOES_NOT_OPEN), "{shown:?}");
    assert!(shown.content().contains("Active"), "{shown:?}");
    assert_eq!(two.rig.upstream.stats().refreshes, 0);
}

#[tokio::test]
async fn a_verifier_moved_to_another_consent_does_not_open() {
    let rig = Rig::with(Setup::on_disk()).await;
    let (alice, bob) = (rig.browser(), rig.browser());
    let callback = alice.callback(ALICE).await;
    bob.callback(BOB).await;
    let moved = "UPDATE consents SET verifier = (SELECT other.verifier FROM consents AS other \
                 WHERE other.state <> consents.state)";
    assert_eq!(rig.database().await.execute(moved).await, 2);
    let refused = alice.open(&callback).await;
    refused.assert_error(500, "Something went wrong on our side");
    assert_eq!(rig.upstream.token_requests(), 0);
    assert_eq!(alice.grant(ALICE).await.heading(), "Access granted");
}
