//! An application with a token that lives an hour, and the operator beside it.

use std::time::Duration;

use serde_json::Value;

use crate::harness::{ALICE, Browser, PASSWORD, Page, Rig, Setup, until};

/// How long an access token lives.
pub(super) const LIFE: Duration = Duration::from_hours(1);

/// More of its life than the worker ever lets pass, and less than all of it.
pub(super) const MOST_OF_ITS_LIFE: Duration = Duration::from_mins(55);

/// One application whose provider rotates refresh tokens, and Alice's token.
pub(super) struct Scene {
    pub(super) rig: Rig,
    pub(super) admin: Browser,
    operator: Browser,
    token: String,
}

impl Scene {
    pub(super) async fn with(setup: Setup) -> Self {
        let rig = Rig::with(setup.set("server.management", "127.0.0.1:0")).await;
        rig.upstream.provider.update_settings(|settings| {
            settings.access_ttl_s = LIFE.as_secs();
            settings.rotate_refresh_tokens = true;
        });
        rig.browser().grant(ALICE).await;
        let admin = rig.super_admin().await;
        let token = rig.only_token(&admin).await.url.path().to_owned();
        let management = rig.running().management.expect("it listens");
        Self {
            operator: rig.browser().moved_to(management),
            rig,
            admin,
            token,
        }
    }

    /// Lets so much time pass that the admin's session ends, and signs in anew.
    pub(super) async fn pass(&mut self, time: Duration) {
        self.rig.advance(time);
        self.admin = self.rig.browser();
        let page = self.admin.sign_in("admin", PASSWORD).await;
        assert_eq!(page.heading(), "Tokens", "{page:?}");
    }

    /// The page of Alice's token.
    pub(super) async fn page(&self) -> Page {
        self.admin.open(&self.token).await
    }

    pub(super) async fn secrets(&self) -> Vec<String> {
        let page = self.page().await;
        let secrets = self.admin.submit(page.form("/reveal")).await.secrets();
        assert_eq!(secrets.len(), 2, "{page:?}");
        secrets
    }

    /// Waits until the page of Alice's token says this. Some time passes meanwhile: a
    /// visit that ends only after a leap of the clock puts the next one off a little.
    pub(super) async fn says(&self, words: &str) -> Page {
        let look = async || {
            self.rig.advance(Duration::from_secs(1));
            let page = self.page().await;
            page.content().contains(words).then_some(page)
        };
        until(words, look).await
    }

    /// Waits until the worker has refreshed Alice's token.
    pub(super) async fn refreshed(&self) -> Page {
        self.says("in the background").await
    }

    /// Readiness with its details, whatever the status is.
    pub(super) async fn details(&self) -> Value {
        let page = self.operator.get("/readyz").await;
        serde_json::from_slice(&page.body).unwrap()
    }

    /// Waits until the details say so.
    pub(super) async fn details_are(&self, what: &str, fit: impl Fn(&Value) -> bool) -> Value {
        let look = async || {
            let details = self.details().await;
            fit(&details).then_some(details)
        };
        until(what, look).await
    }

    /// Waits until refreshing pauses, or goes on again.
    pub(super) async fn pauses(&self, paused: bool) -> Value {
        let what = if paused { "a pause" } else { "no pause" };
        let details = self.details_are(what, |all| all["refreshing"]["paused"] == paused);
        details.await["refreshing"].clone()
    }

    /// The value of a metric without labels.
    pub(super) async fn metric(&self, name: &str) -> f64 {
        let text = self.operator.get("/metrics").await.text();
        let start = format!("{name} ");
        let value = text.lines().find_map(|line| line.strip_prefix(&start));
        value.map_or(0.0, |value| value.parse().unwrap())
    }

    /// How many tokens have this status.
    pub(super) async fn count(&self, status: &str) -> usize {
        let list = self
            .admin
            .open(&format!("/admin/tokens?status={status}"))
            .await;
        list.hrefs("/admin/tokens/").len()
    }
}
