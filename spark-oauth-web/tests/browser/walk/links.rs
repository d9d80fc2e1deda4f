//! Consent links, as admins and persons see them.

use url::Url;

use crate::site::{ALICE, RETURN_TO};
use crate::walk::Walk;
use crate::walk::people::LONG;

const QUESTION: &str = "May they act for you in Webex?";
const NOTE: &str = "We move the weekly report to Webex, and it posts in your name.";

impl<L: AsyncFn(&str)> Walk<'_, L> {
    pub(super) async fn links(&self) {
        let browser = self.browser;
        self.open("/admin/links").await;
        self.page("links-none", "Consent links").await;
        browser.follow("Make a link").await;
        self.page("link-new", "Make a consent link").await;
        browser.fill("Who is asked", "nobody").await;
        browser.fill("Ends", "soon").await;
        browser
            .fill("Where to go afterwards", "https://evil.example/")
            .await;
        browser.press("Make the link").await;
        browser.reads("There are problems").await;
        self.page("link-new-mistakes", "Make a consent link").await;
        self.consent_under_a_link().await;
        self.long_link().await;
        self.declined_link().await;
        self.ended_link().await;
        self.open("/admin/links").await;
        self.page("links", "Consent links").await;
        self.open("/admin/links/01ARZ3NDEKTSV4RRFFQ69G5FAV").await;
        self.page("link-gone", "There is no such consent link")
            .await;
    }

    /// Answers its address; the browser is at its page.
    async fn make_link(&self, person: &str, note: &str, place: &str) -> Url {
        let browser = self.browser;
        self.open("/admin/links/new").await;
        browser.fill("Who is asked", person).await;
        browser.fill("Note", note).await;
        browser.fill("Where to go afterwards", place).await;
        browser.press("Make the link").await;
        browser.at(person).await;
        let url = browser.text_of("#consent-link").await;
        url.parse().unwrap()
    }

    async fn answer(&self, link: &Url, person: &str, decision: &str) {
        let browser = self.browser;
        browser.open(link).await;
        browser.press("Grant access").await;
        browser.choose(person).await;
        browser.press(decision).await;
    }

    async fn consent_under_a_link(&self) {
        let browser = self.browser;
        let link = self.make_link(ALICE, NOTE, RETURN_TO).await;
        self.page("link", ALICE).await;
        browser.press("Send as Webex message").await;
        self.page("link-send", "Send the link?").await;
        browser.press("Send the message").await;
        self.page("link-not-sent", "The link was not sent").await;
        browser.open(&link).await;
        self.page("link-asks", QUESTION).await;
        self.answer(&link, "Bob", "Accept").await;
        self.page("link-other-person", "Somebody else was asked")
            .await;
        browser.follow("Use another account").await;
        self.page("link-asks-which-account", QUESTION).await;
        self.answer(&link, "Alice", "Accept").await;
        self.page("link-receipt", "Access granted").await;
        browser.open(&link).await;
        self.page("link-used", "This link was used").await;
        browser.open(format!("{link}x")).await;
        self.page("link-incomplete", "This link is not complete")
            .await;
        self.open("/admin/links").await;
        browser.follow(ALICE).await;
        self.page("link-granted", ALICE).await;
    }

    /// Whose texts fill every line.
    async fn long_link(&self) {
        let note = format!("{}\n\n{}", "Rindfleischetikettierung".repeat(12), NOTE);
        let place = format!("{RETURN_TO}/{}?x=1", "a-long-way-down/".repeat(8));
        let link = self.make_link(LONG, &note, &place).await;
        self.page("link-long", LONG).await;
        self.browser.open(&link).await;
        self.page("link-asks-long", QUESTION).await;
    }

    async fn declined_link(&self) {
        let link = self.make_link("bob@example.com", NOTE, RETURN_TO).await;
        self.answer(&link, "Bob", "Decline").await;
        self.page("link-declines", "You declined").await;
        self.open("/admin/links").await;
        self.browser.follow("bob@example.com").await;
        self.page("link-declined", "bob@example.com").await;
    }

    async fn ended_link(&self) {
        let browser = self.browser;
        let link = self.make_link(ALICE, NOTE, RETURN_TO).await;
        let detail = browser.driver.current_url().await.unwrap();
        browser.press("End this link").await;
        self.page("link-end", "End this link?").await;
        self.end_in_another_window(&detail).await;
        browser.press("End the link").await;
        self.page("link-not-ended", "The link was not ended").await;
        browser.open(&link).await;
        self.page("link-expired", "This link has expired").await;
    }

    /// What another admin does meanwhile.
    async fn end_in_another_window(&self, detail: &Url) {
        let browser = self.browser;
        let driver = &browser.driver;
        let own = driver.window().await.unwrap();
        let other = driver.new_tab().await.unwrap();
        driver.switch_to_window(other).await.unwrap();
        browser.open(detail).await;
        browser.press("End this link").await;
        browser.press("End the link").await;
        browser.reads("The link has ended").await;
        self.page("link-ended", ALICE).await;
        driver.close_window().await.unwrap();
        driver.switch_to_window(own).await.unwrap();
    }
}
