//! What a person sees who is asked for consent.

use crate::site::{ALICE, REQUESTER};
use crate::walk::Walk;

/// A person whose names fill every line.
pub(super) const LONG: &str = "maximiliana-konstantina.featherstonehaugh-cholmondeley@departement-fuer-zusammenarbeit.example.com";

impl<L: AsyncFn(&str)> Walk<'_, L> {
    pub(super) async fn people(&self) {
        self.consent().await;
        self.provider().await;
        self.receipt().await;
        self.several_receipts().await;
    }

    async fn consent(&self) {
        let browser = self.browser;
        self.open("/granted").await;
        self.page("nothing-granted", "Nothing granted yet").await;
        self.open("/").await;
        self.page("home", "May they act for you in Webex?").await;
        browser.press("Grant access").await;
        self.page("provider", "Grant access?").await;
        browser.choose("Somebody else").await;
        browser
            .fill("E-mail address of somebody else", "nobody")
            .await;
        browser.press("Accept").await;
        browser.reads("Correct the address").await;
        self.page("provider-mistake", "Grant access?").await;
        browser.press("Decline").await;
        self.page("declined", "You declined").await;
        self.open("/auth/spark/callback?state=made-up&code=made-up")
            .await;
        self.page("callback-unknown", "This link does not work")
            .await;
        self.open("/nowhere").await;
        self.page("not-found", "Page not found").await;
    }

    /// Pages of the provider that our own do not lead to.
    async fn provider(&self) {
        let provider = self.site.provider_url();
        self.browser.open(format!("{provider}/authorize")).await;
        let heading = "This request cannot be answered";
        self.page("provider-refusal", heading).await;
        self.browser.open(format!("{provider}/device/verify")).await;
        self.page("provider-device", "Which device?").await;
    }

    async fn receipt(&self) {
        let browser = self.browser;
        self.consent_as(ALICE).await;
        self.page("receipt", "Access granted").await;
        browser.press("Reveal").await;
        browser.reads("Whoever holds these tokens").await;
        self.page("receipt-revealed", "Access granted").await;
        browser.press("Create room").await;
        browser.reads("There is a problem").await;
        self.page("room-mistake", "Access granted").await;
        browser.fill("Name of the room", "Handing over").await;
        browser.press("Create room").await;
        browser.reads("The room is ready").await;
        self.page("handed-over", "Access granted").await;
        browser.press("Delete the room").await;
        self.page("room-delete", "Delete the room?").await;
        browser.follow("Cancel").await;
        browser.press("Withdraw").await;
        self.page("withdraw", "Withdraw your access?").await;
        browser.follow("Cancel").await;
        browser.at("Access granted").await;
    }

    /// The requester's own among them, which cannot be handed over.
    async fn several_receipts(&self) {
        let long = "Maximiliana Konstantina";
        let provider = self.site.provider();
        provider
            .add_person(LONG, long, "Featherstonehaugh-Cholmondeley")
            .unwrap();
        self.consent_as(LONG).await;
        self.consent_as(REQUESTER).await;
        self.page("receipts", "3 grants in this session").await;
        self.open("/").await;
        self.page("home-again", "May they act for you in Webex?")
            .await;
    }

    async fn consent_as(&self, person: &str) {
        self.site.consents_at_once(Some(person));
        self.open("/").await;
        self.browser.press("Grant access").await;
        self.browser.reads(person).await;
        self.site.consents_at_once(None);
    }
}
