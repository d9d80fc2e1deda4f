//! `copy --to`: from one store into another and back.

use std::path::Path;

use reqwest::Method;
use serde_json::json;

use crate::harness::{ALICE, BOB, Command, Ended, PASSWORD, Server, Service, Setup, Upstream};

const CAROL: &str = "carol@example.com";
const DAVE: &str = "dave@example.com";

/// The folder of an application with two tokens and a super admin, stopped.
async fn filled(folder: &Path, setup: &Setup, upstream: &Upstream) -> Command {
    let command = Command::new(folder, setup, upstream);
    let server = command.serve().await;
    for email in [ALICE, BOB] {
        server.browser().grant(email).await;
    }
    server.site.super_admin().await;
    server.shut_down().await;
    command
}

/// What an admin sees of the tokens, in the order of the list.
async fn seen(server: &Server) -> Vec<(String, Vec<String>)> {
    let admin = server.browser();
    assert_eq!(admin.sign_in("admin", PASSWORD).await.heading(), "Tokens");
    let list = admin.open("/admin/tokens").await;
    let mut tokens = Vec::new();
    for path in list.hrefs("/admin/tokens/") {
        let token = admin.open(&path).await;
        let revealed = admin.submit(token.form("/reveal")).await;
        tokens.push((path, revealed.secrets()));
    }
    tokens
}

/// A key, limited in all that a key can be limited in, and a link that was made with it.
struct Handed {
    key: String,
    link: String,
    id: String,
}

impl Handed {
    async fn by(server: &Server) -> Self {
        let admin = server.browser();
        admin.sign_in("admin", PASSWORD).await;
        let fields = [
            ("name", "nightly report"),
            ("scope", "tokens:use"),
            ("scope", "consents:request"),
            ("emails", &format!("{ALICE}\n{DAVE}")),
            ("requests_per_minute", "60"),
        ];
        let key = admin.post("/admin/keys", &fields).await.secrets().remove(0);
        let service = Service::new(server.browser(), Some(&key));
        let asked = json!({ "expected_email": DAVE, "single_use": true });
        let ask = service.ask(Method::POST, "/consent-links");
        let made = service.send(ask.body("application/json", asked.to_string()));
        let made = made.await.json();
        let text = |field: &str| made[field].as_str().unwrap().to_owned();
        Self {
            key,
            link: text("url"),
            id: text("id"),
        }
    }

    /// That the key is good there, for what it was made for and no more.
    async fn assert_good_at(&self, server: &Server) -> Service {
        let service = Service::new(server.browser(), Some(&self.key));
        let of = |email: &str| format!("/people/{email}/access-token");
        let fetched = service.get(&of(ALICE)).await;
        assert_eq!(fetched.status, 200, "{fetched:?}");
        assert_eq!(fetched.json()["email"], ALICE);
        assert_eq!(
            fetched.header("ratelimit-policy"),
            Some("\"key\";q=60;w=60")
        );
        service
            .get(&of(BOB))
            .await
            .assert_problem(403, "person_not_allowed");
        service
            .get("/tokens")
            .await
            .assert_problem(403, "insufficient_scope");
        service
    }

    async fn follow_at(&self, server: &Server) {
        let browser = server.browser();
        let page = browser.open(&self.link).await;
        let asked = browser.submit(page.form("/auth/spark")).await;
        let form = asked.form("/v1/authorize").by_person(DAVE);
        let receipt = browser.submit(form.press("decision", "accept")).await;
        assert_eq!(receipt.heading(), "Access granted", "{receipt:?}");
    }
}

async fn copy(command: &Command, target: &str) -> Ended {
    command.run(&["copy", "--to", target], "").await
}

