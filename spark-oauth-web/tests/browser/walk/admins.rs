//! The super admin's pages, and an admin's own.

use crate::site::{PASSWORD, SUPER_ADMIN};
use crate::walk::Walk;

const HELPER: &str = "helper_of_the_admins";

impl<L: AsyncFn(&str)> Walk<'_, L> {
    pub(super) async fn admins(&self) {
        let browser = self.browser;
        self.open("/admin/admins").await;
        self.page("admins-alone", "Admins").await;
        browser.fill("Username", "x").await;
        browser.press("Create admin").await;
        browser.reads("There are problems").await;
        self.page("admins-mistakes", "Admins").await;
        browser.fill("Username", HELPER).await;
        browser
            .fill(
                "E-mail",
                "the-one-who-helps-all-the-others@administration.example.com",
            )
            .await;
        browser.fill("Password", PASSWORD).await;
        browser.fill("Password again", PASSWORD).await;
        browser.press("Create admin").await;
        browser.reads("was created").await;
        self.page("admins", "Admins").await;
        self.one_admin().await;
        self.profile().await;
    }

    async fn one_admin(&self) {
        let browser = self.browser;
        browser.follow(HELPER).await;
        self.page("admin", HELPER).await;
        browser.fill("Username", "a b").await;
        browser.fill("New password", "short").await;
        browser.press("Save changes").await;
        browser.reads("There are problems").await;
        self.page("admin-mistakes", HELPER).await;
        browser.press("Remove…").await;
        self.page("admin-remove", "Remove this admin?").await;
        browser.follow("Cancel").await;
        browser.at(HELPER).await;
        self.open("/admin/admins").await;
        browser.follow(SUPER_ADMIN).await;
        self.page("admin-super", SUPER_ADMIN).await;
    }

    async fn profile(&self) {
        let browser = self.browser;
        browser.follow("Overview").await;
        self.page("overview", "Overview").await;
        browser.follow("Profile").await;
        self.page("profile", "Profile").await;
        browser.fill("E-mail", "nowhere").await;
        browser.fill("New password", "12345678").await;
        browser.fill("Current password", "wrong").await;
        browser.press("Save changes").await;
        browser.reads("There are problems").await;
        self.page("profile-mistakes", "Profile").await;
        browser.press("Sign out").await;
        browser.at("Sign in").await;
    }
}
