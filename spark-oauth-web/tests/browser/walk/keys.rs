//! API keys.

use crate::walk::Walk;

const LONG: &str = "a_name_without_a_space_of_sixty_four_characters_and_not_one_more";

impl<L: AsyncFn(&str)> Walk<'_, L> {
    pub(super) async fn keys(&self) {
        let browser = self.browser;
        self.open("/admin/keys").await;
        self.page("keys-none", "API keys").await;
        browser.follow("Create a key").await;
        self.page("key-new", "Create an API key").await;
        browser.fill("E-mail addresses", "nobody").await;
        browser.fill("Ends", "soon").await;
        browser.press("Create key").await;
        browser.reads("There are problems").await;
        self.page("key-new-mistakes", "Create an API key").await;
        browser.fill("Name", LONG).await;
        for scope in [
            "tokens:read",
            "tokens:use",
            "tokens:write",
            "consents:request",
        ] {
            browser.choose(scope).await;
        }
        browser
            .fill(
                "E-mail addresses",
                "the-one-who-helps-all-the-others@administration.example.com bob@example.com",
            )
            .await;
        browser
            .fill("Domains", "subsidiary.example-holding.example")
            .await;
        browser.fill("Ends", "90d").await;
        browser.press("Create key").await;
        self.page("key-created", LONG).await;
        browser.follow("I have copied it").await;
        self.page("key", LONG).await;
        self.open("/admin/keys").await;
        self.page("keys", "API keys").await;
        browser.follow(LONG).await;
        browser.at(LONG).await;
        browser.press("Revoke…").await;
        self.page("key-revoke", "Revoke this API key?").await;
        browser.press("Revoke the key").await;
        browser.reads("is revoked").await;
        self.page("key-revoked", LONG).await;
        self.open("/admin/keys/01ARZ3NDEKTSV4RRFFQ69G5FAV").await;
        self.page("key-gone", "There is no such API key").await;
    }
}
