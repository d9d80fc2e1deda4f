//! The configuration file of the Node.js sample, unchanged.

use crate::harness::{ALICE, Command, PASSWORD, Server, Upstream};

const SAMPLE: &str = include_str!("data/node-sample-config.json");

/// The requester of the sample's file.
const CONTACT: &str = "your_email@example.com";

async fn start(folder: &std::path::Path) -> (Upstream, Server) {
    let upstream = Upstream::start().await;
    let server = Command::with_file(folder, SAMPLE, &upstream).serve().await;
    (upstream, server)
}

#[tokio::test]
async fn its_placeholders_warn_in_the_log_and_on_the_first_page() {
    let folder = tempfile::tempdir().unwrap();
    let (_upstream, server) = start(folder.path()).await;
    let home = server.browser().open("/").await;
    assert!(home.notice().contains("not set up yet"), "{home:?}");
    for setting in ["oauth.clientID", "oauth.clientSecret", "oauth.contactEmail"] {
        assert!(home.notice().contains(setting), "{setting}: {home:?}");
    }
    let log = server.shut_down().await;
    for setting in [
        "oauth.state",
        "oauth.clientID",
        "oauth.clientSecret",
        "oauth.contactEmail",
        "superAdminAccount.password",
    ] {
        let warned = |line: &&str| line.contains("WARN") && line.contains(setting);
        assert!(log.lines().any(|line| warned(&line)), "{setting}:\n{log}");
    }
    assert!(!log.contains("123456"), "{log}");
    assert!(!log.contains("your_clientSecret"), "{log}");
    let files = std::fs::read_dir(folder.path().join("logs")).unwrap();
    assert_eq!(files.count(), 1, "one file for this hour");
}

#[tokio::test]
async fn the_whole_way_works_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let (upstream, server) = start(folder.path()).await;

    let person = server.browser();
    let receipt = person.grant(ALICE).await;
    assert_eq!(receipt.heading(), "Access granted", "{receipt:?}");
    let form = receipt.form("/actions/createAndJoinRoom");
    let handed = person.submit(form.set("roomName", "Sample")).await;
    assert!(handed.content().contains(CONTACT), "{handed:?}");
    let rooms = upstream.provider.rooms();
    assert_eq!(rooms[0].members[1].person_email, CONTACT);

    let admin = set_up_with_a_better_password(&server).await;
    let found = admin.open("/admin/tokens?email=lice").await;
    let [href] = found.hrefs("/admin/tokens/").try_into().unwrap();
    let token = admin.open(&href).await;
    let refreshed = admin.submit(token.form("/refresh")).await;
    assert!(
        refreshed.notice().contains("was refreshed"),
        "{refreshed:?}"
    );

    // The sample's scopes do not let a token revoke itself.
    let asked = admin.submit(token.form("/revoke")).await;
    let kept = admin.submit(asked.form("/revoke")).await;
    assert!(
        kept.notice().contains("does not let this integration"),
        "{kept:?}"
    );
    assert_eq!(kept.forms("/refresh").len(), 1, "still active");
    let asked = admin.submit(kept.form("/remove")).await;
    let removed = admin.submit(asked.form("/remove")).await;
    assert!(removed.content().contains("No tokens yet"), "{removed:?}");
    server.shut_down().await;
}

/// `123456` is not good enough, so the page asks for another one.
async fn set_up_with_a_better_password(server: &Server) -> crate::harness::Browser {
    let admin = server.browser();
    let page = admin.open(&server.site.set_up_path()).await;
    assert!(page.content().contains("no usable password"), "{page:?}");
    let form = page.form("/admin/initialize");
    let weak = form.clone().set("password", "123456");
    let refused = admin.submit(weak.set("password_again", "123456")).await;
    assert_eq!(refused.status, 422);
    assert!(
        refused.content().contains("at least 8 characters"),
        "{refused:?}"
    );
    let form = refused.form("/admin/initialize").set("password", PASSWORD);
    let done = admin.submit(form.set("password_again", PASSWORD)).await;
    assert_eq!(done.heading(), "Tokens", "{done:?}");
    let again = server.browser().sign_in("admin", PASSWORD).await;
    assert_eq!(again.heading(), "Tokens", "{again:?}");
    admin
}