#[tokio::test]
async fn everything_goes_to_mongodb_and_back() {
    let Some(there) = Setup::on_mongodb() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let upstream = Upstream::start().await;
    let here = filled(folder.path(), &Setup::on_disk(), &upstream).await;
    let server = here.serve().await;
    let handed = Handed::by(&server).await;
    let before = seen(&server).await;
    server.shut_down().await;

    let mut databases = Vec::new();
    let mut uri = String::new();
    for (name, value) in there.environment(folder.path(), &upstream.base_url()) {
        match name.as_str() {
            "SPARK_OAUTH__STORE" => uri = value,
            _ if name.contains("DBCONFIG") => databases.push((name, value)),
            _ => {}
        }
    }
    let named = databases
        .iter()
        .fold(here.clone(), |command, (name, value)| {
            command.variable(name, value)
        });
    let copied = copy(&named, &uri).await;
    assert_eq!(copied.code, Some(0), "{copied:?}");
    assert!(copied.out.contains("every token opens"), "{copied:?}");
    let again = copy(&named, &uri).await;
    assert_eq!(
        again.code,
        Some(0),
        "a second time changes nothing: {again:?}"
    );

    let moved = named.clone().variable("SPARK_OAUTH__STORE", &uri);
    let server = moved.serve().await;
    assert_eq!(seen(&server).await, before);
    server.browser().grant(CAROL).await;
    let service = handed.assert_good_at(&server).await;
    let of_link = format!("/consent-links/{}", handed.id);
    assert_eq!(service.read(&of_link).await["state"], "open");
    handed.follow_at(&server).await;
    let granted = service.read(&of_link).await;
    assert_eq!(granted["state"], "granted");
    assert_eq!(granted["email"], DAVE);
    let after = seen(&server).await;
    server.shut_down().await;

    let back = folder.path().join("back.db");
    let returned = copy(&moved, &format!("sqlite:{}", back.display())).await;
    assert_eq!(returned.code, Some(0), "{returned:?}");
    let store = format!("sqlite:{}", back.display());
    let server = here.variable("SPARK_OAUTH__STORE", &store).serve().await;
    assert_eq!(seen(&server).await, after);
    let service = handed.assert_good_at(&server).await;
    assert_eq!(service.read(&of_link).await, granted);
    server
        .browser()
        .open(&handed.link)
        .await
        .assert_error(410, "This link was used");
    server.shut_down().await;
}

#[tokio::test]
async fn while_a_server_works_nothing_is_copied() {
    let folder = tempfile::tempdir().unwrap();
    let upstream = Upstream::start().await;
    let command = filled(folder.path(), &Setup::on_disk(), &upstream).await;
    let server = command.serve().await;
    let target = folder.path().join("other.db");
    let to = format!("sqlite:{}", target.display());
    let refused = copy(&command, &to).await;
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(
        refused.errors.contains("servers work on the source"),
        "{refused:?}"
    );
    server.shut_down().await;
    let copied = copy(&command, &to).await;
    assert_eq!(
        copied.code,
        Some(0),
        "one that stopped is gone at once: {copied:?}"
    );
}

#[tokio::test]
async fn a_wrong_target_is_refused_without_its_password() {
    let folder = tempfile::tempdir().unwrap();
    let upstream = Upstream::start().await;
    let command = filled(folder.path(), &Setup::on_disk(), &upstream).await;
    let same = format!(
        "sqlite:{}",
        folder.path().join("data/spark-oauth.db").display()
    );
    for (target, expected) in [
        (same.as_str(), "copied from"),
        ("sqlite::memory:", "in memory"),
        ("postgres://u:sesame@db/x", "neither SQLite nor MongoDB"),
    ] {
        let refused = copy(&command, target).await;
        assert_eq!(refused.code, Some(2), "{refused:?}");
        assert!(refused.errors.contains(expected), "{refused:?}");
        assert!(!refused.errors.contains("sesame"), "{refused:?}");
    }
    let away = copy(&command, "mongodb://u:sesame@127.0.0.1:9/").await;
    assert_eq!(away.code, Some(1), "{away:?}");
    assert!(!away.errors.contains("sesame"), "{away:?}");
}
