//! After everything was done once, no secret stands where it has no business.

use std::collections::BTreeSet;
use std::path::Path;

use reqwest::header::SET_COOKIE;
use url::Url;

use crate::harness::{BOB, Command, OTHER_PASSWORD, PASSWORD, Page, Rig, Setup, Site, Upstream};
use crate::tour;

const WRONG_PASSWORD: &str = "wrong-password-of-somebody";

/// A secret, and what it is.
pub(crate) type Secret = (&'static str, String);

/// Every secret that came up while somebody looked at the pages.
pub(crate) fn seen(pages: &[Page]) -> BTreeSet<Secret> {
    let mut secrets = BTreeSet::new();
    for page in pages {
        let urls = [
            Some(page.url.clone()),
            page.header("location")
                .and_then(|to| page.url.join(to).ok()),
        ];
        for (name, value) in urls.iter().flatten().flat_map(Url::query_pairs) {
            if name == "code" || name == "state" {
                secrets.insert(("code or state", value.into_owned()));
            }
        }
        for cookie in page.headers.get_all(SET_COOKIE) {
            let cookie = cookie::Cookie::parse(cookie.to_str().unwrap()).unwrap();
            if !cookie.value().is_empty() {
                secrets.insert(("cookie", cookie.value().to_owned()));
            }
        }
        for text in page.secrets() {
            let is_key = text.starts_with("spoa_");
            secrets.insert((if is_key { "API key" } else { "token" }, text));
        }
    }
    let typed = [PASSWORD, OTHER_PASSWORD, WRONG_PASSWORD];
    secrets.extend(typed.map(|password| ("password", password.to_owned())));
    secrets.insert((
        "client secret",
        "client-secret-that-nobody-may-see".to_owned(),
    ));
    secrets
}

fn keys(file: &Path) -> Vec<Secret> {
    let text = std::fs::read_to_string(file).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| ("key", line.to_owned())).collect()
}

/// The tour, and some ways that end badly.
pub(crate) async fn do_everything(site: &Site) {
    tour::take(site).await;
    let browser = site.browser();
    let refused = browser.sign_in("admin", WRONG_PASSWORD).await;
    assert_eq!(refused.status, 401);
    let mistaken = browser.sign_in(OTHER_PASSWORD, PASSWORD).await;
    assert_eq!(mistaken.status, 401);
    let callback = browser.callback(BOB).await;
    browser.open(&callback).await;
    assert_eq!(browser.open(&callback).await.heading(), "Access granted");
    let receipt = browser.open("/granted").await;
    let revealed = browser.submit(receipt.form("/granted/reveal")).await;
    assert_eq!(revealed.secrets().len(), 2);
    let admin = site.browser();
    admin.sign_in("admin", PASSWORD).await;
    let list = admin.open("/admin/tokens").await;
    let token = admin.open(&list.hrefs("/admin/tokens/")[0]).await;
    admin.submit(token.form("/reveal")).await;
    let page = admin.open("/admin/keys/new").await;
    let form = page.form("/admin/keys").set("name", "report");
    let made = admin.submit(form.tick("scope", "tokens:use")).await;
    let key = admin.open(&made.link("I have copied it")).await;
    admin.open("/admin/keys").await;
    let asked = admin.submit(key.form("/revoke")).await;
    admin.submit(asked.form("/revoke")).await;
    let log = admin.open("/admin/audit").await;
    admin.submit(log.form("/admin/audit/export")).await;
}

/// Whether a page was asked to show this secret.
fn may_show(page: &Page, (what, text): &Secret) -> bool {
    match *what {
        "token" => page.url.path().ends_with("/reveal"),
        "API key" => page.method == "POST" && page.url.path() == "/admin/keys",
        // The set-up link and the form behind it carry the set-up code.
        "code or state" => {
            page.url.as_str().contains(text) && page.url.path() == "/admin/initialize"
        }
        // A name that was typed is shown again, whatever it was.
        "password" => page.url.path() == "/admin/sign-in" && text == OTHER_PASSWORD,
        _ => false,
    }
}

fn assert_pages_are_clean(pages: &[Page], secrets: &BTreeSet<Secret>) {
    let ours = pages
        .iter()
        .filter(|page| page.header("x-request-id").is_some());
    let mut count = 0;
    for page in ours {
        count += 1;
        for secret in secrets {
            let shows = page.text().contains(&secret.1);
            assert!(!shows || may_show(page, secret), "{secret:?} in {page:?}");
        }
    }
    assert!(count > 50, "{count}");
}

fn assert_files_are_clean(folder: &Path, secrets: &BTreeSet<Secret>) -> Vec<String> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        for secret in secrets {
            let found = bytes
                .windows(secret.1.len())
                .any(|part| part == secret.1.as_bytes());
            assert!(!found, "{secret:?} in {}", path.display());
        }
        names.push(path.file_name().unwrap().to_string_lossy().into_owned());
    }
    names
}

/// Enough secrets of each kind were found for the search to mean something.
fn assert_many(secrets: &BTreeSet<Secret>) {
    let count = |what| secrets.iter().filter(|(kind, _)| *kind == what).count();
    assert!(count("token") >= 5, "{secrets:?}");
    assert!(count("code or state") >= 5, "{secrets:?}");
    assert!(count("cookie") >= 8, "{secrets:?}");
    assert_eq!((count("key"), count("API key")), (1, 1));
    assert!(
        secrets.iter().all(|(_, text)| text.len() >= 16),
        "{secrets:?}"
    );
}

#[tokio::test]
async fn no_secret_lies_in_the_store_the_log_or_a_page_that_did_not_ask() {
    let rig = Rig::with(Setup::on_disk().set("logLevel", "trace")).await;
    do_everything(&rig.site()).await;
    let mut secrets = seen(&rig.site().visited());
    secrets.extend(keys(&rig.folder().join("conf/spark-oauth.keys")));
    assert_many(&secrets);
    assert_pages_are_clean(&rig.site().visited(), &secrets);
    let last = rig.browser().get("/").await;
    rig.log.request(last.request_id()).await;
    for (what, secret) in &secrets {
        assert!(!rig.log.so_far().contains(secret), "{what} {secret}");
    }
    // With the write-ahead log as it stands, before it goes into the file.
    let data = rig.folder().join("data");
    let names = assert_files_are_clean(&data, &secrets);
    assert!(
        names.contains(&"spark-oauth.db-wal".to_owned()),
        "{names:?}"
    );
    let folder = rig.folder().to_owned();
    assert!(folder.join("data/spark-oauth.db").exists());
}

#[tokio::test]
async fn the_binary_logs_none_at_the_finest_level_of_every_library() {
    let folder = tempfile::tempdir().unwrap();
    let upstream = Upstream::start().await;
    let setup = Setup::on_disk().set("log.directory", "logs");
    let command =
        Command::new(folder.path(), &setup, &upstream).variable("SPARK_OAUTH_LOG", "trace");
    let server = command.serve().await;
    let site = server.site.clone();
    do_everything(&site).await;
    let mut secrets = seen(&site.visited());
    secrets.extend(keys(&command.key_file()));
    assert_many(&secrets);
    let log = server.shut_down().await;
    assert!(log.contains("TRACE"), "{log}");
    for (what, secret) in &secrets {
        assert!(!log.contains(secret), "{what} {secret} in\n{log}");
    }
    assert_eq!(
        assert_files_are_clean(&folder.path().join("logs"), &secrets).len(),
        1
    );
    assert_files_are_clean(&folder.path().join("data"), &secrets);
}
