//! Setting up, signing in, and tokens.

use std::time::Duration;

use webex_emulator::Fault;

use crate::site::{ALICE, PASSWORD, SUPER_ADMIN, Setting, Site};
use crate::walk::Walk;

const REFRESH: &str = "POST /v1/access_token";

impl<L: AsyncFn(&str)> Walk<'_, L> {
    /// Applications whose configuration is less or more complete.
    pub(super) async fn not_finished(&self) {
        let browser = self.browser;
        let sample = Site::start(Setting::SampleClient).await;
        browser.open(&sample.url).await;
        browser.reads("This integration is not set up yet").await;
        self.page("home-unfinished", "May they act for you in Webex?")
            .await;
        sample.shut_down().await;

        let complete = Site::start(Setting::Complete).await;
        browser.open(&complete.set_up_link).await;
        self.page("set-up-by-configuration", "Create the super admin")
            .await;
        browser.press("Create and sign in").await;
        browser.reads("The super admin is set up").await;
        browser.reads("No tokens yet").await;
        self.page("tokens-none", "Tokens").await;
        complete.shut_down().await;
    }

    pub(super) async fn set_up(&self) {
        let browser = self.browser;
        self.open("/admin").await;
        self.page("not-set-up", "Not set up yet").await;
        self.open("/admin/initialize?code=made-up").await;
        self.page("set-up-wrong-link", "This set-up link is not the right one")
            .await;
        browser.open(&self.site.set_up_link).await;
        self.page("set-up", "Create the super admin").await;
        browser.fill("Password", "password").await;
        browser.press("Create and sign in").await;
        browser.reads("There are problems").await;
        self.page("set-up-mistakes", "Create the super admin").await;
        browser.fill("Password", PASSWORD).await;
        browser.fill("Password again", PASSWORD).await;
        browser.press("Create and sign in").await;
        browser.reads("The super admin is set up").await;
        self.page("tokens-first", "Tokens").await;

        browser.press("Sign out").await;
        self.page("sign-in", "Sign in").await;
        browser.fill("Username", SUPER_ADMIN).await;
        browser.fill("Password", "not the password").await;
        browser.press("Sign in").await;
        browser.reads("There is a problem").await;
        self.page("sign-in-refused", "Sign in").await;
        self.open("/admin/sign-in").await;
        browser.at("Sign in").await;
        browser.fill("Username", SUPER_ADMIN).await;
        browser.fill("Password", PASSWORD).await;
        browser.press("Sign in").await;
        browser.at("Tokens").await;
    }

    pub(super) async fn tokens(&self) {
        let browser = self.browser;
        browser.fill("E-mail contains", "nobody").await;
        browser.press("Search").await;
        browser.reads("No token matches").await;
        self.page("tokens-no-match", "Tokens").await;
        browser.follow("Clear the search").await;
        browser.follow("Maximiliana").await;
        self.page(
            "token-long",
            "Maximiliana Konstantina Featherstonehaugh-Cholmondeley",
        )
        .await;

        self.open("/admin/tokens").await;
        browser.follow("Alice").await;
        self.page("token", "Alice Anderson").await;
        browser.press("Refresh now").await;
        browser.reads("The token was refreshed").await;
        self.page("token-refreshed", "Alice Anderson").await;
        browser.press("Reveal").await;
        browser.reads("Whoever holds these tokens").await;
        self.page("token-revealed", "Alice Anderson").await;
        self.failed_refreshes().await;
        self.ended_tokens().await;
        self.open("/admin/tokens").await;
        self.page("tokens", "Tokens").await;
        browser.select("Status", "Needs consent").await;
        browser.press("Search").await;
        self.page("tokens-filtered", "Tokens").await;
        self.open("/admin/tokens/01ARZ3NDEKTSV4RRFFQ69G5FAV").await;
        self.page("token-gone", "There is no such token").await;
    }

    async fn failed_refreshes(&self) {
        let fault = Fault {
            status: Some(503),
            ..Fault::on(REFRESH)
        };
        self.site.provider().push_fault(fault).unwrap();
        self.site.pass(Duration::from_mins(5));
        self.browser.press("Refresh now").await;
        self.browser.reads("The last refresh failed").await;
        self.page("token-refresh-failed", "Alice Anderson").await;
        self.site.provider().clear_faults();
    }

    async fn ended_tokens(&self) {
        let browser = self.browser;
        browser.press("Revoke…").await;
        self.page("token-revoke", "Revoke this token?").await;
        browser.follow("Cancel").await;
        self.site.provider().revoke(ALICE);
        self.site.pass(Duration::from_mins(5));
        browser.press("Refresh now").await;
        browser.reads("Needs consent since").await;
        self.page("token-needs-consent", "Alice Anderson").await;
        self.open("/admin/tokens").await;
        browser.follow("Carol").await;
        browser.press("Revoke…").await;
        browser.press("Revoke the token").await;
        browser.reads("The token was revoked").await;
        self.page("token-revoked", "Carol Clark").await;
        browser.press("Remove…").await;
        self.page("token-remove", "Remove this token?").await;
        browser.follow("Cancel").await;
        browser.at("Carol Clark").await;
    }
}
