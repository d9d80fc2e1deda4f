//! The audit log in the admin centre: searched, exported, and cleared of what is old.

use std::time::Duration;

use serde_json::Value;

use crate::harness::{
    ALICE, BOB, Browser, OTHER_PASSWORD, PASSWORD, Page, Rig, Service, Setup, on_every_store, until,
};

on_every_store!(
    a_search_narrows_by_every_field,
    keys_of_one_name_are_told_apart,
    an_export_holds_what_a_search_finds,
    every_entry_is_on_one_page,
    what_is_too_old_is_removed_and_nothing_else,
);

/// Entries of one millisecond stand in any order in MongoDB.
const MOMENT: Duration = Duration::from_millis(1);

const UNKNOWN: &str = "01JZZZZZZZZZZZZZZZZZZZZZZZ";

/// Looks for entries, and answers how many are on the page.
async fn count(admin: &Browser, query: &str) -> usize {
    let page = admin.open(&format!("/admin/audit?{query}")).await;
    assert_eq!(page.status, 200, "{page:?}");
    page.all("tbody tr").len()
}

fn objects(export: &Page) -> Vec<Value> {
    let text = export.text();
    assert!(text.is_empty() || text.ends_with('\n'), "{text}");
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

async fn a_search_narrows_by_every_field(setup: Setup) {
    let rig = Rig::with(setup).await;
    let admin = rig.super_admin().await;
    rig.browser().grant(ALICE).await;
    rig.browser().grant(BOB).await;
    let list = admin.open("/admin/tokens?email=alice").await;
    let path = list.hrefs("/admin/tokens/")[0].clone();
    let token = admin.open(&path).await;
    admin.submit(token.form("/reveal")).await;
    admin
        .post(&format!("/admin/tokens/{UNKNOWN}/reveal"), &[])
        .await;

    let id = path.rsplit('/').next().unwrap();
    assert_eq!(count(&admin, "actor=ALICE@example.com").await, 1);
    assert_eq!(count(&admin, "actor=alice").await, 0, "names are whole");
    assert_eq!(count(&admin, "subject=Alice@Example.com").await, 2);
    assert_eq!(
        count(&admin, "subject=alice@example.com&actor=admin").await,
        1
    );
    assert_eq!(count(&admin, &format!("token={id}")).await, 2);
    assert_eq!(count(&admin, "action=token_revealed").await, 2);
    assert_eq!(count(&admin, "action=token_revealed&outcome=done").await, 1);
    assert_eq!(count(&admin, "outcome=refused").await, 1);
    assert_eq!(
        count(&admin, "actor=%20%20&subject=").await,
        5,
        "everything"
    );
    assert_eq!(count(&admin, "until=2001-01-01").await, 0);
    assert_eq!(count(&admin, "from=2001-01-01&until=2999-12-31").await, 5);
    assert_eq!(count(&admin, "from=2999-12-31").await, 0);

    let page = admin.open(&token.link("Audit log of this token")).await;
    assert_eq!(page.all("tbody tr").len(), 2, "{page:?}");
    assert_eq!(page.hrefs("/admin/tokens/"), [path.as_str()]);
}

async fn keys_of_one_name_are_told_apart(setup: Setup) {
    let rig = Rig::with(setup).await;
    let admin = rig.super_admin().await;
    let make = async || {
        let fields = [("name", "report"), ("scope", "tokens:read")];
        let made = admin.post("/admin/keys", &fields).await;
        rig.advance(MOMENT);
        (made.secrets().remove(0), made.link("I have copied it"))
    };
    let (lost, first) = make().await;
    let confirmed = [("confirm", "yes")];
    admin.post(&format!("{first}/revoke"), &confirmed).await;
    rig.advance(MOMENT);
    let (good, second) = make().await;
    for (key, path, status) in [
        (&lost, "/tokens", 401),
        (&good, "/people/alice@example.com/access-token", 403),
    ] {
        let answer = Service::new(rig.browser(), Some(key)).get(path).await;
        assert_eq!(answer.status, status, "{answer:?}");
    }
    assert_eq!(count(&admin, "actor=report").await, 2);
    assert_eq!(count(&admin, "subject=report").await, 3);
    for (page, actions) in [
        (
            &first,
            &["Call the API", "Revoke an API key", "Create an API key"][..],
        ),
        (&second, &["Call the API", "Create an API key"]),
    ] {
        let key = admin.open(page).await;
        let log = admin.open(&key.link("Audit log of this key")).await;
        assert_eq!(log.all(".entries__what"), actions, "{log:?}");
        assert_eq!(log.hrefs("/admin/keys/"), [page.as_str()]);
        let links = log.all("tbody a");
        assert_eq!(links.len(), actions.len(), "each leads to the key");
        let export = admin.submit(log.form("/admin/audit/export")).await;
        let id = page.rsplit('/').next().unwrap();
        let exported = objects(&export);
        assert_eq!(exported.len(), actions.len() + 1, "with the export itself");
        assert!(exported.iter().all(|entry| entry["api_key"] == id));
    }
    let wrong = admin.open("/admin/audit?api_key=report").await;
    assert_eq!(wrong.status, 422);
    assert!(wrong.all("#api_key-error")[0].contains("26 characters"));
}

async fn an_export_holds_what_a_search_finds(setup: Setup) {
    let rig = Rig::with(setup).await;
    let admin = rig.super_admin().await;
    rig.browser().grant(ALICE).await;
    let token = rig.only_token(&admin).await;
    rig.advance(MOMENT);
    admin.submit(token.form("/reveal")).await;
    rig.advance(MOMENT);
    admin.submit(token.form("/refresh")).await;
    rig.advance(MOMENT);

    let page = admin.open("/admin/audit?subject=alice%40example.com").await;
    let export = admin.submit(page.form("/admin/audit/export")).await;
    assert_eq!(export.header("content-type"), Some("application/x-ndjson"));
    assert_eq!(export.header("cache-control"), Some("no-store"));
    let name = export.header("content-disposition").unwrap();
    assert!(name.starts_with("attachment; filename=\"audit-2"), "{name}");
    assert!(name.ends_with(".jsonl\""), "{name}");

    let exported = objects(&export);
    let found = admin.open("/admin/audit?subject=alice%40example.com").await;
    assert_eq!(exported.len(), found.all("tbody tr").len());
    let requests = found.all("td[data-label=From] code");
    let times = found.all("td[data-label=When] time");
    for (index, entry) in exported.iter().enumerate() {
        assert_eq!(entry["origin"]["request_id"], *requests[index]);
        assert_eq!(entry["subject"], ALICE);
        assert!(!times[index].is_empty() && entry["at"].as_str().unwrap().ends_with('Z'));
    }
    let actions: Vec<_> = exported
        .iter()
        .map(|entry| entry["action"].as_str().unwrap())
        .collect();
    let expected = [
        "audit_exported",
        "token_refreshed",
        "token_revealed",
        "consent_granted",
    ];
    assert_eq!(actions, expected, "newest first, the export itself on top");
    assert_eq!(exported[0]["actor"]["kind"], "admin");
    assert_eq!(exported[0]["actor"]["name"], "admin");

    let everything = admin.open("/admin/audit").await;
    let everything = objects(&admin.submit(everything.form("/admin/audit/export")).await);
    assert_eq!(everything.len(), count(&admin, "").await);
    let nothing = admin.open("/admin/audit?actor=nobody").await;
    assert!(objects(&admin.submit(nothing.form("/admin/audit/export")).await).is_empty());
}

async fn every_entry_is_on_one_page(setup: Setup) {
    let rig = Rig::with(setup).await;
    let admin = rig.super_admin().await;
    for _ in 0..107 {
        admin
            .post(&format!("/admin/tokens/{UNKNOWN}/reveal"), &[])
            .await;
    }
    let mut requests = Vec::new();
    let mut next = Some("/admin/audit?action=token_revealed&outcome=refused".to_owned());
    let mut pages = 0;
    while let Some(place) = next {
        let page = admin.open(&place).await;
        assert_eq!(
            page.form("/admin/audit").value("action"),
            Some("token_revealed")
        );
        requests.extend(page.all("td[data-label=From] code"));
        next = (page.all("a[rel=next]").len() == 1).then(|| page.link("Older"));
        pages += 1;
    }
    assert_eq!((pages, requests.len()), (3, 107));
    requests.sort();
    requests.dedup();
    assert_eq!(requests.len(), 107, "one stands twice");
}

async fn what_is_too_old_is_removed_and_nothing_else(setup: Setup) {
    let rig = Rig::with(setup.set("audit.keepDays", 30)).await;
    let admin = rig.super_admin().await;
    let page = admin.open("/admin/audit").await;
    assert!(
        page.content().contains("Entries are kept for 30 days."),
        "{page:?}"
    );
    for _ in 0..3 {
        admin
            .post(&format!("/admin/tokens/{UNKNOWN}/reveal"), &[])
            .await;
    }
    rig.advance(Duration::from_hours(29 * 24));
    let later = rig.browser();
    later.sign_in("admin", PASSWORD).await;
    let rig = rig.restart().await;
    let admin = rig.browser();
    admin.sign_in("admin", PASSWORD).await;
    assert_eq!(
        count(&admin, "action=token_revealed").await,
        3,
        "still kept"
    );
    rig.advance(Duration::from_hours(2 * 24));
    let rig = rig.restart().await;
    let admin = rig.browser();
    admin.sign_in("admin", PASSWORD).await;
    until("the old entries are removed", async || {
        (count(&admin, "action=token_revealed").await == 0).then_some(())
    })
    .await;
    assert_eq!(count(&admin, "action=super_admin_set_up").await, 0);
    assert_eq!(
        count(&admin, "action=sign_in").await,
        3,
        "the younger ones stay"
    );
}

#[tokio::test]
async fn without_a_setting_nothing_is_removed() {
    let rig = Rig::with(Setup::on_disk()).await;
    rig.super_admin().await;
    rig.advance(Duration::from_hours(24 * 365 * 20));
    let rig = rig.restart().await;
    let admin = rig.browser();
    admin.sign_in("admin", PASSWORD).await;
    rig.advance(Duration::from_secs(1));
    let page = admin.open("/admin/audit").await;
    assert!(
        page.content().contains("Entries are kept for ever."),
        "{page:?}"
    );
    assert_eq!(count(&admin, "action=super_admin_set_up").await, 1);
}

#[tokio::test]
async fn a_search_that_cannot_be_meant_is_told_beside_its_field() {
    let rig = Rig::start().await;
    let admin = rig.super_admin().await;
    for (field, typed, words) in [
        ("from", "yesterday", "a day such as 2027-01-31"),
        ("until", "2026-02-30", "a day such as 2027-01-31"),
        ("token", "1", "26 characters"),
        ("action", "dance", "Choose one of the actions."),
        ("outcome", "well", "done, refused, failed"),
    ] {
        let query = [(field, typed)];
        for page in [
            admin.open(&format!("/admin/audit?{field}={typed}")).await,
            admin.post("/admin/audit/export", &query).await,
        ] {
            assert_eq!(page.status, 422, "{page:?}");
            assert!(
                page.all(&format!("#{field}-error"))[0].contains(words),
                "{page:?}"
            );
            assert_eq!(page.hrefs(&format!("#{field}")).len(), 1);
            assert!(page.all("tbody tr").is_empty() && page.forms("/export").is_empty());
        }
    }
    let page = admin.open("/admin/audit?cursor=!").await;
    page.assert_error(400, "This list cannot be shown");
    let page = admin.open("/admin/audit?actor=nobody").await;
    assert!(page.content().contains("No entry matches"), "{page:?}");
}

#[tokio::test]
async fn an_admin_who_is_not_super_searches_and_exports_too() {
    let rig = Rig::start().await;
    let super_admin = rig.super_admin().await;
    let form = super_admin
        .open("/admin/admins")
        .await
        .form("/admin/admins");
    let form = form.set("username", "carol").set("email", "c@example.org");
    let form = form.set("password", OTHER_PASSWORD);
    let list = super_admin
        .submit(form.set("password_again", OTHER_PASSWORD))
        .await;
    let carol = rig.browser();
    carol.sign_in("carol", OTHER_PASSWORD).await;
    let page = carol.open("/admin/audit").await;
    let export = objects(&carol.submit(page.form("/admin/audit/export")).await);
    assert_eq!(export[0]["actor"]["name"], "carol");
    let page = super_admin.open(&list.link("carol")).await;
    let deeds = super_admin.open(&page.link("What carol did")).await;
    assert_eq!(deeds.all("tbody tr").len(), 2, "{deeds:?}");
    let history = super_admin.open(&page.link("What was done to carol")).await;
    assert_eq!(history.all("tbody tr").len(), 1, "{history:?}");
}
