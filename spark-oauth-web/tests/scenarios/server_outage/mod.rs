//! The MongoDB server goes away and comes back while many work, as they see it.

mod clients;
mod seen;

use std::time::{Duration, Instant};

use spark_oauth_store_mongo::testing;
use tempfile::TempDir;
use tokio::task::block_in_place;

use self::clients::Load;
use self::seen::Sights;
use crate::harness::{Browser, Command, Server, Setup, Upstream};

/// How long an answer may take. An operation that finds no server takes three seconds;
/// work that is done is noted in the audit log and in the session all the same.
const SLOWEST: Duration = Duration::from_secs(10);

/// How soon everybody is served once the server is back.
const RECOVERY: Duration = Duration::from_secs(5);

/// An application on a server of the test's own.
struct Place {
    _folder: TempDir,
    application: Server,
    admin: Browser,
    server: testing::Server,
}

/// `None` where there is no server that may be stopped, which is told.
async fn place() -> Option<Place> {
    let program = testing::program()?;
    let server = block_in_place(|| testing::Server::start(&program));
    let folder = tempfile::tempdir().unwrap();
    let upstream = Upstream::start().await;
    let setup = Setup::on_mongodb_at(server.uri());
    let application = Command::new(folder.path(), &setup, &upstream).serve().await;
    let admin = application.site.super_admin().await;
    Some(Place {
        _folder: folder,
        application,
        admin,
        server,
    })
}

/// Ends the server under load, and starts it again once everybody was told, or waits
/// with a token of the provider in hand.
async fn go_through_an_outage(place: &mut Place, end: fn(&mut testing::Server)) -> Sights {
    let mut load = Load::start(&place.application.site, &place.admin).await;
    load.until(|seen| seen.served > 3).await;
    block_in_place(|| end(&mut place.server));
    load.until(|seen| !seen.well && (seen.refused > 0 || seen.granting))
        .await;
    block_in_place(|| place.server.start_again());
    let returned = Instant::now();
    load.until(|seen| seen.well).await;
    let took = returned.elapsed();
    assert!(took < RECOVERY, "everybody is served soon: {took:?}");
    load.end().await
}

/// Every token that was confirmed is there once and whole, and so is every other.
async fn assert_whole(place: &Place, sights: &Sights) {
    let mut next = Some("/admin/tokens".to_owned());
    let mut emails = Vec::new();
    while let Some(path) = next {
        let page = place.admin.open(&path).await;
        for href in page.hrefs("/admin/tokens/") {
            let token = place.admin.open(&href).await;
            let revealed = place.admin.submit(token.form("/reveal")).await;
            assert_eq!(revealed.secrets().len(), 2, "{revealed:?}");
        }
        emails.extend(page.all("tbody .address"));
        let more = page.all("a[rel=next]").len() == 1;
        next = more.then(|| page.link("Next"));
    }
    for (email, browser) in &sights.confirmed {
        let count = emails.iter().filter(|listed| *listed == email).count();
        assert_eq!(count, 1, "{email} is there once: {emails:?}");
        let receipt = browser.open("/granted").await;
        assert!(receipt.content().contains(email), "{receipt:?}");
    }
}

async fn is_survived(end: fn(&mut testing::Server)) {
    let Some(mut place) = place().await else {
        return;
    };
    let sights = go_through_an_outage(&mut place, end).await;
    let slowest = sights.clients.iter().map(|seen| seen.slowest).max();
    assert!(slowest.unwrap() < SLOWEST, "{:?}", sights.clients);
    assert_whole(&place, &sights).await;
    let log = place.application.shut_down().await;
    assert!(!log.contains("panicked"), "{log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_stopped_and_started_again_is_survived() {
    is_survived(testing::Server::stop).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_crashes_is_survived() {
    is_survived(testing::Server::kill).await;
}
