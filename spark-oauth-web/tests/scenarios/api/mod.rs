//! The HTTP API, called by services.

mod calls;
mod crowd;
mod documents;
mod keys;
mod limits;
mod outage;
mod parked;
mod persons;
mod provider;
mod schema;
mod strict;

use serde_json::Value;

use crate::harness::{ALICE, Browser, PASSWORD, Rig, Service, Setup};

pub(crate) const ALL_SCOPES: [(&str, &str); 3] = [
    ("scope", "tokens:read"),
    ("scope", "tokens:use"),
    ("scope", "tokens:write"),
];

/// A stored token of Alice's, an admin, and a service that may do everything.
pub(crate) struct Scene {
    pub(crate) rig: Rig,
    pub(crate) admin: Browser,
    pub(crate) service: Service,
    pub(crate) id: String,
}

impl Scene {
    pub(crate) async fn new() -> Self {
        Self::with(Setup::on_disk()).await
    }

    pub(crate) async fn with(setup: Setup) -> Self {
        let rig = Rig::with(setup).await;
        rig.browser().grant(ALICE).await;
        let admin = rig.super_admin().await;
        let key = make_key(&admin, &ALL_SCOPES).await;
        let service = Service::new(rig.browser(), Some(&key.text));
        let list = service.read("/tokens").await;
        let id = list["items"][0]["id"].as_str().unwrap().to_owned();
        Self {
            rig,
            admin,
            service,
            id,
        }
    }

    /// Ends the application in an orderly way and starts it again, on the same port or
    /// another.
    pub(crate) async fn restart(self) -> Self {
        let key = self.service.key().map(str::to_owned);
        let rig = self.rig.restart().await;
        Self {
            service: Service::new(rig.browser(), key.as_deref()),
            rig,
            ..self
        }
    }

    /// The path of the token, and what comes behind.
    pub(crate) fn path(&self, rest: &str) -> String {
        format!("/tokens/{}{rest}", self.id)
    }

    /// A service whose key may do this, for these people.
    pub(crate) async fn service(&self, fields: &[(&str, &str)]) -> Service {
        let key = make_key(&self.admin, fields).await;
        self.service.with_key(Some(&key.text))
    }

    /// The admin, signed in anew: time has passed.
    pub(crate) async fn admin_again(&self) -> Browser {
        let browser = self.rig.browser();
        browser.sign_in("admin", PASSWORD).await;
        browser
    }

    /// What the audit log says of calls that were refused.
    pub(crate) async fn refusals(&self) -> Vec<Value> {
        audit(&self.admin, &[("action", "api_called")]).await
    }
}

/// A key that was made, and where the admin centre shows it.
pub(crate) struct Key {
    pub(crate) text: String,
    href: String,
}

impl Key {
    pub(crate) async fn revoke(&self, admin: &Browser) {
        let path = format!("{}/revoke", self.href);
        let revoked = admin.post(&path, &[("confirm", "yes")]).await;
        assert!(revoked.status.is_redirection(), "{revoked:?}");
    }
}

/// Makes a key in the admin centre.
pub(crate) async fn make_key(admin: &Browser, fields: &[(&str, &str)]) -> Key {
    let mut fields = fields.to_vec();
    fields.push(("name", "nightly report"));
    let page = admin.post("/admin/keys", &fields).await;
    assert_eq!(page.status, 200, "{page:?}");
    Key {
        text: page.secrets().remove(0),
        href: page.link("I have copied it"),
    }
}

/// The entries of the audit log that fit, newest first.
pub(crate) async fn audit(admin: &Browser, filter: &[(&str, &str)]) -> Vec<Value> {
    let export = admin.post("/admin/audit/export", filter).await;
    assert_eq!(export.status, 200, "{export:?}");
    let text = export.text();
    let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
    lines.collect()
}
