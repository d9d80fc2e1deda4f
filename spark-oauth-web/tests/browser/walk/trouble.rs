//! Pages that say what went wrong.

use webex_emulator::Fault;

use crate::browser::client;
use crate::walk::Walk;

impl<L: AsyncFn(&str)> Walk<'_, L> {
    pub(super) async fn trouble(&self) {
        let browser = self.browser;
        let fault = Fault {
            status: Some(500),
            ..Fault::on("POST /v1/access_token")
        };
        self.site.provider().push_fault(fault).unwrap();
        self.site.consents_at_once(Some("alice@example.com"));
        self.open("/").await;
        browser.press("Grant access").await;
        self.page("provider-fault", "Webex did not answer as expected")
            .await;
        self.site.consents_at_once(None);

        self.open("/admin").await;
        browser.fill("Username", "helper_of_the_admins").await;
        browser.fill("Password", crate::site::PASSWORD).await;
        browser.press("Sign in").await;
        browser.at("Tokens").await;
        self.open("/admin/admins").await;
        self.page("refused", "Only the super admin may see this")
            .await;
        self.open("/admin/nowhere").await;
        self.page("admin-not-found", "Page not found").await;
        self.open("/admin/tokens").await;
        browser.press("Sign out").await;
        self.too_many_sign_ins().await;
    }

    /// Other browsers of the same network guessed before.
    async fn too_many_sign_ins(&self) {
        let browser = self.browser;
        let guess = [("username", "nobody"), ("password", "not the password")];
        for _ in 0..10 {
            let request = client().post(self.site.at("/admin/sign-in")).form(&guess);
            request.send().await.unwrap();
        }
        browser.at("Sign in").await;
        browser.fill("Username", "nobody").await;
        browser.fill("Password", "not the password").await;
        browser.press("Sign in").await;
        self.page("too-many-sign-ins", "Too many failed sign-ins")
            .await;
    }
}
