//! The audit log.

use crate::walk::Walk;

impl<L: AsyncFn(&str)> Walk<'_, L> {
    pub(super) async fn audit(&self) {
        let browser = self.browser;
        self.open("/admin/audit").await;
        self.page("audit", "Audit log").await;
        browser.fill("Who did it", "nobody").await;
        browser.press("Search").await;
        browser.reads("No entry matches").await;
        self.page("audit-no-match", "Audit log").await;
        browser.follow("Clear the search").await;
        browser.select("What", "Refresh a token").await;
        browser.select("Outcome", "Failed").await;
        browser.press("Search").await;
        browser.reads("Refresh a token").await;
        self.page("audit-found", "Audit log").await;
        self.open("/admin/audit?token=1&from=yesterday").await;
        browser.reads("There are problems").await;
        self.page("audit-mistakes", "Audit log").await;
    }
}
